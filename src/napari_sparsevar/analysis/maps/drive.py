"""How strongly sources drive distant places: mean squares over targets, in one compiled pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.lasso.compiled import compiled, for_ranges

FloatArray = npt.NDArray[np.float64]

FloatRow = npt.NDArray[np.float32]

_TOGETHER = 64
"""Sources worked on side by side, in single precision: the processor adds several at once."""


class Drive(NamedTuple):
    """Mean squares of what sources drive, one number a source each.

    Attributes
    ----------
    positive, negative : ndarray, shape (sources,)
        Mean square over distant latents and lags of ``max(B'w, 0)`` and of ``max(-B'w, 0)``: by how
        many standard deviations each moves when the source moves by one, every latent counting by
        its amplitude.
    """

    positive: FloatArray
    negative: FloatArray


def drive(
    edges: Sequence[sparse.csr_array], amplitude: FloatArray, weights: sparse.csc_array
) -> Drive:
    """Return how strongly sources drive distant places.

    Parameters
    ----------
    edges : sequence of csr_array, shape (p, p)
        From source to target at each lag, none within one cell: ``FittedVar.distant``.
    amplitude : ndarray, shape (p,)
        What each target counts.
    weights : csc_array, shape (p, sources)
        Each source as a mixture of latents' drives. Fastest where sources that follow each other
        mix the same latents.
    """
    n_sources = weights.shape[1]
    sums, counted = np.zeros((2, n_sources)), amplitude.astype(np.float32)
    for lagged in edges:
        arrays: tuple[Any, ...] = (
            *(weights.indptr, weights.indices, weights.data),
            *(lagged.indptr, lagged.indices, lagged.data.astype(np.float32)),
        )

        def work(start: int, stop: int, arrays: tuple[Any, ...] = arrays) -> None:
            _add_squares(counted, sums, start, stop, *arrays)

        for_ranges(work, n_sources, chunk=max(_TOGETHER * 4, n_sources // 16))
    positive, negative = sums / max(float(amplitude.sum()), 1e-12)
    return Drive(positive, negative)


@compiled
def _mixed_latents(
    starts: npt.NDArray[np.integer],
    rows: npt.NDArray[np.integer],
    values: npt.NDArray[np.floating],
    first: int,
    last: int,
    position: npt.NDArray[np.int64],
    latents: npt.NDArray[np.int64],
    weights: FloatRow,
) -> int:
    """List the latents that sources ``first`` to ``last`` mix, with their weights (latents, 64)."""
    n_latents = 0
    for source in range(first, last):
        for entry in range(starts[source], starts[source + 1]):
            latent = rows[entry]
            if position[latent] < 0:
                position[latent] = n_latents
                latents[n_latents] = latent
                weights[n_latents] = 0.0
                n_latents += 1
            weights[position[latent], source - first] = values[entry]
    for index in range(n_latents):
        position[latents[index]] = -1
    return n_latents


@compiled
def _add_squares(
    amplitude: FloatRow,
    sums: FloatArray,
    start: int,
    stop: int,
    weight_starts: npt.NDArray[np.integer],
    weight_rows: npt.NDArray[np.integer],
    weight_values: npt.NDArray[np.floating],
    edge_starts: npt.NDArray[np.integer],
    edge_targets: npt.NDArray[np.integer],
    edges: FloatRow,
) -> None:
    """Add the squares of sources ``start`` to ``stop`` to ``sums`` (2, sources)."""
    size = amplitude.size
    position, latents = np.full(size, -1), np.empty(size, np.int64)
    slot, targets = np.full(size, -1), np.empty(size, np.int64)
    weights = np.empty((size, _TOGETHER), np.float32)
    moved = np.empty((size, _TOGETHER), np.float32)
    positive, negative = np.empty(_TOGETHER, np.float32), np.empty(_TOGETHER, np.float32)
    zero = np.float32(0.0)
    for first in range(start, stop, _TOGETHER):
        last = min(first + _TOGETHER, stop)
        n_latents = _mixed_latents(
            weight_starts, weight_rows, weight_values, first, last, position, latents, weights
        )
        n_targets = 0
        for index in range(n_latents):
            for edge in range(edge_starts[latents[index]], edge_starts[latents[index] + 1]):
                target = edge_targets[edge]
                if slot[target] < 0:
                    slot[target] = n_targets
                    targets[n_targets] = target
                    moved[n_targets] = 0.0
                    n_targets += 1
                into, strength = slot[target], edges[edge]
                for source in range(_TOGETHER):
                    moved[into, source] += weights[index, source] * strength
        positive[:], negative[:] = 0.0, 0.0
        for index in range(n_targets):
            slot[targets[index]] = -1
            counted = amplitude[targets[index]]
            for source in range(_TOGETHER):
                up, down = max(moved[index, source], zero), min(moved[index, source], zero)
                positive[source] += counted * up * up
                negative[source] += counted * down * down
        for source in range(last - first):
            sums[0, first + source] += positive[source]
            sums[1, first + source] += negative[source]

"""Of a large field of view only the latents with most activity are analysed."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt, median_filter

from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.model.grid import FloatArray, LatentGrid
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.run.latents import Float32Array, mapped_latents, scratch_latents, written

_SURROUNDINGS = 13
"""Places along the edge of a square that says what is usual around the one in its middle: about
eight cells."""


def in_planes(grid: LatentGrid, stack: Stack | None) -> npt.NDArray[np.intp]:
    """Return the numbers of the latents that have pixels of a plane: none that lie in a gap.

    Parameters
    ----------
    grid : LatentGrid
    stack : Stack, optional
        How planes lie side by side; without, all latents are in the one plane.
    """
    if stack is None:
        return np.arange(grid.size)
    first = grid.places()[:, 1] * grid.stride - grid.planes() * stack.pitch
    return np.flatnonzero(first < stack.shape[1])


def busiest(
    series: Series, grid: LatentGrid, most: int, among: npt.NDArray[np.intp] | None = None
) -> npt.NDArray[np.intp]:
    """Return the numbers of the latents that have most activity, ascending; at most ``most``.

    What a frame repeats of the one before is activity, what it does not is noise: latents are
    ranked by their autocovariance at one frame. What is left of the neuropil repeats itself too,
    but over many places alike: the median over the surroundings is taken off.

    Parameters
    ----------
    series : Series
        Of all latents of a grid; at least one frame of them is good.
    grid : LatentGrid
    most : int
    among : ndarray of int, optional
        Those that may be chosen, ascending; all by default.
    """
    among = np.arange(series.size) if among is None else among
    if len(among) <= most:
        return among
    standard = series.standardiser()
    share = series.autocovariance(standard, 0, len(series.values), longest=1)[0]
    repeated = (share * standard.deviation.double().square()).numpy().reshape(grid.latent_shape)
    repeated = _continued(repeated, among)
    usual = median_filter(repeated, (1, _SURROUNDINGS, _SURROUNDINGS), mode="nearest")
    above = (repeated - usual).ravel()[among]
    return np.sort(among[np.argsort(-above, kind="stable")[:most]])


def _continued(values: FloatArray, among: npt.NDArray[np.intp]) -> FloatArray:
    """Return values (channels, rows, columns) in which others are as the nearest of some."""
    if len(among) == values.size:
        return values
    others = np.ones(values.size, bool)
    others[among] = False
    nearest = distance_transform_edt(
        others.reshape(values.shape)[0], return_distances=False, return_indices=True
    )
    return np.asarray(values[:, *nearest])


def kept_grid(grid: LatentGrid, kept: npt.NDArray[np.intp]) -> LatentGrid:
    """Return the grid of some of its latents; the grid itself where these are all."""
    return grid if len(kept) == grid.size else replace(grid, kept=tuple(kept.tolist()))


def kept_columns(series: Series, kept: npt.NDArray[np.intp], file: Path | None) -> Float32Array:
    """Return some of the series, (T, kept), in memory or in a file.

    Parameters
    ----------
    series : Series
    kept : ndarray of int
    file : Path or None
        Where the series are, as ``encode_movie`` wrote them; those that are kept take their place.
    """
    shape = len(series.values), len(kept)
    pieces = (values.numpy()[:, kept] for _, values in series.pieces())
    if file is None:
        return np.concatenate(list(pieces))
    with scratch_latents(file.parent) as other:
        deque(written(other, shape, pieces), maxlen=0)
        other.replace(file)
    return mapped_latents(file)

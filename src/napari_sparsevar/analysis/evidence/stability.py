"""Stability: would another stretch of the same recording find the same."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.lagged_rows import pool
from napari_sparsevar.model.embedded_var import Moments, fit_var

N_BLOCKS = 10
N_PAIRS = 4

Float32Array = npt.NDArray[np.float32]
Blocks = npt.NDArray[np.intp]


class Stability(NamedTuple):
    """What halves of a recording find again, and how far two halves agree.

    Attributes
    ----------
    edges : Tensor, shape (P, n)
        Share of the halves in which each coefficient is not zero, from 0 to 1.
    others : ndarray, shape (m,)
        Likewise of whatever else was looked for; empty without.
    halves : ndarray of float32, shape (2, ...)
        Images of the first and of the second half of the recording; empty without images.
    agreement : ndarray, shape (pairs,)
        Correlation of the images of the two halves of each pair, the first being these; NaN where
        one shows nothing. Empty without images.
    """

    edges: Tensor
    others: npt.NDArray[np.float64]
    halves: Float32Array
    agreement: npt.NDArray[np.float64]

    @classmethod
    def unknown(cls, fitted: FittedVar) -> Stability:
        """Return what is known before any half was looked at: nothing."""
        edges = torch.full((), torch.nan).expand(fitted.nonzero.shape)
        return cls(edges, np.zeros(0), np.zeros((0, 0, 0), np.float32), np.zeros(0))


def selection_stability(
    fitted: FittedVar,
    blocks: list[Moments],
    image_of: Callable[[FittedVar], Float32Array] | None = None,
    found_again: Callable[[Float32Array], npt.NDArray[np.bool_]] | None = None,
    seed: int = 0,
) -> Generator[float, None, Stability]:
    """Refit the VAR to complementary halves of the blocks of time; yield the fraction done.

    Stability selection (Meinshausen & Buehlmann 2010) with complementary pairs (Shah & Samworth
    2013), and with blocks because frames are not independent; the first pair is the first and the
    second half of the recording. The penalty grows as chance correlations do in half the time.

    Parameters
    ----------
    fitted : FittedVar
    blocks : list of Moments
        Consecutive in time, from ``block_moments``.
    image_of : callable, optional
        What a refit looks like, such as its contribution map.
    found_again : callable, optional
        What else to look for: says of m things, given an image, which are found again.
    seed : int
    """
    selected = torch.zeros(fitted.nonzero.shape, dtype=torch.float64)
    others: list[npt.NDArray[np.bool_]] = []
    halves: list[Float32Array] = []
    agreement: list[float] = []
    pairs = list(_pairs(len(blocks), np.random.default_rng(seed)))
    for number, pair in enumerate(pairs):
        images: list[Float32Array] = []
        for which, chosen in enumerate(pair):
            refit = _refitted(fitted, [blocks[index] for index in chosen])
            row, target = (torch.from_numpy(at).long() for at in refit.nonzero.tocoo().coords)
            selected[row, target] += 1
            if image_of is not None:
                images.append(image_of(refit))
                if found_again is not None:
                    others.append(found_again(images[-1]))
            yield (2 * number + which + 1) / (2 * len(pairs))
        if images:
            halves = halves or images
            agreement.append(_correlation(*images))
    return Stability(
        selected / (2 * len(pairs)),
        np.mean(others, axis=0) if others else np.zeros(0),
        np.array(halves, np.float32),
        np.array(agreement),
    )


def _pairs(n_blocks: int, rng: np.random.Generator) -> Iterator[tuple[Blocks, Blocks]]:
    """Yield the blocks of both halves of each pair; of an odd number one is left out."""
    half, order = n_blocks // 2, np.arange(n_blocks)
    for _ in range(N_PAIRS):
        yield order[:half], order[half : 2 * half]
        order = rng.permutation(n_blocks)


def _refitted(fitted: FittedVar, blocks: list[Moments]) -> FittedVar:
    statistics = pool(blocks)
    penalty = fitted.penalty * (fitted.statistics.n / statistics.n) ** 0.5
    coefficients = fit_var(statistics, fitted.weights, penalty, fitted.coefficients)
    return fitted.with_coefficients(coefficients, statistics=statistics)


def _correlation(first: Float32Array, second: Float32Array) -> float:
    """Return the correlation of two images; NaN if one is the same everywhere."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])

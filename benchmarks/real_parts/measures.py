"""Numbers with their uncertainty: correlations, partial correlations, shares, relative errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

FloatArray = NDArray[np.float64]
SHIFTS = 200


class Relative(NamedTuple):
    """An error relative to that of predicting nothing, and its standard error."""

    value: float
    error: float


def relative_error(errors: FloatArray, of_nothing: FloatArray) -> Relative:
    """Return sum of errors over sum of errors of nothing.

    Parameters
    ----------
    errors, of_nothing : ndarray, shape (stretches,)
        Summed squared errors over each stretch of time. The standard error is that of a ratio
        estimate, from the scatter over stretches.
    """
    value = float(errors.sum() / of_nothing.sum())
    n = len(errors)
    if n < 2:
        return Relative(value, float("nan"))
    deviation = (errors - value * of_nothing) / of_nothing.mean()
    return Relative(value, float(np.sqrt(np.square(deviation).sum() / (n - 1) / n)))


def correlation(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return Pearson's correlation over pixels; 0 where one of them is even."""
    a = first.ravel().astype(np.float64) - first.mean(dtype=np.float64)
    b = second.ravel().astype(np.float64) - second.mean(dtype=np.float64)
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def ranks(image: NDArray[np.floating]) -> FloatArray:
    """Return the rank of every pixel, ties sharing the middle: Pearson of ranks is Spearman's."""
    return np.asarray(rankdata(image), dtype=np.float64).reshape(image.shape)


def partial_correlation(
    first: NDArray[np.floating],
    second: NDArray[np.floating],
    given: Sequence[NDArray[np.floating]],
) -> float:
    """Return the correlation of two images after regressing both on others, with intercept."""
    columns = [np.ones(first.size), *(image.ravel().astype(np.float64) for image in given)]
    design = np.stack(columns, axis=1)
    both = np.stack([first.ravel(), second.ravel()], axis=1).astype(np.float64)
    rest = both - design @ np.linalg.lstsq(design, both, rcond=None)[0]
    tiny = 1e-12 * np.square(both - both.mean(axis=0)).sum(axis=0)
    if (np.square(rest).sum(axis=0) <= tiny).any():
        return 0.0
    return correlation(rest[:, 0], rest[:, 1])


def chance_correlation(
    first: NDArray[np.floating], second: NDArray[np.floating], rng: np.random.Generator
) -> float:
    """Return the standard deviation of the correlation when one image is rolled over the other.

    Rolling keeps how smooth the images are, which decides what chance can do.
    """
    found = []
    for _ in range(SHIFTS):
        shift = tuple(int(rng.integers(length)) for length in first.shape)
        found.append(correlation(np.roll(first, shift, axis=(0, 1)), second))
    return float(np.std(found))


def share_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share (Clopper & Pearson 1934)."""
    if n == 0:
        return 0.0, 1.0
    interval = binomtest(hits, n).proportion_ci(0.95, method="exact")
    return float(interval.low), float(interval.high)

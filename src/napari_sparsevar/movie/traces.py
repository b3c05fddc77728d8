"""Mean of the field of view and of regions in it, frame by frame, read block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.blocks import read_blocks, runs

FloatArray = npt.NDArray[np.float64]
PIECE_PIXELS = 2**21
"""Pixels looked at together: the working memory, and what is done between two answers."""

BASELINE_PERCENTILE = 20.0
"""F0 of a region: the percentile of its trace that counts as rest."""


class Traced(NamedTuple):
    """Means of some frames.

    Parameters
    ----------
    start, stop : int
        First frame and the one after the last.
    values : ndarray, shape (stop - start, n)
        One column for each region, or one for the field.
    """

    start: int
    stop: int
    values: FloatArray


def field_trace(lazy: da.Array) -> Iterator[Traced]:
    """Yield the mean over all pixels of each frame, in order of time.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        The movie; each of its blocks is read once.

    Yields
    ------
    Traced
        One column. Pixels that are no number are left out; NaN where there is no other.
    """
    for start, frames in _pieces(lazy):
        flat = frames.reshape(len(frames), -1)
        values = _finite_mean(flat, np.array([0]), np.array([flat.shape[1]]))
        yield Traced(start, start + len(frames), values)


def region_traces(lazy: da.Array, labels: npt.NDArray[Any]) -> Iterator[Traced]:
    """Yield the mean of each region in each frame, in order of time.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        The movie; each of its blocks is read once.
    labels : ndarray of int, shape (Y, X)
        0 outside the regions.

    Yields
    ------
    Traced
        One column for each of `region_labels`, in that order.

    Raises
    ------
    ValueError
        If the labels have another shape than a frame.
    """
    if labels.shape != lazy.shape[1:]:
        raise ValueError(f"labels have shape {labels.shape}, frames {lazy.shape[1:]}")
    flat = labels.ravel()
    # Pixels of one region side by side: each region is then one stretch.
    pixels = np.argsort(flat, kind="stable")[np.count_nonzero(flat <= 0) :]
    _, first, size = np.unique(flat[pixels], return_index=True, return_counts=True)
    if not len(first):
        return
    for start, frames in _pieces(lazy):
        painted = frames.reshape(len(frames), -1)[:, pixels]
        yield Traced(start, start + len(frames), _finite_mean(painted, first, size))


def region_labels(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the labels of the regions in ascending order, without the background."""
    found = np.unique(labels)
    return found[found > 0].astype(np.int64)


def relative_change(trace: FloatArray) -> FloatArray:
    """Return ΔF/F of a trace: its change from F0, its own 20th percentile, over F0.

    Parameters
    ----------
    trace : ndarray, shape (T,)
        Mean grey values of a region; may hold NaN.

    Returns
    -------
    ndarray, shape (T,)
        Over the size of F0 where that is negative; NaN everywhere where it is 0 or unknown.
    """
    known = trace[np.isfinite(trace)]
    baseline = float(np.percentile(known, BASELINE_PERCENTILE)) if known.size else 0.0
    if baseline == 0.0:
        return np.full(trace.shape, np.nan)
    return (trace - baseline) / abs(baseline)


def _pieces(lazy: da.Array) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    pixels = max(1, int(np.prod(lazy.shape[1:], dtype=np.int64)))
    length = max(1, PIECE_PIXELS // pixels)
    for start, frames in read_blocks(lazy):
        for first, last in runs(len(frames), length):
            yield start + first, frames[first:last]


def _finite_mean(
    values: npt.NDArray[Any], first: npt.NDArray[np.intp], size: npt.NDArray[np.intp]
) -> FloatArray:
    """Return means of stretches of columns, (t, n), of the numbers that are finite."""
    numbers = values.astype(np.float64)
    count: npt.NDArray[Any] = size
    finite = np.isfinite(numbers)
    if not finite.all():
        numbers[~finite] = 0.0
        count = np.add.reduceat(finite.astype(np.int64), first, axis=1)
    total = np.add.reduceat(numbers, first, axis=1)
    empty = np.full(total.shape, np.nan)
    means: FloatArray = np.divide(total, count, out=empty, where=count > 0)
    return means

"""Mean of the field of view and of regions in it, frame by frame, read block by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.reading.compute import compute

if TYPE_CHECKING:
    import dask.array as da
    from scipy import sparse

FloatArray = npt.NDArray[np.float64]
PIECE_PIXELS = 2**21
"""Pixels looked at together: the working memory, and what is done between two answers."""

_SAMPLED, _MOST_MISSING = 64, 0.5
"""Frames that tell how bright a pixel usually is; share of the weights that a frame may miss."""

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


def weighted_traces(lazy: da.Array, weights: FloatArray) -> Iterator[Traced]:
    """Yield weighted sums over the pixels of each frame, in order of time.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        The movie; only the box around the pixels of any weight is taken of its blocks.
    weights : ndarray, shape (n, Y, X)
        One image for each sum.

    Yields
    ------
    Traced
        One column for each image. NaN in frames in which a pixel of any weight is no number.

    Raises
    ------
    ValueError
        If the weights have another shape than a frame.
    """
    if weights.shape[1:] != lazy.shape[1:]:
        raise ValueError(f"weights have shape {weights.shape[1:]}, frames {lazy.shape[1:]}")
    used = (weights != 0).any(axis=0)
    if not used.any():
        return
    box = _box(used)
    pixels = np.flatnonzero(used[box])
    columns = np.ascontiguousarray(weights[:, *box].reshape(len(weights), -1)[:, pixels].T)
    for start, frames in _pieces(lazy[:, *box]):
        flat = frames.reshape(len(frames), -1)
        seen = flat if len(pixels) == flat.shape[1] else flat[:, pixels]
        values = _weighted_sum(seen.astype(np.float64), columns)
        yield Traced(start, start + len(frames), values)


def sparse_traces(lazy: da.Array, weights: sparse.csr_array) -> Iterator[Traced]:
    """Yield weighted sums over the pixels of each frame as `weighted_traces` does, of many cells.

    Parameters
    ----------
    lazy : dask.array.Array, shape (T, Y, X)
        The movie; each of its blocks is read once.
    weights : csr_array, shape (n, Y X)
        One row for each sum.

    Yields
    ------
    Traced
        One column for each row. A pixel that is no number counts with its mean over a sample of the
        frames: registration leaves such rims. NaN where this is more than a half of the weights.

    Raises
    ------
    ValueError
        If the weights have another number of pixels than a frame.
    """
    if weights.shape[1] != int(np.prod(lazy.shape[1:], dtype=np.int64)):
        raise ValueError(f"weights have shape {weights.shape}, frames {lazy.shape[1:]}")
    used = np.unique(weights.indices)
    columns = weights[:, used].astype(np.float64)
    size = abs(columns)
    usual: FloatArray | None = None
    for start, frames in _pieces(lazy):
        seen = frames.reshape(len(frames), -1)[:, used].astype(np.float64)
        missing = ~np.isfinite(seen)
        if missing.any():
            usual = _usual_light(lazy, used) if usual is None else usual
            seen[missing] = np.broadcast_to(usual, seen.shape)[missing]
        values = np.asarray((columns @ seen.T).T)
        if missing.any():
            shown = (size @ ~missing.T).T
            values[shown < (1.0 - _MOST_MISSING) * size.sum(axis=1)] = np.nan
        yield Traced(start, start + len(frames), values)


def _usual_light(lazy: da.Array, pixels: npt.NDArray[np.integer]) -> FloatArray:
    """Return means of pixels over frames spread over a movie; 0 where these never show one."""
    some = compute(lazy[:: max(1, lazy.shape[0] // _SAMPLED)])
    light = some.reshape(len(some), -1)[:, pixels].astype(np.float64)
    shown = np.isfinite(light)
    return np.asarray(np.where(shown, light, 0.0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1))


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
    baseline = rest_level(trace)
    if baseline == 0.0:
        return np.full(trace.shape, np.nan)
    return (trace - baseline) / abs(baseline)


def relative_traces(
    movie: FloatArray, background: FloatArray, modelled: Mapping[str, FloatArray]
) -> dict[str, FloatArray]:
    """Return the traces of a region in ΔF/F, all with the F0 of the movie.

    Parameters
    ----------
    movie : ndarray, shape (T,)
        Mean grey values of the region; NaN where not known.
    background : ndarray, shape (T,)
        What the model leaves out of them.
    modelled : mapping of str to ndarray, shape (T,)
        What the model says of the region, without the background: ``reconstruction``,
        ``prediction`` and ``own``, and ``others``, a change that is part of the prediction. None of
        them while they are not known.

    Returns
    -------
    dict of ndarray, shape (T,)
        ``movie``, what is modelled, and with a prediction the ``residual``: movie minus prediction.
        NaN everywhere where F0 is 0 or unknown.
    """
    baseline = rest_level(movie)
    size = abs(baseline) or np.nan
    whole = {name: values + background for name, values in modelled.items() if name != "others"}
    found = {name: (values - baseline) / size for name, values in {"movie": movie, **whole}.items()}
    if "prediction" in whole:
        found["residual"] = (movie - whole["prediction"]) / size
    if "others" in modelled:
        found["others"] = modelled["others"] / size
    return found


def rest_level(trace: FloatArray) -> float:
    """Return F0 of a trace (T,): the 20th percentile of its numbers; 0 if it has none."""
    known = trace[np.isfinite(trace)]
    return float(np.percentile(known, BASELINE_PERCENTILE)) if known.size else 0.0


def _box(used: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _weighted_sum(values: FloatArray, columns: FloatArray) -> FloatArray:
    """Return sums (t, n) of values (t, pixels); NaN in frames with a value that is no number."""
    bad = ~np.isfinite(values).all(axis=1)
    values[bad] = 0.0
    sums = np.asarray(values @ columns)
    sums[bad] = np.nan
    return sums


def _pieces(lazy: da.Array) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    from napari_sparsevar.movie.reading.lazy_frames import read_blocks, runs

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

"""Stretches of a movie, evenly spread over time, for what is measured on part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.inspection.check import usable
from napari_sparsevar.movie.inspection.static import StaticImages, choose_runs
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

Patch = tuple[slice, slice]
"""Rows and columns of part of the field of view."""


def sampled_frames(
    movie: Movie,
    max_frames: int,
    bad: NDArray[np.bool_] | None = None,
    ignored: NDArray[np.bool_] | None = None,
) -> Iterator[NDArray[Any]]:
    """Read runs of frames that are evenly spread over a movie.

    Parameters
    ----------
    movie : Movie
        The movie; one block of it is in memory at a time.
    max_frames : int
        How many frames to give at most.
    bad : ndarray of bool, shape (T,), optional
        Frames to leave out.
    ignored : ndarray of bool, shape (Y, X), optional
        Pixels that do not count, and may be NaN.

    Yields
    ------
    ndarray, shape (t, Y, X)
        Frames that follow each other, none across a jump in time, as they are stored; those with
        NaN left out.
    """
    runs = choose_runs(movie.n_frames, movie.shape, max_frames)
    pieces = [piece for run in runs for piece in _between_jumps(*run, movie.jumps)]
    for start, frames in lazy_frames.read_blocks(movie.data, runs):
        for first, last in pieces:
            part = frames[max(0, first - start) : max(0, last - start)]
            if len(part):
                good = usable(part, ignored)
                if bad is not None:
                    good &= ~bad[max(first, start) : max(first, start) + len(part)]
                if good.any():
                    yield part if good.all() else part[good]


def _between_jumps(first: int, last: int, jumps: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a run of frames between which time jumps."""
    yield from pairwise([first, *(jump for jump in jumps if first < jump < last), last])


def middle_of(shape: tuple[int, int], side: int) -> Patch:
    """Return the middle of a field of view, at most so many pixels along a side."""
    rows, columns = (
        slice((length - min(length, side)) // 2, (length + min(length, side)) // 2)
        for length in shape
    )
    return rows, columns


def standardised(frames: NDArray[Any], images: StaticImages, patch: Patch) -> NDArray[np.float32]:
    """Return part of the field of view as ``(x - mean) / noise``, 0 where pixels do not count.

    Parameters
    ----------
    frames : ndarray, shape (t, Y, X)
        Frames as they are stored.
    images : StaticImages
        Mean and noise of the movie.
    patch : tuple of slice
        Rows and columns.

    Returns
    -------
    ndarray of float32, shape (t, rows, columns)
        In units of the noise.
    """
    part = frames[:, patch[0], patch[1]].astype(np.float32)
    part -= images.mean[patch]
    part /= images.noise[patch]
    part[:, images.ignored[patch]] = 0.0
    return part

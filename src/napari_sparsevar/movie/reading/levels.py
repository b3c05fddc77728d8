"""How bright each trial is, and how it drifts, so that slow light drives nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.movie.movie import Movie

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]
Trials = Sequence[tuple[int, int]]
Read = Callable[[int, int], Float32Array]
"""``read(start, stop)`` gives standardised frames (t, Y, X) of the whole field."""

DRIFT_FRAMES = 200
"""A trial as long loses a straight line, and a longer one a line for every so many frames."""

SHORTEST = 100
"""Frames between two breaks in time, such as files, from which on they are as trials."""

MOST_BYTES = 100_000_000
"""Of the levels of a movie that nobody gave trials of: in a longer one they are farther apart."""

_BYTES = 64_000_000
"""Of frames that are looked at together."""

_LARGEST = float(np.finfo(np.float16).max)


def trials_within(movie: Movie) -> tuple[int, ...]:
    """Return the first frames of the stretches of a movie that have a level of their own.

    Returns
    -------
    tuple of int
        Ascending, with 0; empty where the movie is one stretch.
    """
    begins = () if movie.left_out is None else movie.left_out.begins
    trials = list(pairwise([0, *begins, movie.n_frames])) if begins else None
    found = stretches_between(movie.n_frames, trials, movie.jumps, spacing_of(movie)) or []
    return tuple(first for first, _ in found)


def spacing_of(movie: Movie) -> int:
    """Return how many frames there are for every level, so that all fit into memory."""
    return max(1, -(-movie.n_frames * math.prod(movie.shape) * 2 // MOST_BYTES))


def stretches_between(
    n_frames: int, trials: Trials | None, jumps: Sequence[int], spacing: int = 1
) -> list[tuple[int, int]] | None:
    """Return the stretches of a recording that have a level of their own.

    Trials that a person gave; within them, or without them, what lies between breaks in time such
    as files and pauses, where it is not too short to have one.

    Parameters
    ----------
    n_frames : int
    trials : sequence of (start, stop), optional
        In order of time.
    jumps : sequence of int
        Frames before which time jumps, ascending.
    spacing : int
        Least number of frames for a level that nobody asked for.

    Returns
    -------
    list of (start, stop) or None
        None where all is one stretch.
    """
    if trials is None and not jumps:
        return None
    found: list[tuple[int, int]] = []
    least = max(SHORTEST, spacing)
    for start, stop in [(0, n_frames)] if trials is None else trials:
        begin = start
        for jump in jumps:
            if jump - begin >= least and stop - jump >= least:
                found.append((begin, jump))
                begin = jump
        found.append((begin, stop))
    return None if trials is None and len(found) == 1 else found


def lines_through(n_frames: int, spacing: int = 1) -> sparse.csr_array:
    """Return what lines that join at knots are made of, (T, knots): a share of the two beside.

    Parameters
    ----------
    n_frames : int
        Of a trial. Below ``DRIFT_FRAMES`` there is one knot: the level. From there on there is one
        more than the trial has stretches as long.
    spacing : int
        Frames between knots, where that is more.
    """
    pieces = n_frames // max(DRIFT_FRAMES, spacing)
    if pieces == 0:
        return sparse.csr_array(np.ones((n_frames, 1)))
    place = np.linspace(0.0, pieces, n_frames)
    left = np.minimum(place.astype(np.intp), pieces - 1)
    share = np.stack([left + 1.0 - place, place - left], axis=1)
    knots = np.stack([left, left + 1], axis=1)
    rows = 2 * np.arange(n_frames + 1)
    return sparse.csr_array((share.ravel(), knots.ravel(), rows), shape=(n_frames, pieces + 1))


class _Trial(NamedTuple):
    """Levels of one trial at its knots.

    Attributes
    ----------
    lines : csr_array, shape (t, knots)
        Of its frames.
    levels : ndarray of float16, shape (knots, Y, X)
    """

    lines: sparse.csr_array
    levels: npt.NDArray[np.float16]


class TrialLevels:
    """Level and drift of each trial, pixel by pixel: the nearest of ``lines_through``.

    A trial is read when it is first asked for; its levels are kept in half precision.

    Parameters
    ----------
    begins : sequence of int
        First frames of trials, ascending, with 0; none where there are no trials.
    good : ndarray of bool, shape (T,)
        Frames that count.
    spacing : int
        As of ``lines_through``.
    """

    def __init__(self, begins: tuple[int, ...], good: BoolArray, spacing: int = 1) -> None:
        self._spacing = spacing
        self._trials = [
            (first + int(seen[0]), first + int(seen[-1]) + 1)
            for first, last in pairwise([*begins, len(good)])
            if len(seen := np.flatnonzero(good[first:last]))
        ]
        self._good = good
        self._known: dict[int, _Trial] = {}

    def take_from(
        self, frames: Float32Array, start: int, rows: slice, columns: slice, read: Read
    ) -> None:
        """Take level and drift off standardised frames (t, rows, columns), in place.

        Parameters
        ----------
        frames : ndarray of float32, shape (t, Y, X)
            Of a crop.
        start : int
            Number of the first.
        rows, columns : slice
            Where the crop lies.
        read : Read
        """
        stop = start + len(frames)
        for number, (first, last) in enumerate(self._trials):
            if first < stop and last > start:
                trial = self._known.get(number) or self._looked_at(number, first, last, read)
                here = slice(max(first, start), min(last, stop))
                lines, near = _near(trial.lines[here.start - first : here.stop - first])
                levels = trial.levels[near, rows, columns].astype(np.float32)
                frames[here.start - start : here.stop - start] -= np.tensordot(lines, levels, 1)

    def _looked_at(self, number: int, first: int, last: int, read: Read) -> _Trial:
        lines, good = lines_through(last - first, self._spacing), self._good[first:last]
        sums = np.zeros((lines.shape[1], *read(first, first + 1).shape[1:]), np.float32)
        length = max(1, _BYTES // sums[0].nbytes)
        for begin in range(first, last, length):
            frames = read(begin, min(begin + length, last))
            used = good[begin - first : begin - first + len(frames)]
            weights, near = _near(lines[begin - first : begin - first + len(frames)])
            frames[~used] = 0.0  # they may hold NaN, and do not count
            sums[near] += np.tensordot(weights.T, frames, 1)
        # Least squares. A knot without good frames around has no level, and needs none.
        counted = lines[good]
        inverse = np.linalg.pinv((counted.T @ counted).toarray(), rcond=1e-6)
        levels = np.tensordot(inverse.astype(np.float32), sums, 1)
        kept = np.clip(levels, -_LARGEST, _LARGEST).astype(np.float16)
        self._known[number] = trial = _Trial(lines, kept)
        return trial


def _near(lines: sparse.csr_array) -> tuple[Float32Array, slice]:
    """Return lines through those knots alone that some of the frames have to do with."""
    near = slice(int(lines.indices.min()), int(lines.indices.max()) + 1)
    return lines[:, near].toarray().astype(np.float32), near

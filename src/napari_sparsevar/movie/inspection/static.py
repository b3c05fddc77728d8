"""What does not change over time: mean, noise scale, correlation with the neighbours."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.inspection.check import usable
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

_N_RUNS = 16
_RUN_BYTES = 64 * 2**20  # of float32 frames at a time
_LEAST_FRAMES = 4  # of a run that is worth anything
_NOISE_FLOOR = 0.1  # of the median pixel's noise
# Calcium is slower than this, noise is not: means over it show what neighbours share.
_BIN_S, _BIN_FRAMES = 0.25, 4  # the latter where the frame rate is unknown
_BACKGROUND_PX = 17  # a window that is wider than a cell


@dataclass(frozen=True, eq=False)
class StaticImages:
    """Images of the field of view that hold for the whole movie.

    Parameters
    ----------
    mean : ndarray of float32, shape (Y, X)
        Temporal mean in grey values.
    noise : ndarray of float32, shape (Y, X)
        Standard deviation of the noise of one frame in grey values, from differences between
        frames that follow each other; never 0. As the other images, NaN where pixels do not count.
    deviation : ndarray of float32, shape (Y, X)
        Standard deviation over time in grey values: noise, activity and all.
    correlation : ndarray of float32, shape (Y, X)
        Mean correlation over time with the (up to) 8 neighbours, in means over a quarter of a
        second, the wide background removed; from -1 to 1.
    n_frames : int
        How many frames they were computed from.
    """

    mean: NDArray[np.float32]
    noise: NDArray[np.float32]
    deviation: NDArray[np.float32]
    correlation: NDArray[np.float32]
    n_frames: int

    @property
    def ignored(self) -> NDArray[np.bool_]:
        """Pixels that do not count, (Y, X)."""
        return np.isnan(self.mean)


def choose_runs(
    n_frames: int, shape: tuple[int, int], max_frames: int
) -> tuple[tuple[int, int], ...]:
    """Choose runs of frames that follow each other, evenly spread over the movie.

    Parameters
    ----------
    n_frames : int
        Length of the movie.
    shape : tuple of int
        Height and width in pixels; large frames come in shorter runs.
    max_frames : int
        How many frames to use at most.

    Returns
    -------
    tuple of tuple of int
        First frame of each run and the one after its last, ascending; the same every time.
    """
    n_runs = max(1, min(_N_RUNS, min(n_frames, max_frames) // (2 * _LEAST_FRAMES)))
    edges = np.linspace(0, n_frames, n_runs + 1).astype(int)
    fits = max(2 * _LEAST_FRAMES, _RUN_BYTES // (4 * shape[0] * shape[1]))
    longest = max(_LEAST_FRAMES, min(max_frames // n_runs, fits))
    runs = []
    for first, last in itertools.pairwise(edges.tolist()):
        spare = max(0, (last - first - longest) // 2)
        runs.append((first + spare, min(last, first + spare + longest)))
    return tuple(runs)


class StaticCollector:
    """Puts the static images together from blocks of frames.

    Parameters
    ----------
    movie : Movie
        The movie whose blocks will be added, in order.
    max_frames : int
        How many frames to use at most.
    ignored : ndarray of bool, shape (Y, X), optional
        Pixels that do not count.
    """

    def __init__(
        self, movie: Movie, max_frames: int, ignored: NDArray[np.bool_] | None = None
    ) -> None:
        self._movie = movie
        self._ignored = np.zeros(movie.shape, bool) if ignored is None else ignored
        runs = choose_runs(movie.n_frames, movie.shape, max_frames)
        self.runs: Sequence[tuple[int, int]] = _cut(runs, movie.jumps)
        self._bin = max(1, round(_BIN_S * movie.fps)) if movie.fps else _BIN_FRAMES
        self._pieces: list[tuple[NDArray[Any], NDArray[np.bool_]]] = []
        self._count = 0
        self._sum = np.zeros(movie.shape)
        self._squares = np.zeros(movie.shape)
        self._offset: NDArray[np.float64] | None = None
        self._correlation = np.zeros(movie.shape)
        self._steps: list[NDArray[np.float32]] = []

    def add(self, start: int, frames: NDArray[Any], good: NDArray[np.bool_]) -> None:
        """Take from one block what belongs to a run.

        Parameters
        ----------
        start : int
            Number of its first frame.
        frames : ndarray, shape (t, Y, X)
            Its pixels.
        good : ndarray of bool, shape (t,)
            Which of its frames can be used.
        """
        for first, last in self.runs:
            begin, end = max(first, start), min(last, start + len(frames))
            if begin < end:
                part = slice(begin - start, end - start)
                self._pieces.append((frames[part], good[part]))
                if end == last:
                    self._finish_run()

    def images(self) -> StaticImages:
        """Return the images.

        Returns
        -------
        StaticImages
            From all runs that were added.

        Raises
        ------
        UserError
            If there was no run of a few good frames.
        """
        if not self._steps or self._offset is None:
            raise UserError(
                f"{self._movie.source or self._movie.name} has no {_LEAST_FRAMES} usable frames "
                "in a row; choose a longer movie or one without NaN."
            )
        mean = self._sum / self._count
        variance = np.maximum(self._squares / self._count - mean**2, 0.0)
        images = (
            mean + self._offset,
            _noise_scale(self._steps, self._movie.data.dtype),
            np.sqrt(variance),
            self._correlation / self._count,
        )
        known = [np.where(self._ignored, np.nan, image).astype(np.float32) for image in images]
        return StaticImages(known[0], known[1], known[2], known[3], self._count)

    def _finish_run(self) -> None:
        good = np.concatenate([flags for _, flags in self._pieces])
        frames = np.concatenate([frames for frames, _ in self._pieces])
        self._pieces.clear()
        if good.sum() < _LEAST_FRAMES:
            return
        if self._offset is None:
            # Sums of squares around a typical frame, not around 0: no digits are lost.
            with np.errstate(over="ignore", invalid="ignore"):
                self._offset = frames[good].mean(axis=0, dtype=np.float64)
            self._offset[self._ignored] = 0.0
        # Frame by frame, here and below: work on all frames at once does not stay in the cache.
        moving = np.empty(frames.shape, np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for index, frame in enumerate(frames):
                moving[index] = frame - self._offset
        adjacent = good[1:] & good[:-1]
        moving[~good] = 0.0
        moving[:, self._ignored] = 0.0
        if adjacent.any():
            total = np.zeros(self._movie.shape)
            for index in np.flatnonzero(adjacent).tolist():
                total += np.abs(moving[index + 1] - moving[index])
            self._steps.append((total / adjacent.sum()).astype(np.float32))
        moving = moving if good.all() else moving[good]
        self._count += len(moving)
        self._sum += moving.sum(axis=0, dtype=np.float64)
        self._squares += np.einsum("tyx,tyx->yx", moving, moving)
        self._correlation += len(moving) * _neighbour_correlation(
            _binned(moving, self._bin), ~self._ignored
        )


def static_images(
    movie: Movie,
    *,
    max_frames: int = 2048,
    bad: NDArray[np.bool_] | None = None,
    ignored: NDArray[np.bool_] | None = None,
) -> StaticImages:
    """Compute the static images from runs of frames, evenly spread over the movie.

    Parameters
    ----------
    movie : Movie
        The movie; one block of it is in memory at a time.
    max_frames : int
        How many frames to use at most.
    bad : ndarray of bool, shape (T,), optional
        Frames to leave out, besides those that hold NaN or infinite pixels.
    ignored : ndarray of bool, shape (Y, X), optional
        Pixels that do not count: NaN in all images.

    Returns
    -------
    StaticImages
        Mean, noise, deviation and correlation.

    Raises
    ------
    UserError
        If there are no few usable frames in a row.
    """
    collector = StaticCollector(movie, max_frames, ignored)
    for start, frames in lazy_frames.read_blocks(movie.data, collector.runs):
        good = usable(frames, ignored)
        if bad is not None:
            good &= ~bad[start : start + len(frames)]
        collector.add(start, frames, good)
    return collector.images()


def _cut(runs: Sequence[tuple[int, int]], jumps: Sequence[int]) -> list[tuple[int, int]]:
    """Cut runs where time jumps, but not into pieces that are worth nothing.

    How bright it is may change there, and that is neither noise nor what neighbours share.
    """
    found = []
    for first, last in runs:
        for jump in jumps:
            if first + _LEAST_FRAMES <= jump <= last - _LEAST_FRAMES:
                found.append((first, jump))
                first = jump
        found.append((first, last))
    return found


def _noise_scale(steps: Sequence[NDArray[np.float32]], dtype: np.dtype[Any]) -> NDArray[np.float32]:
    """Return the noise from mean absolute steps of each run; events spoil few runs, not most."""
    noise = np.median(np.stack(steps), axis=0) * (np.sqrt(np.pi) / 2)
    positive = noise[noise > 0]
    floor = _NOISE_FLOOR * float(np.median(positive)) if positive.size else 1.0
    if dtype.kind in "ui":
        floor = max(floor, 1 / np.sqrt(12))  # rounding alone
    floor = max(floor, float(np.finfo(np.float32).tiny))
    return np.asarray(np.maximum(noise, floor), dtype=np.float32)


def _binned(frames: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return means of `length` frames; a short run keeps more, shorter means."""
    length = max(1, min(length, len(frames) // _LEAST_FRAMES))
    n_bins = len(frames) // length
    parts = frames[: n_bins * length].reshape(n_bins, length, *frames.shape[1:])
    return np.asarray(parts.mean(axis=1))


def _neighbour_correlation(
    frames: NDArray[np.float32], counted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return each pixel's mean correlation with its neighbours that count, shape (Y, X)."""
    # Neuropil is as wide as the field: it would make all neighbours alike.
    background = uniform_filter(frames, _BACKGROUND_PX, axes=(1, 2), mode="reflect")
    if not counted.all():
        share = uniform_filter(counted.astype(np.float32), _BACKGROUND_PX, mode="reflect")
        background = background / np.maximum(share, 1e-6) * counted
    signal = frames - background
    signal -= signal.mean(axis=0)
    power = np.sqrt(np.einsum("tyx,tyx->yx", signal, signal))
    signal /= np.where(power > 0, power, 1.0)
    total = np.zeros(power.shape)
    n_neighbours = np.zeros(power.shape)
    height, width = power.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = np.s_[: height - down, max(0, -right) : width - max(0, right)]
        there = np.s_[down:, max(0, right) : width - max(0, -right)]
        product = np.einsum("tyx,tyx->yx", signal[:, *here], signal[:, *there])
        for place, other in ((here, there), (there, here)):
            total[place] += product
            n_neighbours[place] += counted[other]
    return total / np.maximum(n_neighbours, 1)

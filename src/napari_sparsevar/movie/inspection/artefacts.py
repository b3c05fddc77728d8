"""Frames that are no picture of the tissue as it is in the others: flashes, shutters, jumps."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from napari_sparsevar.movie.inspection.bands import (
    MOST_BANDS,
    at_all_widths,
    band_levels,
    band_means,
    step_over,
    usual_step,
)
from napari_sparsevar.movie.inspection.missing import missing_pixels
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.compute import compute

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]

_SAMPLES, _SAMPLE_FRAMES = 15, 4  # of the template: short means all over the movie
_SIDE_PX = 128  # pixels that are looked at along an edge
_FINE_PX = 17  # the template without what is wider

_COVERED = 0.6  # of a frame, or a band, that is looked at
_SUDDEN = 10.0  # robust standard deviations of a usual step
_SWINGS, _SWING = 6.0, 15  # times, and frames, of what activity does
_LEAST_NOISES, _LEAST_CONTRAST = 0.5, 0.25  # standard deviations of a pixel, and of the template
_STAYS, _FALLS, _LEFT = 0.5, 0.8, 0.3  # of the first step: until it is undone, and then
_SLOW_HZ, _SLOWEST_HZ = 4.0, 1.5  # calcium falls nearly as fast, and within a frame
_SUDDEN_IN_SLOW = 3.0  # times as large has a step to be there
_LONGEST_S, _LONGEST_FRAMES = 20.0, 300  # of a flash; the latter where the rate is unknown
_SHORT, _OF_ALL = 45, 0.1  # frames; of what is longer so many levels have to tell
_BEFORE = 5  # frames that say what is usual
_FEWEST = 32  # frames that can say what is usual
_APART = 64  # frames further apart are looked at for themselves

_LOST, _LOSING = 0.25, 0.6  # share of the usual picture
_MOST = 1 / 3  # of the frames: more are no exception


class Artefacts(NamedTuple):
    """Frames that stand out, each (T,) of bool.

    Attributes
    ----------
    flashes : ndarray
        Frames in which bands of rows or columns are brighter or darker, suddenly and not for long.
    lost : ndarray
        Frames in which the tissue is not seen, or not where it is else.
    """

    flashes: BoolArray
    lost: BoolArray

    @classmethod
    def none(cls, n_frames: int) -> Artefacts:
        """Return that no frame stands out."""
        return cls(np.zeros(n_frames, bool), np.zeros(n_frames, bool))

    @property
    def either(self) -> BoolArray:
        """Frames that are one or the other."""
        return self.flashes | self.lost

    @property
    def too_many(self) -> bool:
        """Whether they are no exception, so that nobody knows which frames are right."""
        return bool(self.either.mean() > _MOST)

    @property
    def left_out(self) -> BoolArray:
        """Frames that do not count: all that stand out, or none where they are too many."""
        return self.either & (not self.too_many)


class ArtefactFinder:
    """Measures frames block by block and says which stand out.

    Calcium rises suddenly at times but never falls so; light of a stimulus and a shutter do both.
    So a frame is a flash where most of a band of rows or columns leaves its level at once and comes
    back at once. A frame has lost the tissue where it has little of the fine structure of a
    template, by regression on it: it is dark, blinded, torn or displaced by the width of a cell.

    Parameters
    ----------
    movie : Movie
        The movie whose blocks will be added; some of its frames are read for the template.
    """

    def __init__(self, movie: Movie) -> None:
        self._fps = movie.fps
        self._begins = () if movie.left_out is None else movie.left_out.begins
        self._steps = tuple(max(1, size // _SIDE_PX) for size in movie.shape)
        samples = _samples(movie, self._steps)
        self._template = _template(samples)
        fine = _fine(_fine(self._template))
        self._kernel = (fine / max(float(np.vdot(self._template, fine)), 1e-30)).ravel()
        contrast = float(np.std(self._template))
        self._least = max(_LEAST_NOISES * _pixel_noise(samples), _LEAST_CONTRAST * contrast)
        self._n_rows, n_columns = (min(MOST_BANDS, size) for size in self._template.shape)
        n_bands = self._n_rows + n_columns
        self._bands = np.zeros((movie.n_frames, 2 * n_bands), np.float32)
        self._whole = np.ones(n_bands, bool)
        self._shares = np.zeros(movie.n_frames)
        self._seen = np.zeros(movie.n_frames, bool)

    def add(self, start: int, frames: NDArray[Any], absent: BoolArray | None) -> None:
        """Measure one block.

        Parameters
        ----------
        start : int
            Number of its first frame.
        frames : ndarray, shape (t, Y, X)
            Its pixels.
        absent : ndarray of bool, shape (t, Y, X), optional
            Missing ones.
        """
        rows, columns = self._steps
        with np.errstate(over="ignore"):
            part = frames[:, ::rows, ::columns].astype(np.float32) - self._template
        here = slice(start, start + len(part))
        self._seen[here] = True
        if absent is not None:
            self._leave_out(here, part, absent[:, ::rows, ::columns])
        self._bands[here] = band_levels(part)
        self._shares[here] = 1.0 + part.reshape(len(part), -1) @ self._kernel

    def _leave_out(self, here: slice, part: Float32Array, absent: BoolArray) -> None:
        """Put the mean of a frame in place of what it lacks; look at no band that lacks much."""
        part[absent] = 0.0
        lacking = absent.mean(axis=(1, 2))
        self._seen[here] = seen = lacking < 1.0 - _COVERED
        level = part.mean(axis=(1, 2)) / np.maximum(1.0 - lacking, 1.0 - _COVERED)
        part += absent * level[:, None, None]
        covered = band_means(1.0 - absent[seen].astype(np.float32))
        self._whole &= (covered >= _COVERED).all(axis=0)

    def found(self) -> Artefacts:
        """Return which of the frames that were added stand out."""
        flashes, lost = Artefacts.none(len(self._seen))
        seen = np.flatnonzero(self._seen)
        if len(seen) < _FEWEST or not self._whole.any():
            return Artefacts(flashes, lost)
        longest = max(1, round(_LONGEST_S * self._fps)) if self._fps else _LONGEST_FRAMES
        stretches = np.split(seen, np.flatnonzero(np.diff(seen) > _APART) + 1)
        whole = np.tile(self._whole, 2)
        n_rows = int(self._whole[: self._n_rows].sum())
        own = self._of_trials()
        bands = [at_all_widths(own[each][:, whole], n_rows) for each in stretches]
        rate = self._fps or _SLOW_HZ
        least = np.maximum(_SUDDEN * usual_step(bands), _SWINGS * step_over(bands, _SWING))
        least = np.maximum(least, self._least)
        least = least if rate >= _SLOW_HZ else _SUDDEN_IN_SLOW * least
        if rate >= _SLOWEST_HZ:
            for stretch, levels in zip(stretches, bands, strict=True):
                flashes[stretch] = sudden(levels, least, longest)
        lost[seen] = losing(self._shares[seen], ~flashes[seen])
        return Artefacts(flashes, lost)

    def _of_trials(self) -> Float32Array:
        """Return levels less what is usual in their trial: light that another one had is none."""
        if not self._begins:
            return self._bands
        own = self._bands.copy()
        for first, last in pairwise([0, *self._begins, len(own)]):
            seen = self._seen[first:last]
            if seen.any():
                own[first:last] -= np.median(own[first:last][seen], axis=0)
        return own


def sudden(levels: Float32Array, least: FloatArray, longest: int) -> BoolArray:
    """Return which frames rise above the level of those before at once, and fall back at once.

    Parameters
    ----------
    levels : ndarray, shape (t, n)
    least : ndarray, shape (n,)
        Steps that count.
    longest : int
        Frames that they may stay away.

    Returns
    -------
    ndarray of bool, shape (t,)
    """
    away, after, usual = np.zeros(len(levels), bool), 0, np.median(levels, axis=0)
    steps = np.flatnonzero((np.diff(levels, axis=0) > _STAYS * least).any(axis=1)) + 1
    for first in (0, *steps.tolist()):
        if first >= after:
            before = np.flatnonzero(~away[:first])[-_BEFORE:]
            level = np.median(levels[before], axis=0) if len(before) else usual
            after = first + _frames_away(levels[first:] - level, least, longest)
            away[first:after] = True
    # What is away at the end rose at once, seen from there.
    away[len(levels) - _frames_away(levels[::-1] - usual, least, longest) :] = True
    return away


def _frames_away(distance: Float32Array, least: FloatArray, longest: int) -> int:
    """Return how many frames levels (t, n) stay away from 0 until one falls back at once, or 0."""
    raised = distance[0] > least
    enough = 1
    for length in (min(_SHORT, longest), longest):
        until = distance[: length + 1, raised]
        alike = (until >= _STAYS * until[0]) & (until <= until[0] / _STAYS)
        back = (np.diff(until, axis=0) <= -_FALLS * until[0]) & (
            np.abs(until[1:]) <= _LEFT * until[0]
        )
        back &= np.logical_and.accumulate(alike, axis=0)[:-1]
        if back.any(axis=0).sum() >= enough:
            return int(back.argmax(axis=0)[back.any(axis=0)].max()) + 1
        enough = max(1, int(_OF_ALL * len(least)))
    return 0


def losing(shares: FloatArray, usable: BoolArray) -> BoolArray:
    """Return which frames have little of the template.

    Parameters
    ----------
    shares : ndarray, shape (t,)
        Of the template in each frame.
    usable : ndarray of bool, shape (t,)
        Frames that say what is usual.

    Returns
    -------
    ndarray of bool, shape (t,)
        All False where the template does not stand out of the noise.
    """
    if not usable.any():
        return np.zeros(len(shares), bool)
    usual = float(np.median(shares[usable]))
    spread = 1.4826 * float(np.median(np.abs(shares[usable] - usual)))
    lost = shares < min(_LOST * usual, usual - 6.0 * spread)
    if usual <= 6.0 * spread:
        return np.zeros(len(shares), bool)
    edge = shares < min(_LOSING * usual, usual - 3.0 * spread)
    for index in np.flatnonzero(lost):  # a frame on its way belongs to it
        for step in (-1, 1):
            beside = index + step
            while 0 <= beside < len(shares) and edge[beside] and not lost[beside]:
                lost[beside] = True
                beside += step
    return np.asarray(lost)


def _samples(movie: Movie, steps: tuple[int, ...]) -> Float32Array:
    """Return short runs of frames spread over a movie, (samples, frames, Y, X), NaN as missing."""
    length = min(_SAMPLE_FRAMES, movie.n_frames)
    starts = np.unique(np.linspace(0, movie.n_frames - length, _SAMPLES).astype(int))
    found = []
    for start in starts.tolist():
        lazy = movie.data[start : start + length]
        frames = compute(lazy)
        absent = missing_pixels(frames)
        with np.errstate(over="ignore"):
            part = frames[:, :: steps[0], :: steps[1]].astype(np.float32)
        if absent is not None:
            part[absent[:, :: steps[0], :: steps[1]]] = np.nan
        found.append(part)
    return np.stack(found)


def _template(samples: Float32Array) -> Float32Array:
    """Return the usual picture, (Y, X): no sample of an exception shows in a median."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing but NaN, as in a rim
        template = np.nanmedian(samples, axis=(0, 1))
        level = np.nanmedian(template)
    level = np.float32(level if np.isfinite(level) else 0.0)
    return np.asarray(np.where(np.isfinite(template), template, level), np.float32)


def _pixel_noise(samples: Float32Array) -> float:
    """Return the standard deviation of the noise of a usual pixel."""
    steps = np.abs(np.diff(samples, axis=1))
    steps = steps[np.isfinite(steps)]
    return float(np.median(steps)) / 0.954 if steps.size else 0.0


def _fine(image: Float32Array) -> Float32Array:
    return np.asarray(image - uniform_filter(image, _FINE_PX, mode="reflect"))

"""Standardised stretches of a movie, from memory where it fits and from disk where it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.reading.levels import TrialLevels, spacing_of, trials_within
from napari_sparsevar.movie.reading.read_ahead import in_turn

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]

Crop = tuple[slice, slice]
"""Rows and columns of the padded field of view."""

CACHE_BYTES = 1_200_000_000
"""A movie whose raw frames are smaller than this is read once and kept."""


@dataclass
class StandardisedFrames:
    """Gives standardised frames ``(x - mean) / noise``, padded to whole latents.

    Of trials, what is taken off is the level and the slow drift of each (``TrialLevels``). Safe to
    use from several threads.

    Parameters
    ----------
    movie : Movie
    mean, noise : ndarray, shape (Y, X)
        Standardisation of each pixel; NaN where pixels do not count: they come back as zeros.
    good : ndarray of bool, shape (T,)
        Frames that count; the others come back as zeros.
    padded_shape : tuple of int
        Height and width after padding with zeros at the far edges.
    watch : callable, optional
        Is given every piece of ``pieces`` as it is stored, and its first frame.
    """

    movie: Movie
    mean: Float32Array
    noise: Float32Array
    good: BoolArray
    padded_shape: tuple[int, int]
    watch: Callable[[int, npt.NDArray[Any]], None] | None = None
    _cache: npt.NDArray[np.generic] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._ignored = np.isnan(self.mean)
        self._levels = TrialLevels(trials_within(self.movie), self.good, spacing_of(self.movie))
        if self.movie.data.nbytes <= CACHE_BYTES:
            self._cache = _kept(self.movie.data)

    @cached_property
    def connected(self) -> BoolArray:
        """Good frames but the first after each pause, (T,): runs of them reach across none."""
        connected = self.good.copy()
        connected[list(self.movie.jumps)] = False
        return connected

    @property
    def inside(self) -> Float32Array:
        """1 for pixels that count, 0 for others and in the padding, (Y, X) padded."""
        return inside_field(self.mean, self.padded_shape)

    def read(
        self, start: int, stop: int, rows: slice = slice(None), columns: slice = slice(None)
    ) -> Float32Array:
        """Return frames start .. stop (exclusive) inside a crop of the padded field of view.

        Returns
        -------
        ndarray of float32, shape (stop - start, rows, columns)
        """
        return self._standardised(self._raw(start, stop, rows, columns), start, rows, columns)

    def read_crops(self, start: int, stop: int, crops: Sequence[Crop]) -> list[Float32Array]:
        """Return frames start .. stop inside several crops; a file is decoded once for all.

        Returns
        -------
        list of ndarray of float32, each of shape (stop - start, rows, columns)
            What ``read`` returns for each of the crops.
        """
        if self._cache is not None or len(crops) == 1:
            return [self.read(start, stop, *crop) for crop in crops]
        parts: list[list[Float32Array]] = [[] for _ in crops]
        for first, last in lazy_frames.block_edges(self.movie.data):
            if last <= start or first >= stop:
                continue
            first = max(first, start)
            raw = compute(self.movie.data[first : min(last, stop)])
            for part, (rows, columns) in zip(parts, crops, strict=True):
                part.append(self._standardised(raw[:, rows, columns], first, rows, columns))
        return [np.concatenate(part) for part in parts]

    def pieces(self, length: int) -> Iterator[tuple[int, Float32Array]]:
        """Yield the whole movie in order, each block of the file being read once, and ahead.

        Parameters
        ----------
        length : int
            Frames of every piece but the last.

        Yields
        ------
        start : int
            First frame of the piece.
        frames : ndarray of float32, shape (t, Y, X)
            As ``read(start, start + t)`` returns them.
        """
        everything = slice(None)
        for start, raw in _cut(self._blocks(), length):
            if self.watch is not None:
                self.watch(start, raw)
            yield start, self._standardised(raw, start, everything, everything)

    def release(self) -> None:
        """Give the memory back in which a small movie is kept; frames come from disk from now."""
        self._cache = None

    def _standardised(
        self, raw: npt.NDArray[np.generic], start: int, rows: slice, columns: slice
    ) -> Float32Array:
        frames = self._less_mean(raw, rows, columns)
        self._levels.take_from(frames, start, rows, columns, self._whole)
        frames[~self.good[start : start + len(frames)]] = 0.0
        height, width = (len(range(*s.indices(n))) for s, n in self._extent(rows, columns))
        padding = ((0, 0), (0, height - frames.shape[1]), (0, width - frames.shape[2]))
        return np.pad(frames, padding) if any(b for _, b in padding) else frames

    def _less_mean(self, raw: npt.NDArray[np.generic], rows: slice, columns: slice) -> Float32Array:
        frames: Float32Array = raw.astype(np.float32)
        frames -= self.mean[rows, columns]
        frames /= self.noise[rows, columns]
        frames[:, self._ignored[rows, columns]] = 0.0
        return frames

    def _whole(self, start: int, stop: int) -> Float32Array:
        everything = slice(None)
        raw = self._raw(start, stop, everything, everything)
        return self._less_mean(raw, everything, everything)

    def _extent(self, rows: slice, columns: slice) -> tuple[tuple[slice, int], tuple[slice, int]]:
        return (rows, self.padded_shape[0]), (columns, self.padded_shape[1])

    def _blocks(self) -> Iterator[npt.NDArray[Any]]:
        if self._cache is not None:
            yield self._cache
            return
        edges = lazy_frames.block_edges(self.movie.data)
        reading = in_turn(lambda edge: compute(self.movie.data[slice(*edge)]), edges, depth=1)
        for _, frames in reading:
            yield frames

    def _raw(self, start: int, stop: int, rows: slice, columns: slice) -> npt.NDArray[np.generic]:
        if self._cache is not None:
            return self._cache[start:stop, rows, columns]
        return compute(self.movie.data[start:stop, rows, columns])


def inside_field(mean: Float32Array, padded_shape: tuple[int, int]) -> Float32Array:
    """Return 1 for pixels with a mean, 0 for others and in the padding, shape (Y, X) padded."""
    inside = np.zeros(padded_shape, np.float32)
    inside[: mean.shape[0], : mean.shape[1]] = np.isfinite(mean)
    return inside


def _kept(lazy: da.Array) -> npt.NDArray[np.generic]:
    kept = np.empty(lazy.shape, lazy.dtype)
    for start, frames in lazy_frames.read_blocks(lazy):
        kept[start : start + len(frames)] = frames
    return kept


def _cut(
    stretches: Iterable[npt.NDArray[Any]], length: int
) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    """Cut stretches of frames that follow each other into pieces of one length."""
    start = 0
    held: list[npt.NDArray[Any]] = []  # the beginning of a piece that goes on in the next stretch
    for frames in stretches:
        first = 0
        while first < len(frames):
            held.append(frames[first : first + length - sum(map(len, held))])
            first += len(held[-1])
            if sum(map(len, held)) == length:
                yield start, held[0] if len(held) == 1 else np.concatenate(held)
                start, held = start + length, []
    if held:
        yield start, np.concatenate(held)

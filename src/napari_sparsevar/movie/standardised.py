"""Standardised stretches of a movie, from memory where it fits and from disk where it does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import dask.array as da
import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.movie import Movie

BoolArray = npt.NDArray[np.bool_]
Float32Array = npt.NDArray[np.float32]

CACHE_BYTES = 1_500_000_000
"""A movie whose raw frames are smaller than this is read once and kept."""


@dataclass
class StandardisedFrames:
    """Gives standardised frames ``(x - mean) / noise``, padded to whole latents.

    Parameters
    ----------
    movie : Movie
    mean, noise : ndarray, shape (Y, X)
        Standardisation of each pixel.
    good : ndarray of bool, shape (T,)
        Frames without NaN or infinity; the others come back as zeros.
    padded_shape : tuple of int
        Height and width after padding with zeros at the far edges.
    """

    movie: Movie
    mean: Float32Array
    noise: Float32Array
    good: BoolArray
    padded_shape: tuple[int, int]
    _cache: npt.NDArray[np.generic] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.movie.data.nbytes <= CACHE_BYTES:
            self._cache = _compute(self.movie.data)

    def read(
        self, start: int, stop: int, rows: slice = slice(None), columns: slice = slice(None)
    ) -> Float32Array:
        """Return frames start .. stop (exclusive) inside a crop of the padded field of view.

        Returns
        -------
        ndarray of float32, shape (stop - start, rows, columns)
        """
        raw = self._raw(start, stop, rows, columns)
        frames: Float32Array = raw.astype(np.float32)
        frames -= self.mean[rows, columns]
        frames /= self.noise[rows, columns]
        frames[~self.good[start:stop]] = 0.0
        height, width = (len(range(*s.indices(n))) for s, n in self._extent(rows, columns))
        padding = ((0, 0), (0, height - frames.shape[1]), (0, width - frames.shape[2]))
        return np.pad(frames, padding) if any(b for _, b in padding) else frames

    def _extent(self, rows: slice, columns: slice) -> tuple[tuple[slice, int], tuple[slice, int]]:
        return (rows, self.padded_shape[0]), (columns, self.padded_shape[1])

    def _raw(self, start: int, stop: int, rows: slice, columns: slice) -> npt.NDArray[np.generic]:
        if self._cache is not None:
            return self._cache[start:stop, rows, columns]
        return _compute(self.movie.data[start:stop, rows, columns])


def _compute(lazy: da.Array) -> npt.NDArray[np.generic]:
    # In the calling thread: a pool of readers would compete with the training for the cores.
    return np.asarray(lazy.compute(scheduler="synchronous"))  # type: ignore[no-untyped-call]

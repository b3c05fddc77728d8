"""Standardised frames without their slow background, as plain arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar import Movie
from napari_sparsevar.movie import inspect_movie

BACKGROUND_PX = 12.0
"""Full width at half maximum of the Gaussian that is taken for background."""


class CleanFrames(NamedTuple):
    """Frames in units of each pixel's noise, background removed.

    Attributes
    ----------
    values : ndarray of float32, shape (T, Y, X)
    noise : ndarray of float32, shape (Y, X)
        Noise scale of each pixel in grey values; infinite where it does not count.
    """

    values: NDArray[np.float32]
    noise: NDArray[np.float32]


def raw_frames(movie: Movie) -> NDArray[np.float32]:
    """Read the whole movie in the calling thread, shape (T, Y, X).

    Pixels that a frame held still does not show are as they usually are.
    """
    data = movie.data.compute(scheduler="synchronous")  # type: ignore[no-untyped-call]
    frames = np.asarray(data, dtype=np.float32)
    if np.isnan(frames).any():
        usual = np.nan_to_num(np.nanmedian(frames, axis=0), nan=float(np.nanmedian(frames)))
        frames = np.where(np.isnan(frames), usual, frames)
    return frames


def clean_frames(movie: Movie) -> CleanFrames:
    """Standardise every pixel by its mean and noise scale and subtract the background."""
    _, static = inspect_movie(movie)
    values = (raw_frames(movie) - static.mean) / static.noise
    values[:, static.ignored] = 0.0
    noise = np.where(static.ignored, np.float32(np.inf), static.noise)
    return CleanFrames(without_background(values), noise)


def without_background(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Subtract from images (..., Y, X) what is wider than `BACKGROUND_PX`."""
    sigma = BACKGROUND_PX / 2.3548  # from full width at half maximum
    height, width = values.shape[-2:]
    rows = gaussian_weights(np.arange(height), height, sigma)
    columns = gaussian_weights(np.arange(width), width, sigma)
    smooth = rows @ values @ columns.T
    return np.asarray(values - smooth, dtype=np.float32)


def gaussian_weights(
    centres: NDArray[np.floating] | NDArray[np.int64], length: int, sigma: float
) -> NDArray[np.float32]:
    """Return Gaussian averages along one axis, (centres, length); every row sums to 1."""
    position = np.arange(length)
    weights = np.exp(-0.5 * ((position[None] - centres[:, None]) / sigma) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)

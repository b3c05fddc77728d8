"""Simulated movies whose field of view moves as it is known to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_sparsevar.movie import simulate_movie
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.movie.registration.shifts import Shifts

FloatArray = NDArray[np.float64]
DRIFT_PX, JITTER_PX, BENDING_PX = 2.5, 0.4, 1.0
SLOWLY = 8.0
"""Frames over which the bending changes."""


@dataclass(frozen=True, eq=False)
class Moving:
    """A movie and how far each of its pixels is off, (T, 2, Y, X)."""

    movie: Movie
    field: NDArray[np.float32]


def moving_movie(regime: str, side: int, n_frames: int, seed: int, bends: bool) -> Moving:
    """Simulate a movie that drifts and jitters, and bends or does not."""
    movie, _ = simulate_movie(n_frames, (side, side), seed=seed, regime=regime)
    rng = np.random.default_rng(seed)
    wave = DRIFT_PX * np.sin(np.linspace(0, 7, n_frames))
    whole = wave[:, None] * np.array([1.0, -0.6]) + rng.normal(0, JITTER_PX, (n_frames, 2))
    field = np.broadcast_to(whole[:, :, None, None], (n_frames, 2, side, side))
    if bends:
        field = field + _bending(rng, n_frames, side)
    frames = np.stack(
        [_moved(each, off) for each, off in zip(np.asarray(movie.data), field, strict=True)]
    )
    return Moving(replace(movie, data=from_memory(frames)), field.astype(np.float32))


def left_of(shifts: Shifts | None, field: NDArray[np.float32]) -> float:
    """Return what is left of the motion, rms over the inner field and all frames, in pixels."""
    side = field.shape[-1]
    grid, margin, found = np.mgrid[:side, :side], side // 10, []
    inner = np.s_[:, margin:-margin, margin:-margin]
    for number, off in enumerate(field):
        back = np.zeros((2, side, side))
        if shifts is not None:
            back += shifts.values[number][:, None, None]
            if shifts.local is not None:
                back += shifts.local.field(number, (side, side))
        at = grid + back
        there = [ndimage.map_coordinates(part, at, order=1, mode="nearest") for part in off]
        found.append((back - np.stack(there))[inner])
    away = np.stack(found) - np.median(found, axis=0)
    return float(np.sqrt((away**2).mean()))


def _bending(rng: np.random.Generator, n_frames: int, side: int) -> FloatArray:
    wave = np.cos(np.linspace(0, np.pi, side))
    flat = np.ones(side)
    shapes = np.stack([np.outer(*pair) for pair in ((wave, flat), (flat, wave), (wave, wave))])
    sizes = ndimage.gaussian_filter1d(rng.normal(0, 1, (n_frames, 2, 3)), SLOWLY, axis=0)
    return np.asarray(np.einsum("tak,kyx->tayx", BENDING_PX * sizes / sizes.std(), shapes))


def _moved(frame: NDArray[np.uint16], off: FloatArray) -> NDArray[np.uint16]:
    places = np.mgrid[: frame.shape[0], : frame.shape[1]] - off
    moved = ndimage.map_coordinates(frame.astype(np.float32), places, order=3, mode="nearest")
    return np.asarray(np.clip(moved, 0, 65535), np.uint16)

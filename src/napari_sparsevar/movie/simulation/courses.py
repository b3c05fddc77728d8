"""What changes from frame to frame for the whole field."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from napari_sparsevar.movie.simulation.nuisances.light import AxialMotion, Bleaching


def slow(
    n_frames: int, n: int, memory_frames: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return random time courses of variance 1 that forget after so many frames, (T, n)."""
    keep = np.exp(-1.0 / memory_frames)
    start = rng.standard_normal((1, n))
    steps = np.sqrt(1 - keep**2) * rng.standard_normal((n_frames, n))
    courses, _ = lfilter([1.0], [1.0, -keep], steps, axis=0, zi=keep * start)
    return np.asarray(courses)


def light_left(bleaching: Bleaching | None, n_frames: int) -> NDArray[np.float32]:
    """Return how much of the light is left in each frame, (T,): 1 in the first."""
    if bleaching is None:
        return np.ones(n_frames, dtype=np.float32)
    passed = np.linspace(0.0, 1.0, n_frames)
    gone = -np.expm1(-passed / bleaching.early) / -np.expm1(-1.0 / bleaching.early)
    return np.asarray(1.0 - bleaching.share * gone, dtype=np.float32)


def out_of_plane(
    axial: AxialMotion, n_frames: int, fps: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return how much of each frame is blurred, (T,): half a sine wave in each event."""
    blurred = np.zeros(n_frames)
    for start in np.flatnonzero(rng.random(n_frames) < axial.per_minute / (60.0 * fps)):
        length = max(1, round(fps * rng.uniform(*axial.seconds)))
        there = np.sin(np.pi * (np.arange(length) + 0.5) / length)[: n_frames - start]
        part = slice(start, start + len(there))
        blurred[part] = np.maximum(blurred[part], axial.depth * there)
    return blurred.astype(np.float32)

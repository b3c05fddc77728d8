"""Noise is taken off shifts only where it is what moves them: motion of any kind stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar.movie.registration.steady import steadied

FloatArray = NDArray[np.float64]
FRAMES, NOISE_PX = 1000, 0.24
DRIFT = 2.5 * np.sin(np.linspace(0, 7, FRAMES))[:, None] * np.array([1.0, -0.6])


def jumps(rng: np.random.Generator) -> FloatArray:
    return DRIFT + np.where(rng.random((FRAMES, 1)) < 0.02, rng.normal(0, 3, (FRAMES, 2)), 0)


def steps(rng: np.random.Generator) -> FloatArray:
    at = rng.random((FRAMES, 1)) < 0.01
    return np.asarray(np.cumsum(np.where(at, rng.normal(0, 2, (FRAMES, 2)), 0), axis=0))


MOTION = {
    "drift": lambda _: DRIFT,
    "drift and jitter": lambda rng: DRIFT + rng.normal(0, 0.4, (FRAMES, 2)),
    "jitter": lambda rng: rng.normal(0, 1.0, (FRAMES, 2)),
    "jumps": jumps,
    "steps": steps,
    "breath": lambda _: np.sin(0.9 * np.arange(FRAMES))[:, None] * np.array([0.7, 0.3]),
}


def error(found: FloatArray, motion: FloatArray) -> float:
    return float(np.sqrt(((found - motion) ** 2).mean()))


@pytest.mark.parametrize(
    ("kind", "left"),
    [
        ("drift", 0.5),
        ("drift and jitter", 0.9),
        ("jitter", 1.0),
        ("jumps", 0.8),
        ("steps", 0.8),
        ("breath", 0.9),
    ],
)
@pytest.mark.parametrize("noise_px", [0.05, NOISE_PX])
def test_the_error_becomes_less_or_stays(kind: str, left: float, noise_px: float) -> None:
    rng = np.random.default_rng(0)
    motion = MOTION[kind](rng)  # type: ignore[no-untyped-call]
    seen = motion + rng.normal(0, noise_px, motion.shape)
    found = steadied(seen, np.full(2, noise_px**2))
    assert error(found, motion) < 1.01 * error(seen, motion)
    if noise_px == NOISE_PX:
        assert error(found, motion) < left * error(seen, motion)
    assert np.abs(found - motion).max() < np.abs(seen - motion).max() + 2 * noise_px


def test_without_noise_shifts_stay() -> None:
    motion = jumps(np.random.default_rng(0))
    np.testing.assert_array_equal(steadied(motion, np.zeros(2)), motion)


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_a_few_frames_are_no_course(n_frames: int) -> None:
    assert steadied(DRIFT[:n_frames], np.full(2, 0.01)).shape == (n_frames, 2)

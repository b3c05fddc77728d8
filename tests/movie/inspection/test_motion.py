"""Movement of the field is seen under noise; noise, activity and neuropil are no movement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import shift

from napari_sparsevar.movie import Movie, open_movie, simulate_movie, static_images
from napari_sparsevar.movie.inspection.motion import Motion, find_motion

PAD = 8


def motion(movie: Movie) -> Motion:
    return find_motion(movie, static_images(movie))


def moved(shifts: NDArray[np.float64], noise: float) -> Movie:
    """Move a quiet simulated movie by (T, 2) pixels and add noise, in units of a cell's signal."""
    movie, _ = simulate_movie(len(shifts), (80, 80), noise=0.01)
    rng = np.random.default_rng(0)
    frames = []
    for frame, way in zip(np.asarray(movie.data).astype(np.float32), shifts, strict=True):
        frames.append(shift(frame, way, order=1)[PAD:-PAD, PAD:-PAD])
    stack = np.stack(frames) + 3000
    return open_movie(stack + rng.normal(0, 200 * noise, stack.shape).astype(np.float32))


@pytest.mark.parametrize("noise", [1.0, 8.0])
def test_a_jump_of_two_pixels_is_measured(noise: float) -> None:
    shifts = np.zeros((600, 2))
    shifts[200:300] = (2.0, 0.0)
    found = motion(moved(shifts, noise))
    assert found.largest == pytest.approx(2.0, abs=0.5)
    assert found.sentences()


@pytest.mark.parametrize("begins", [60, 300, 450])
@pytest.mark.parametrize("way", [(0.0, 7.0), (-12.0, 4.0)])
def test_a_field_that_stays_elsewhere_is_seen(begins: int, way: tuple[float, float]) -> None:
    """As after a push: the mean of both looks like tissue, and no slope of it tells the shift."""
    shifts = np.zeros((600, 2))
    shifts[begins:] = way
    found = motion(moved(shifts, 4.0))
    assert found.largest == pytest.approx(np.hypot(*way), abs=1.0)
    assert found.disturbs


def test_drift_and_jitter_are_seen() -> None:
    drift = np.linspace(-1.5, 1.5, 600)[:, None] * (0.0, 1.0)
    assert motion(moved(drift, 6.0)).sentences()
    jitter = np.random.default_rng(0).normal(0, 1.5, (600, 2))
    assert motion(moved(jitter, 6.0)).typical == pytest.approx(1.5 * np.sqrt(2), rel=0.3)


@pytest.mark.parametrize(("noise", "neuropil"), [(0.2, 1.0), (1.0, 3.0), (8.0, 1.0)])
def test_a_still_movie_gets_no_warning(noise: float, neuropil: float) -> None:
    for seed in range(3):
        movie, _ = simulate_movie(1000, seed=seed, noise=noise, neuropil=neuropil)
        assert motion(movie).sentences() == ()


@pytest.mark.parametrize("shape", [(800, 64, 64), (20, 16, 16), (60, 16, 70)])
def test_noise_does_not_move(shape: tuple[int, int, int]) -> None:
    frames = np.random.default_rng(0).normal(1000, 30, shape).astype(np.float32)
    assert motion(open_movie(frames)) == Motion(0.0, 0.0)


def test_the_sentence_says_what_to_do() -> None:
    (sentence,) = Motion(2.04, 0.7).sentences()
    assert "2.0 pixels" in sentence
    assert "suite2p" in sentence


def test_the_real_movie_was_not_registered(real_movie: Path) -> None:
    found = motion(open_movie(real_movie))
    assert 0.5 < found.typical < 1.2
    assert 1.5 < found.largest < 3

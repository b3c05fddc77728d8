"""Static images say what is still, how noisy it is, and where neighbours move together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import inspect_movie, open_movie, simulate_movie, static_images
from napari_sparsevar.movie.inspection.static import choose_runs


def test_mean_and_noise_of_plain_noise() -> None:
    rng = np.random.default_rng(0)
    scale = np.linspace(5, 20, 30)[:, None] * np.ones(32)
    frames = (1000 + scale * rng.standard_normal((800, 30, 32))).astype(np.float32)
    images = static_images(open_movie(frames))
    np.testing.assert_allclose(images.mean, frames.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(images.deviation, frames.std(axis=0), rtol=1e-3)
    np.testing.assert_allclose(images.noise, scale, rtol=0.15)
    assert abs(images.correlation).max() < 0.2
    assert images.n_frames == 800


def test_slow_signal_is_not_noise() -> None:
    rng = np.random.default_rng(0)
    slow = 500 * np.sin(np.arange(1000) / 80)[:, None, None]
    frames = 5000 + slow + rng.normal(0, 10, (1000, 16, 16))
    images = static_images(open_movie(frames))
    np.testing.assert_allclose(images.noise, 10, rtol=0.5)
    assert images.deviation.min() > 300


def test_noise_survives_a_burst_of_artefacts() -> None:
    frames = np.random.default_rng(0).normal(100, 10, (640, 16, 16)).astype(np.float32)
    calm = static_images(open_movie(frames)).noise
    frames[100:130] *= 50
    np.testing.assert_allclose(static_images(open_movie(frames)).noise, calm, rtol=0.2)


def test_noise_is_never_zero() -> None:
    frames = np.random.default_rng(0).integers(0, 9, (40, 12, 12)).astype(np.uint16)
    frames[:, :4] = 0
    images = static_images(open_movie(frames))
    assert images.noise.min() > 0.1
    assert np.isfinite(images.correlation).all()


def test_correlation_stands_out_in_cells() -> None:
    movie, truth = simulate_movie(1000, seed=1)
    correlation = static_images(movie).correlation
    cells = (truth.footprints > 0.5).any(axis=0)
    tissue = ~(truth.footprints > 0.02).any(axis=0)
    assert correlation[cells].mean() > correlation[tissue].mean() + 0.2


def test_inspection_gives_the_same_images() -> None:
    movie, _ = simulate_movie(500, (40, 36), n_cells=8, n_drivers=1)
    alone = static_images(movie, max_frames=256)
    _, together = inspect_movie(movie, max_frames=256)
    for name in ("mean", "noise", "deviation", "correlation"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(together, name))


def test_runs_across_blocks_give_the_same_images() -> None:
    frames = np.random.default_rng(0).normal(50, 3, (203, 15, 17)).astype(np.float32)
    whole = open_movie(frames)
    pieces = open_movie(whole.data.rechunk((29, 15, 17)))
    assert len(pieces.data.chunks[0]) in (1, 7)
    for name in ("mean", "noise", "correlation"):
        np.testing.assert_allclose(
            getattr(static_images(whole), name), getattr(static_images(pieces), name), rtol=1e-6
        )


def test_frames_marked_as_bad_are_left_out() -> None:
    frames = np.random.default_rng(0).normal(50, 3, (100, 10, 10)).astype(np.float32)
    bad = np.zeros(100, dtype=bool)
    bad[40:44] = True
    frames[bad] = 1e6
    images = static_images(open_movie(frames), bad=bad)
    assert images.n_frames == 96
    np.testing.assert_allclose(images.mean, frames[~bad].mean(axis=0), rtol=1e-4)
    with pytest.raises(UserError, match="no 4 usable frames"):
        static_images(open_movie(frames), bad=np.ones(100, dtype=bool))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n_frames=st.integers(4, 100_000),
    side=st.integers(4, 3000),
    max_frames=st.integers(8, 5000),
)
def test_runs_are_ascending_and_bounded(n_frames: int, side: int, max_frames: int) -> None:
    runs = choose_runs(n_frames, (side, side), max_frames)
    flat = [frame for run in runs for frame in run]
    assert flat == sorted(flat)
    assert flat[0] >= 0
    assert flat[-1] <= n_frames
    assert all(stop - start >= 4 for start, stop in runs)
    assert sum(stop - start for start, stop in runs) <= max(max_frames, 4)
    if n_frames <= max_frames and side < 64:
        assert sum(stop - start for start, stop in runs) >= n_frames - 16


@pytest.mark.parametrize("shape", [(4, 1, 1), (5, 1, 7), (9, 3, 2)])
def test_smallest_movies(shape: tuple[int, int, int]) -> None:
    frames = np.random.default_rng(0).normal(0, 1, shape)
    images = static_images(open_movie(frames))
    assert images.mean.shape == shape[1:]
    assert np.isfinite(images.correlation).all()

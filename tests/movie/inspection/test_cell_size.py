"""The guessed cell diameter is right on simulated movies and absent where nothing is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.movie import Movie, open_movie, simulate_movie, static_images
from napari_sparsevar.movie.inspection.cell_size import disc_overlap, guess_cell_diameter, in_words


def guess(movie: Movie) -> float | None:
    return guess_cell_diameter(movie, static_images(movie))


@pytest.mark.parametrize("noise", [1.0, 8.0])
@pytest.mark.parametrize("radius", [2.5, 3.0, 4.0, 6.0])
def test_the_guess_is_near_the_truth(radius: float, noise: float) -> None:
    side = 64 if radius <= 3 else 104
    for seed in range(2):
        movie, _ = simulate_movie(
            1000, (side, side), seed=seed, noise=noise, cell_radius_px=radius, n_cells=30
        )
        assert guess(movie) == pytest.approx(2 * radius, rel=0.2)


def test_strong_neuropil_is_not_a_cell() -> None:
    movie, _ = simulate_movie(1000, (128, 128), cell_radius_px=6, neuropil=3.0, noise=2.0)
    assert guess(movie) == pytest.approx(12, rel=0.2)


def test_an_unknown_frame_rate_and_a_few_bad_frames_do_no_harm() -> None:
    movie, _ = simulate_movie(600, seed=1)
    frames = np.asarray(movie.data).astype(np.float32)
    frames[100:104] = np.nan
    assert guess(open_movie(frames)) == pytest.approx(6, rel=0.2)


@pytest.mark.parametrize("seed", range(4))
def test_noise_has_no_cells(seed: int) -> None:
    frames = np.random.default_rng(seed).normal(1000, 30, (800, 64, 64)).astype(np.float32)
    assert guess(open_movie(frames)) is None


@pytest.mark.parametrize("shape", [(40, 16, 16), (8, 64, 64), (300, 16, 90)])
def test_small_movies_are_no_error(shape: tuple[int, int, int]) -> None:
    frames = np.random.default_rng(0).normal(1000, 30, shape).astype(np.float32)
    assert guess(open_movie(frames)) is None


def test_a_disc_no_longer_overlaps_a_diameter_and_a_half_away() -> None:
    overlap = disc_overlap(np.linspace(0, 2, 41))
    assert overlap[0] == pytest.approx(1)
    assert (np.diff(overlap) <= 1e-9).all()
    assert overlap[30:].max() < 0.02


def test_units_in_words() -> None:
    assert in_words(6.54, 2.0) == "13 µm"
    assert in_words(6.54, None) == "6.5 pixels"


def test_the_real_movie(real_movie: Path) -> None:
    found = guess(open_movie(real_movie))
    assert found is not None
    assert 5.5 < found < 10

"""Images that take turns are found; what flickers by chance is not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar.movie import open_movie, simulate_movie
from napari_sparsevar.movie.inspection.turns import find_turns


def fields(n: int, seed: int = 0) -> NDArray[np.float64]:
    """Return images of blobs on a background."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:40, :40]
    images = np.full((n, 40, 40), 20.0)
    for image in images:
        for row, column in rng.uniform(0, 40, (12, 2)):
            image += 40 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 18)
    return images


def movie_of(images: NDArray[np.float64], n_frames: int = 300, seed: int = 1) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    gains = rng.gamma(2, 0.5, (n_frames, 1, 1)) * 0.3 + 0.7
    frames = images[np.arange(n_frames) % len(images)] * gains
    return rng.poisson(frames).astype(np.uint16)


@pytest.mark.parametrize("period", [2, 3, 4])
def test_images_that_take_turns(period: int) -> None:
    turns = find_turns(open_movie(movie_of(fields(period))))
    assert turns.period == period
    assert f"--channels {period}" in turns.sentences()[0]


def test_two_levels_of_the_same_field() -> None:
    image = fields(1)
    assert find_turns(open_movie(movie_of(np.concatenate([image, 3 * image])))).period == 2


def test_half_of_the_channels_of_a_movie_take_no_turns() -> None:
    frames = movie_of(fields(2))
    assert find_turns(open_movie(frames, channels=2)).sentences() == ()


@pytest.mark.parametrize("seed", range(5))
def test_an_ordinary_movie(seed: int) -> None:
    assert find_turns(open_movie(movie_of(fields(1, seed), seed=seed))).period == 1
    noise = np.random.default_rng(seed).poisson(3, (300, 40, 40)).astype(np.uint16)
    assert find_turns(open_movie(noise)).period == 1


def test_a_simulated_movie_and_a_slow_one() -> None:
    movie, _ = simulate_movie(n_frames=200, seed=3)
    assert find_turns(movie).period == 1
    ramp = movie_of(fields(1)) + np.arange(300, dtype=np.uint16)[:, None, None]
    assert find_turns(open_movie(ramp)).period == 1


def test_a_slight_flicker_of_the_detector_is_no_channel() -> None:
    image = fields(1)
    assert find_turns(open_movie(movie_of(np.concatenate([image, image + 0.5])))).period == 1


def test_short_movies_and_missing_pixels() -> None:
    assert find_turns(open_movie(movie_of(fields(2), 30))).period == 1
    frames = movie_of(fields(2)).astype(np.float32)
    frames[:, :3] = np.nan
    assert find_turns(open_movie(frames)).period == 2


def test_a_stimulus_is_no_image_that_takes_turns() -> None:
    frames = movie_of(fields(1)).astype(float)
    frames[10::30, 8:20] += 10 * frames.std()
    assert find_turns(open_movie(frames)).period == 1

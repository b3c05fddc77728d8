"""What a training says about a movie before its first step, and the numbers it settles on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.training.preparation import Prepared, prepare

CPU = torch.device("cpu")


def prepared(movie: sv.Movie, **model: object) -> Prepared:
    return prepare(movie, sv.TrainConfig(model=sv.ModelConfig.model_validate(model)), CPU)


def test_the_guess_is_said_and_kept() -> None:
    movie, _ = sv.simulate_movie(700, n_drivers=2)
    found = prepared(movie)
    assert found.grid.stride == found.config.model.stride == 4
    assert any("Cells look about 1" in notice and "µm" in notice for notice in found.notices)
    in_pixels = prepared(replace(movie, pixel_size_um=None))
    assert any("pixels wide" in notice for notice in in_pixels.notices)


def test_a_given_cell_size_is_not_guessed() -> None:
    movie, _ = sv.simulate_movie(700, n_drivers=2, pixel_size_um=2.0)
    found = prepared(movie, cell_diameter=20.0)
    assert found.grid.stride == 6
    assert not any("ells" in notice for notice in found.notices)


def test_a_movie_of_noise_gets_a_typical_cell() -> None:
    noise = np.random.default_rng(0).normal(1000, 30, (700, 32, 32)).astype(np.float32)
    found = prepared(sv.open_movie(noise))
    assert found.grid.stride == 4
    assert any("No cells can be made out" in notice for notice in found.notices)


def test_movement_is_warned_of() -> None:
    movie, _ = sv.simulate_movie(700, n_drivers=2)
    frames = np.asarray(movie.data).copy()
    frames[300:400] = np.roll(frames[300:400], 3, axis=1)
    found = prepared(replace(sv.open_movie(frames), fps=15.0))
    assert any("moves by up to" in notice for notice in found.notices)


def test_stretches_between_pauses_may_be_too_short_for_the_lags() -> None:
    movie, _ = sv.simulate_movie(700, n_drivers=2)
    paused = replace(movie, jumps=tuple(range(3, 700, 3)))
    assert prepared(paused, lags=1).config.model.lags == 1
    with pytest.raises(sv.UserError, match="hardly 4 frames in a row"):
        prepared(paused, lags=2)


def test_too_few_frames_for_the_latents_are_warned_of() -> None:
    def warned(n_frames: int) -> bool:
        noise = np.random.default_rng(0).normal(1000, 30, (n_frames, 32, 32))
        notices = prepared(sv.open_movie(noise.astype(np.float32)), stride=4).notices
        return any("are few" in notice for notice in notices)

    assert warned(300)
    assert not warned(2000)

"""Cells added to a recording share its photons, its light and its motion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import Movie, Nuisances, Truth, register, simulate_movie
from napari_sparsevar.movie.open import open_movie
from napari_sparsevar.movie.simulation.photon_transfer import photon_transfer
from napari_sparsevar.movie.simulation.semi_synthetic import add_simulated_cells

FEW: dict[str, Any] = {"n_cells": 8, "n_drivers": 2, "n_followers": 2}
GAIN, DARK = 40.0, 200.0


def recording(*nuisances: str, n_frames: int = 240) -> Movie:
    """A stand-in for a real one, of which gain and motion are known."""
    asked = (f"detector:photons=8,gain={GAIN},read_noise=0,offset={DARK}", *nuisances)
    movie, _ = simulate_movie(
        n_frames, (72, 80), nuisances=Nuisances().adding(*asked), n_cells=40, seed=7, fps=20.0
    )
    return movie


def pixels(movie: Movie) -> NDArray[np.float64]:
    return np.asarray(movie.data, dtype=np.float64)


def expected(truth: Truth) -> NDArray[np.float64]:
    """Added light of a field that stays where it is, less what is always there."""
    light = np.einsum("tn,nyx->tyx", truth.traces, truth.footprints, dtype=np.float64)
    return light - light.mean(axis=0)


def test_gain_and_dark_are_found() -> None:
    found = photon_transfer(recording())
    assert found.gain == pytest.approx(GAIN, rel=0.1)
    assert found.dark == pytest.approx(DARK, abs=40)


def test_what_is_added_is_the_light_of_the_cells() -> None:
    before = recording()
    after, truth = add_simulated_cells(before, **FEW)
    added = pixels(after) - pixels(before)
    anywhere = truth.footprints.any(axis=0)
    assert not added[:, ~anywhere].any()
    assert added[:, anywhere].min() >= 0
    wanted = expected(truth)
    slope = (wanted * added).sum() / (wanted**2).sum()
    assert slope == pytest.approx(1.0, abs=0.05)
    assert (after.data.dtype, after.fps, after.shape) == (np.uint16, 20.0, (72, 80))


def test_added_light_comes_in_photons_of_the_recording() -> None:
    before = recording()
    after, truth = add_simulated_cells(before, **FEW)
    gain = photon_transfer(before).gain
    added = pixels(after) - pixels(before)
    noise = added - added.mean(axis=0) - expected(truth)
    bright = added.mean(axis=0) > 100
    ratio = noise[:, bright].var(axis=0) / added.mean(axis=0)[bright]
    assert ratio.mean() == pytest.approx(gain, rel=0.1)


def test_added_light_is_in_proportion_to_that_around() -> None:
    before = recording()
    light = np.linspace(0.2, 1.0, 80)
    shaded = np.random.default_rng(0).binomial(
        ((pixels(before) - DARK) / GAIN).round().astype(int), light
    )
    dim = replace(before, data=open_movie(shaded.astype(np.uint16), fps=20.0).data)
    _, truth = add_simulated_cells(dim, nuisances=Nuisances(), n_cells=24, n_drivers=4, seed=1)
    local = light[truth.centres[:, 1].astype(int)]
    brightness = truth.traces.std(axis=0) / truth.cells["amplitude"]
    assert np.corrcoef(local, brightness)[0, 1] > 0.9


def test_added_cells_move_with_the_recording() -> None:
    before = recording("motion:px=1.5,memory_s=1")
    after, truth = add_simulated_cells(before, **FEW)
    assert truth.motion is not None
    added = pixels(after) - pixels(before)
    total = added.sum(axis=(1, 2))
    cell = int(np.argmax(truth.traces.mean(axis=0)))
    row, column = np.round(truth.centres[cell]).astype(int)
    near = added[:, max(0, row - 9) : row + 10, max(0, column - 9) : column + 10]
    y = np.indices(near.shape[1:])[0]
    place = (near * y).sum(axis=(1, 2)) / near.sum(axis=(1, 2))
    assert (total > 0).all()
    assert np.corrcoef(place, truth.motion[:, 0])[0, 1] > 0.8


def test_a_recording_that_is_held_still_comes_back_so() -> None:
    still = register(recording("motion:px=1.5,memory_s=1"))
    after, truth = add_simulated_cells(still, **FEW)
    assert after.registered is not None
    assert still.registered is not None
    np.testing.assert_allclose(truth.motion, still.registered.shifts.values, rtol=1e-5)
    added = np.nanmean(pixels(after) - pixels(still), axis=0)
    flat = truth.footprints.max(axis=0)
    known = np.isfinite(added)
    assert np.corrcoef(added[known], flat[known])[0, 1] > 0.6


def test_same_seed_same_cells() -> None:
    before = recording(n_frames=60)
    first, truth = add_simulated_cells(before, seed=4, **FEW)
    again, truth_again = add_simulated_cells(before, seed=4, **FEW)
    _, other = add_simulated_cells(before, seed=5, **FEW)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(truth.traces, truth_again.traces)
    assert (truth.centres != other.centres).any()


def test_rims_of_nan_get_no_cell() -> None:
    frames = pixels(recording(n_frames=60)).astype(np.float32)
    frames[:, :12] = np.nan
    movie = open_movie(frames, fps=20.0)
    after, truth = add_simulated_cells(movie, **FEW)
    assert truth.centres[:, 0].min() >= 12
    assert truth.footprints.shape == (8, 72, 80)
    assert after.data.dtype == np.float32
    assert np.isnan(pixels(after)[:, :12]).all()


def test_a_field_that_cannot_be_followed_is_remarked() -> None:
    rng = np.random.default_rng(0)
    light = np.clip(
        8.0 + 40.0 * gaussian_filter(rng.standard_normal((60, 72, 80)), (0, 2, 2)), 0, 30
    )
    flicker = open_movie(
        (10 * rng.poisson(light * np.linspace(1, 3, 80))).astype(np.float32), fps=20.0
    )
    after, truth = add_simulated_cells(flicker, **FEW)
    assert truth.motion is None
    assert any("do not move" in note for note in after.notes)


def test_what_is_missing_is_said() -> None:
    movie = recording(n_frames=60)
    with pytest.raises(UserError, match="frame rate"):
        add_simulated_cells(replace(movie, fps=None), **FEW)
    filtered = open_movie(np.full((60, 72, 80), 100.0, np.float32), fps=20.0)
    with pytest.raises(UserError, match="noise"):
        add_simulated_cells(filtered, **FEW)
    with pytest.raises(UserError, match="do not fit"):
        add_simulated_cells(movie, n_cells=200)

"""Cells that nobody drew: found where they are, whatever the scale, and none in noise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import from_memory


@pytest.fixture(scope="module")
def simulated() -> tuple[sv.Movie, sv.Truth]:
    return sv.simulate_movie(1500, (64, 64), seed=3, n_cells=16, n_drivers=3, regime="medium_noise")


@pytest.fixture(scope="module")
def found(simulated: tuple[sv.Movie, sv.Truth]) -> sv.Cells:
    return sv.detect_cells(simulated[0])


def distances(cells: sv.Cells, truth: sv.Truth) -> np.ndarray:
    """Pixels from every true cell (rows) to every one found (columns)."""
    assert cells.centres is not None
    return np.linalg.norm(truth.centres[:, None] - cells.centres[None], axis=-1)


def test_nearly_every_cell_is_found_once_and_where_it_is(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    away = distances(found, simulated[1])
    assert np.mean(away.min(axis=1) < 1.5) >= 0.9
    assert np.mean(away.min(axis=0) < 3.0) >= 0.9
    assert (np.sum(away < 3.0, axis=1) <= 1).all()


def test_what_was_read_there_is_what_that_cell_did_and_no_other(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    truth, away = simulated[1], distances(found, simulated[1])
    seen = np.flatnonzero(away.min(axis=1) < 1.5)
    read = found.traces["raw"] - 0.7 * found.traces["neuropil"]
    alike = np.corrcoef(truth.traces.T, read[:, away[seen].argmin(axis=1)].T)
    assert (alike[: len(truth.centres), len(truth.centres) :].argmax(axis=0) == seen).all()


def test_a_fit_of_what_was_found_names_drivers(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    truth = simulated[1]
    fit = sv.fit_traces(found)
    nearest = distances(found, truth).argmin(axis=1)
    strength = fit.drivers.set_index("name")["strength"].reindex(found.names).to_numpy()
    drives = np.isin(np.arange(len(nearest)), truth.drivers)
    assert np.median(strength[nearest[drives]]) > np.median(strength[nearest[~drives]])


def test_a_movie_turned_over_has_the_same_cells_turned_over(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    movie = simulated[0]
    turned = sv.detect_cells(replace(movie, data=movie.data.transpose(0, 2, 1)))
    assert found.centres is not None
    assert turned.centres is not None
    away = np.linalg.norm(found.centres[:, None, ::-1] - turned.centres[None], axis=-1)
    assert np.mean(away.min(axis=1) < 0.5) >= 0.9


def test_grey_values_of_another_camera_change_nothing(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    movie = simulated[0]
    other = replace(movie, data=3.0 * movie.data.astype("float32"))
    again = sv.detect_cells(other)
    assert found.centres is not None
    assert again.centres is not None
    np.testing.assert_allclose(again.centres, found.centres, atol=0.1)


def test_cells_that_one_frame_hides_in_noise_are_found() -> None:
    movie, truth = sv.simulate_movie(3000, (64, 64), seed=5, n_cells=36, regime="strong_noise")
    away = distances(sv.detect_cells(movie), truth)
    assert np.mean(away.min(axis=1) < 3.0) >= 0.9
    assert np.mean(away.min(axis=0) < 3.0) >= 0.9


def test_cells_that_touch_are_found_and_light_that_is_shared_is_not() -> None:
    movie, truth = sv.simulate_movie(2000, seed=5, regime="optics")
    away = distances(sv.detect_cells(movie), truth)
    assert np.mean(away.min(axis=1) < 6.0) >= 0.85
    assert np.mean(away.min(axis=0) < 6.0) >= 0.9


@pytest.mark.parametrize("fps", [None, 0.5, 120.0])
def test_however_fast_the_frames_came_cells_are_found(
    simulated: tuple[sv.Movie, sv.Truth], fps: float | None
) -> None:
    cells = sv.detect_cells(replace(simulated[0], fps=fps), diameter_px=6)
    assert np.mean(distances(cells, simulated[1]).min(axis=1) < 3.0) >= 0.8


def test_bright_spots_that_only_bleach_are_no_cells() -> None:
    rng, (y, x) = np.random.default_rng(0), np.mgrid[:64, :64]
    spots = [np.exp(-((y - a) ** 2 + (x - b) ** 2) / 40) for a, b in rng.uniform(8, 56, (8, 2))]
    left = np.exp(-np.arange(2000) / 4000)[:, None, None]
    frames = rng.poisson((50 + 60 * np.sum(spots, axis=0)) * left).astype(np.uint16)
    with pytest.raises(sv.UserError, match="No cells"):
        sv.detect_cells(sv.Movie(from_memory(frames), fps=30.0, name="still"), diameter_px=11)


def test_noise_holds_no_cells() -> None:
    noise = np.random.default_rng(0).poisson(50, (600, 64, 64)).astype(np.uint16)
    movie = sv.Movie(from_memory(noise), fps=30.0, name="noise")
    with pytest.raises(sv.UserError, match=r"No cells .*noise"):
        sv.detect_cells(movie, diameter_px=10)
    with pytest.raises(sv.UserError, match="give their diameter"):
        sv.detect_cells(movie)


@pytest.mark.parametrize("diameter", [1.0, 60.0])
def test_a_diameter_that_no_cell_has_is_refused(
    simulated: tuple[sv.Movie, sv.Truth], diameter: float
) -> None:
    with pytest.raises(sv.UserError, match="give 3 to 32 pixels"):
        sv.detect_cells(simulated[0], diameter_px=diameter)


def test_cells_at_the_rim_stay_inside(simulated: tuple[sv.Movie, sv.Truth]) -> None:
    movie, truth = simulated
    row = int(truth.centres[0, 0])
    cut = replace(movie, data=movie.data[:, row:])
    cells = sv.detect_cells(cut, diameter_px=12)
    assert cells.shape == cut.shape
    assert cells.centres is not None
    assert (cells.centres >= -0.5).all()
    assert (cells.centres < cut.shape).all()


def test_pixels_and_frames_that_do_not_count_hide_no_cells(
    simulated: tuple[sv.Movie, sv.Truth], found: sv.Cells
) -> None:
    """As of a registered movie, whose rim is NaN in every frame."""
    movie = simulated[0]
    frames = np.asarray(movie.data).astype(np.float32)
    frames[:, :3], frames[100:110] = np.nan, np.nan
    cells = sv.detect_cells(replace(movie, data=from_memory(frames)), diameter_px=6)
    assert found.centres is not None
    assert cells.centres is not None
    inner = found.centres[found.centres[:, 0] > 5]
    away = np.linalg.norm(inner[:, None] - cells.centres[None], axis=-1)
    assert np.mean(away.min(axis=1) < 1.0) >= 0.8
    # Next to the rim as well: it is like the border of the field.
    assert (away.min(axis=1)[inner[:, 0] < 12] < 1.0).any()
    good = np.r_[0:100, 110 : len(frames)]
    assert np.isfinite(cells.traces["raw"][good]).all()
    assert np.isfinite(cells.traces["neuropil"][good]).all()


def test_real_cells_are_found(real_movie: Path) -> None:
    """A person counts 20 to 30 in it."""
    cells = sv.detect_cells(sv.open_movie(real_movie))
    assert 10 <= len(cells) <= 80

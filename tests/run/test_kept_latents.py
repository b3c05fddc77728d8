"""Of a large field the latents with most activity are analysed, wherever they are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.signal import lfilter

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.model import config as config_module
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.run.kept_latents import busiest, kept_columns, kept_grid
from napari_sparsevar.run.latents import mapped_latents
from napari_sparsevar.training.events import Finished

GRID = LatentGrid((80, 80), 4)
BUSY = [43, 62, 63, 210, 357]


def series_of(values: npt.NDArray[np.float32], **more: object) -> Series:
    return Series(values, torch.ones(len(values), dtype=torch.bool), **more)  # type: ignore[arg-type]


@pytest.fixture
def values() -> npt.NDArray[np.float32]:
    """Noise, and the calcium of a few cells, some of them six times as bright as others."""
    rng = np.random.default_rng(0)
    found = rng.standard_normal((800, GRID.size)).astype(np.float32)
    events = rng.standard_normal((800, len(BUSY))) > 1.5
    found[:, BUSY] += lfilter([1.0], [1.0, -0.9], events, axis=0) * [1.5, 6.0, 2.0, 1.5, 4.0]
    return found


def test_slow_activity_is_kept(values: npt.NDArray[np.float32]) -> None:
    assert busiest(series_of(values + 100), GRID, len(BUSY)).tolist() == BUSY


def test_neuropil_that_many_places_share_does_not_take_the_room_of_cells(
    values: npt.NDArray[np.float32],
) -> None:
    rng = np.random.default_rng(1)
    course = 0.5 * lfilter([1.0], [1.0, -0.97], rng.standard_normal(800))
    loud = np.exp(-0.5 * (np.linalg.norm(GRID.places() - 10, axis=1) / 14) ** 2)
    mixed = values + np.outer(course, loud).astype(np.float32)
    change = mixed.var(axis=0)
    assert (change > change[BUSY].min()).sum() > 60  # a dim cell is not among the 60 that vary most
    assert set(busiest(series_of(mixed), GRID, 60)) >= set(BUSY)


def test_frames_that_do_not_count_do_not_choose(values: npt.NDArray[np.float32]) -> None:
    good = torch.ones(800, dtype=torch.bool)
    good[300:320] = False
    values[300:320, 220:340] = 1000.0
    assert busiest(Series(values, good), GRID, len(BUSY)).tolist() == BUSY


def test_nothing_is_left_out_of_a_field_that_is_small(values: npt.NDArray[np.float32]) -> None:
    kept = busiest(series_of(values), GRID, GRID.size)
    assert kept.tolist() == list(range(GRID.size))
    assert kept_grid(GRID, kept) is GRID


def test_what_is_kept_takes_the_place_of_all(
    values: npt.NDArray[np.float32], tmp_path: Path
) -> None:
    kept, file = np.array(BUSY), tmp_path / "latents.npy"
    np.save(file, values)
    found = kept_columns(series_of(mapped_latents(file)), kept, file)
    np.testing.assert_array_equal(found, values[:, BUSY])
    np.testing.assert_array_equal(mapped_latents(file), found)
    np.testing.assert_array_equal(kept_columns(series_of(values), kept, None), found)
    assert [path.name for path in tmp_path.iterdir()] == ["latents.npy"]


def test_a_run_of_a_large_field_finds_its_drivers_and_opens_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_module, "MOST_PREDICTORS", 100)
    movie, truth = sv.simulate_movie(1500, (64, 64), seed=0, n_cells=16, n_drivers=3)
    config = sv.TrainConfig(steps=4, validate_every=2, model=sv.ModelConfig(stride=4, width=4))
    events = list(sv.train(movie, config, out=tmp_path / "run", until="drivers"))
    assert isinstance(events[-1], Finished)
    run = sv.load_run(tmp_path / "run")
    grid = run.results.grid
    assert run.results.latents.shape == (1500, grid.size) == (1500, 100)
    assert any("Of the 256 places" in notice for notice in run.record.notices)
    nearest = np.hypot(*(grid.centres()[:, None] - truth.centres[None]).T).min(axis=1)
    assert nearest.max() <= 4  # every cell has a latent
    for place in run.drivers.itertuples():
        away = np.hypot(*(truth.centres - (place.y, place.x)).T)
        assert truth.is_driver[away.argmin()]
    assert len(run.drivers) >= 2
    assert not run.contribution_map[~run.results.projection.covered].any()

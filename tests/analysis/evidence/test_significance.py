"""The list of drivers: what survives the test against chance, and what comes of its p-values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

import napari_sparsevar as sv
from napari_sparsevar.analysis.analyse import next_stage
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance, rows_to_test
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers, keep_drivers
from napari_sparsevar.analysis.maps.tested_drivers import (
    MOST_CANDIDATES,
    place_p_values,
    told_apart,
)
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.simulation.truth import Truth
from napari_sparsevar.progress import returned
from napari_sparsevar.training.finish import mapped
from napari_sparsevar.training.preparation import prepare


def bumps(*centres: tuple[int, int], side: int = 64, fall: float = 0.2) -> np.ndarray:
    y, x = np.mgrid[:side, :side]
    heights = 1.0 - fall * np.arange(len(centres))
    image = sum(
        height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 12.5)
        for height, (row, column) in zip(heights, centres, strict=True)
    )
    return np.asarray(image, np.float32)


def significance_of(place_p: np.ndarray) -> Significance:
    nothing = torch.full((len(place_p), len(place_p)), torch.nan)
    p_values = torch.from_numpy(place_p).float()
    chance = torch.full_like(p_values, 0.1)
    none = torch.zeros(nothing.shape, dtype=torch.bool)
    return Significance(nothing, nothing, nothing, p_values, chance, chance, none)


@pytest.fixture
def drivers() -> Drivers:
    return find_drivers(bumps((10, 10), (30, 40), (50, 20)), spacing=4)


def test_kept_drivers_are_ranked_anew_without_gaps(drivers: Drivers) -> None:
    kept = keep_drivers(drivers, np.array([True, False, True]))
    assert kept.table["rank"].tolist() == kept.table["label"].tolist() == [1, 2]
    assert kept.labels[10, 10] == 1
    assert kept.labels[50, 20] == 2
    assert kept.labels[30, 40] == 0


def test_only_what_chance_does_not_explain_survives(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    p_values = np.full(grid.size, 0.8)
    nearest = np.hypot(*(grid.centres() - (30, 40)).T).argmin()
    p_values[nearest] = 0.01
    found = told_apart(drivers, significance_of(p_values), grid)
    assert found.drivers.table["p_adjusted"].tolist() == pytest.approx([0.01])
    assert set(np.unique(found.drivers.labels)) == {0, 1}
    assert found.drivers.labels[30, 40] == 1


def test_whatever_stands_out_is_either_a_driver_or_a_candidate(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    p_values = np.full(grid.size, 0.8)
    p_values[np.hypot(*(grid.centres() - (30, 40)).T).argmin()] = 0.01
    found = told_apart(drivers, significance_of(p_values), grid)
    assert found.candidates.table["label"].tolist() == [2, 3]
    assert found.candidates.table["p_adjusted"].tolist() == pytest.approx([0.8, 0.8])
    assert not ((found.candidates.labels > 0) & (found.drivers.labels > 0)).any()
    both = (found.candidates.labels > 0) | (found.drivers.labels > 0)
    np.testing.assert_array_equal(both, drivers.labels > 0)


def test_drivers_are_all_listed_and_of_others_the_surest() -> None:
    grid = LatentGrid((160, 160), 4)
    places = [(row, column) for row in range(12, 160, 16) for column in range(12, 160, 16)]
    found = find_drivers(bumps(*places, side=160, fall=0.005), spacing=4)
    p_values = np.full(grid.size, 0.8)
    p_values[np.hypot(*(grid.centres() - (80, 0)).T) < 60] = 0.02
    told = told_apart(found, significance_of(p_values), grid)
    n_drivers = len(told.drivers.table)
    assert n_drivers > MOST_CANDIDATES == len(told.candidates.table) < len(places) - n_drivers
    labels = told.candidates.table["label"].tolist()
    assert labels == list(range(n_drivers + 1, n_drivers + 1 + MOST_CANDIDATES))
    assert set(np.unique(told.candidates.labels)) == {0, *labels}


def test_the_surest_come_first_and_of_those_as_sure_the_strongest(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    p_values = np.full(grid.size, 0.8)
    for place, p_value in (((10, 10), 0.03), ((30, 40), 0.02), ((50, 20), 0.02)):
        p_values[np.hypot(*(grid.centres() - place).T).argmin()] = p_value
    found = told_apart(drivers, significance_of(p_values), grid).drivers
    assert found.table["p_adjusted"].tolist() == pytest.approx([0.02, 0.02, 0.03])
    assert [found.labels[30, 40], found.labels[50, 20], found.labels[10, 10]] == [1, 2, 3]
    assert found.table["rank"].tolist() == [1, 2, 3]


def test_a_region_smaller_than_a_latent_takes_the_nearest_one() -> None:
    grid = LatentGrid((64, 64), 16)
    labels = np.zeros((64, 64), np.int32)
    labels[16, 16] = 1  # no centre of a latent lies here
    table = find_drivers(bumps((16, 16)), spacing=4).table
    p_values = np.full(grid.size, 0.5)
    p_values[np.hypot(*(grid.centres() - (16, 16)).T).argmin()] = 0.02
    found = told_apart(Drivers(labels, table), significance_of(p_values), grid)
    assert found.drivers.table["p_adjusted"].tolist() == pytest.approx([0.02])


def test_a_region_far_from_all_that_is_analysed_has_no_p_value_of_another_place() -> None:
    whole = LatentGrid((64, 64), 4)
    kept = np.flatnonzero(np.hypot(*(whole.centres() - (8, 8)).T) < 10)
    grid = LatentGrid((64, 64), 4, kept=tuple(kept.tolist()))
    labels = np.zeros((64, 64), np.int32)
    labels[6:10, 6:10], labels[48:52, 48:52] = 1, 2
    found = place_p_values(np.full(grid.size, 0.01, np.float32), labels, np.array([1, 2]), grid)
    assert found.tolist() == pytest.approx([0.01, 1.0])


def test_what_is_not_tested_is_a_candidate_without_p_value(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    found = told_apart(drivers, significance_of(np.full(grid.size, np.nan)), grid)
    assert found.drivers.table.empty
    assert not found.drivers.labels.any()
    assert len(found.candidates.table) == 3
    assert found.candidates.table["p_adjusted"].isna().all()


@pytest.mark.parametrize(("predictors", "most"), [(100, 2**26 // 100), (2048, 32768), (8192, 8192)])
@pytest.mark.parametrize("n_rows", [10, 32768, 32769, 700_000])
def test_a_long_recording_is_tested_on_stretches_spread_over_it(
    n_rows: int, predictors: int, most: int
) -> None:
    rows = rows_to_test(n_rows, predictors)
    assert len(rows) == min(n_rows, most)
    assert len(rows.unique()) == len(rows)
    assert (int(rows[0]), int(rows[-1])) == (0, n_rows - 1)
    assert (rows.diff() != 1).sum() <= 15


def results_of(movie: sv.Movie) -> Results:
    """Analyse with the untrained network, which is Gaussian pooling, without the criterion."""
    prepared = prepare(movie, sv.TrainConfig(), torch.device("cpu"))
    prepared.trainer.calibrate()
    results = returned(mapped(prepared))
    while results.stage != "stability":
        results = returned(next_stage(results))
    return results


@pytest.fixture(scope="module")
def known() -> tuple[Results, Truth]:
    movie, truth = sv.simulate_movie(n_frames=2500, shape=(64, 64), seed=3)
    return results_of(movie), truth


def test_true_drivers_stand_out_of_the_map(known: tuple[Results, Truth]) -> None:
    """Even before training."""
    results, truth = known
    footprints = truth.footprints.reshape(len(truth.footprints), -1)
    score = footprints @ results.contribution.ravel() / footprints.sum(axis=1)
    is_driver = np.isin(np.arange(len(score)), truth.drivers)
    wins = stats.mannwhitneyu(score[is_driver], score[~is_driver]).statistic
    assert wins / (is_driver.sum() * (~is_driver).sum()) > 0.9


def test_the_map_is_beyond_chance_at_drivers_only(known: tuple[Results, Truth]) -> None:
    results, truth = known
    places = truth.centres[truth.drivers]
    assert results.contribution.max() > 2
    beyond = np.argwhere(results.contribution > 1)
    away = np.array([np.hypot(*(places - pixel).T).min() for pixel in beyond])
    assert (away < 8.0).mean() > 0.9


def test_halves_of_a_recording_with_drivers_agree(known: tuple[Results, Truth]) -> None:
    found = known[0].stability
    assert found.agreement.min() > 0.8
    assert np.corrcoef(found.halves.reshape(2, -1))[0, 1] == pytest.approx(found.agreement[0])


def test_survivors_are_true_drivers_and_their_edges_carry_intervals(
    known: tuple[Results, Truth],
) -> None:
    results, truth = known
    table = results.drivers.table
    assert len(table) >= 4
    assert (table["p_adjusted"] <= LEVEL).all()
    assert table["stability"].between(0, 1).all()
    places = truth.centres[truth.drivers]
    for y, x in table[["y", "x"]].to_numpy():
        assert np.hypot(*(places - (y, x)).T).min() < 6.0
    edges = results.edges
    given = edges.dropna(subset=["estimate"])
    assert (given["low"] < given["estimate"]).all()
    assert (given["estimate"] < given["high"]).all()
    sure = given[given["p_adjusted"] <= LEVEL]
    assert len(sure) > 10
    assert ((sure["low"] > 0) | (sure["high"] < 0)).mean() > 0.95
    assert sure["stability"].median() > edges["stability"].median()


def test_a_movie_without_influence_has_no_drivers() -> None:
    """Cells with calcium of their own, none driving another."""
    movie, _ = sv.simulate_movie(n_frames=1500, shape=(64, 64), seed=5, coupling=0.0)
    results = results_of(movie)
    assert results.drivers.table.empty
    assert results.contribution.max() < 1
    assert abs(results.stability.agreement.mean()) < 0.5

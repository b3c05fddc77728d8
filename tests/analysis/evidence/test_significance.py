"""The list of drivers: what survives the test against chance, and what comes of its p-values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.significance import Significance, rows_to_test
from napari_sparsevar.analysis.maps.drivers import Drivers, find_drivers, keep_drivers
from napari_sparsevar.analysis.maps.tested_drivers import LEVEL, cautions, surviving_drivers
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.simulation.truth import Truth
from napari_sparsevar.progress import returned
from napari_sparsevar.training.finish import analysed
from napari_sparsevar.training.preparation import prepare


def bumps(*centres: tuple[int, int]) -> np.ndarray:
    y, x = np.mgrid[:64, :64]
    heights = 1.0 - 0.2 * np.arange(len(centres))
    image = sum(
        height * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 12.5)
        for height, (row, column) in zip(heights, centres, strict=True)
    )
    return np.asarray(image, np.float32)


def significance_of(place_p: np.ndarray) -> Significance:
    nothing = torch.full((len(place_p), len(place_p)), torch.nan)
    return Significance(nothing, nothing, nothing, torch.from_numpy(place_p).float())


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
    survivors = surviving_drivers(drivers, significance_of(p_values), grid)
    assert survivors.table["p_adjusted"].tolist() == pytest.approx([0.01])
    assert set(np.unique(survivors.labels)) == {0, 1}
    assert survivors.labels[30, 40] == 1


def test_a_region_smaller_than_a_latent_takes_the_nearest_one() -> None:
    grid = LatentGrid((64, 64), 16)
    labels = np.zeros((64, 64), np.int32)
    labels[16, 16] = 1  # no centre of a latent lies here
    table = find_drivers(bumps((16, 16)), spacing=4).table
    p_values = np.full(grid.size, 0.5)
    p_values[np.hypot(*(grid.centres() - (16, 16)).T).argmin()] = 0.02
    found = surviving_drivers(Drivers(labels, table), significance_of(p_values), grid)
    assert found.table["p_adjusted"].tolist() == pytest.approx([0.02])


def test_without_a_test_nothing_is_thrown_away(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    kept = surviving_drivers(drivers, significance_of(np.full(grid.size, np.nan)), grid)
    assert len(kept.table) == len(drivers.table) == 3


@pytest.mark.parametrize(("predictors", "most"), [(100, 16384), (512, 16384), (2048, 4096)])
@pytest.mark.parametrize("n_rows", [10, 16384, 16385, 100_000])
def test_a_long_recording_is_tested_on_stretches_spread_over_it(
    n_rows: int, predictors: int, most: int
) -> None:
    rows = rows_to_test(n_rows, predictors)
    assert len(rows) == min(n_rows, most)
    assert len(rows.unique()) == len(rows)
    assert (int(rows[0]), int(rows[-1])) == (0, n_rows - 1)
    assert (rows.diff() != 1).sum() <= 15


def test_a_person_is_told_what_the_list_of_drivers_is_worth(drivers: Drivers) -> None:
    grid = LatentGrid((64, 64), 4)
    nothing = significance_of(np.ones(grid.size))
    (said,) = cautions(surviving_drivers(drivers, nothing, grid), nothing)
    assert "no drivers" in said
    untested = replace(significance_of(np.full(grid.size, np.nan)), note="No p-values: too short.")
    (said,) = cautions(drivers, untested)
    assert "not tested" in said
    assert cautions(drivers, significance_of(np.zeros(grid.size))) == ()


def results_of(movie: sv.Movie) -> Results:
    """Analyse with the untrained network, which is Gaussian pooling.

    Without the criterion along the path: most of the work, and nothing here looks at it.
    """

    def no_criterion(*_: object) -> Iterator[float]:
        yield 1.0

    prepared = prepare(movie, sv.TrainConfig(), torch.device("cpu"))
    prepared.trainer.calibrate()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("napari_sparsevar.analysis.results.criterion_table", no_criterion)
        return returned(analysed(prepared))


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
    assert results_of(movie).drivers.table.empty

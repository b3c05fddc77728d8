"""Partners, places and curves of a made-up run in which one place drives two others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from made_runs import SOURCE, TARGETS, made_full_run
from napari_sparsevar.analysis.fit.solution_path import SolutionPath
from napari_sparsevar.analysis.maps.edges import strongest_edges
from napari_sparsevar.analysis.maps.influence import influence_map, moved_latents
from napari_sparsevar.analysis.maps.partners import partner_table
from napari_sparsevar.analysis.maps.path_curves import edge_curves, partner_curves
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.run.places import places
from napari_sparsevar.run.run import Run

STRIDE = 4


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return made_full_run(tmp_path_factory.mktemp("made") / "run")


@pytest.fixture(scope="module")
def path(run: Run) -> SolutionPath:
    return SolutionPath.trace(run.results.fitted.statistics, run.results.fitted.weights)


def square(run: Run, place: tuple[int, int]) -> np.ndarray:
    """Pixels of one latent."""
    mask = np.zeros(run.results.grid.shape, bool)
    y, x = (STRIDE * at for at in place)
    mask[y : y + STRIDE, x : x + STRIDE] = True
    return mask


def partners(run: Run, place: tuple[int, int], direction: str, lag: int | None = None):  # type: ignore[no-untyped-def]
    results = run.results
    region = Region(square(run, place), results.projection)
    image = influence_map(results.fitted, region, direction, lag)  # type: ignore[arg-type]
    return image, partner_table(results, region, direction, image, lag)  # type: ignore[arg-type]


def test_no_end_of_an_edge_and_no_partner_lies_outside_of_the_field(tmp_path: Path) -> None:
    # Of the latents that are driven only half lies in the field.
    run = made_full_run(tmp_path / "run", (26, 26))
    _, table = partners(run, SOURCE, "outgoing")
    edges = strongest_edges(run.results.fitted, run.results.projection, 200)
    assert (table[["y", "x"]].max(axis=1) > 24).any()
    for ends in (table[["y", "x"]], edges[["source_y", "source_x", "target_y", "target_x"]]):
        assert ends.to_numpy().max() <= 25


def test_what_a_place_drives_are_its_first_partners(run: Run) -> None:
    image, table = partners(run, SOURCE, "outgoing")
    assert list(table["rank"]) == list(range(1, len(table) + 1))
    found = {(round(row.y) // STRIDE, round(row.x) // STRIDE) for row in table[:2].itertuples()}
    assert found == set(TARGETS)
    assert (table[:2]["strength"] > 0).all()
    assert list(table[:2]["lag"]) == [1, 1]
    assert (table[:2]["stability"] > 0.9).all()
    assert table["strength"].abs().is_monotonic_decreasing
    for row in table.itertuples():
        assert row.strength == pytest.approx(image[round(row.y), round(row.x)])


def test_what_is_driven_names_its_driver(run: Run) -> None:
    for target in TARGETS:
        _, table = partners(run, target, "incoming")
        first = table.iloc[0]
        assert (round(first["y"]) // STRIDE, round(first["x"]) // STRIDE) == SOURCE


def test_lags_add_up(run: Run) -> None:
    for direction in ("outgoing", "incoming"):
        whole, _ = partners(run, SOURCE, direction)
        each = [partners(run, SOURCE, direction, lag)[0] for lag in (1, 2)]
        np.testing.assert_allclose(sum(each), whole, atol=1e-6)
        _, table = partners(run, SOURCE, direction, lag=2)
        assert (table["lag"] == 2).all()


def test_partners_are_apart(run: Run) -> None:
    _, table = partners(run, SOURCE, "outgoing")
    where = table[["y", "x"]].to_numpy(float)
    away = np.linalg.norm(where[:, None] - where[None], axis=2)
    assert (away[np.triu_indices(len(where), 1)] >= 3 * STRIDE).all()


def strongest(run: Run, most: int) -> pd.DataFrame:
    return strongest_edges(run.results.fitted, run.results.projection, most)


def test_nothing_to_list_where_there_are_no_edges(run: Run) -> None:
    silent = run.at_penalty(100.0)
    _, table = partners(silent, SOURCE, "outgoing")
    assert table.empty
    assert strongest(silent, 10).empty


def test_strongest_edges_are_the_first_of_all_edges(run: Run) -> None:
    some, every = strongest(run, 7), run.edges
    for name in ("source", "target", "lag", "effect", "source_y", "target_x"):
        np.testing.assert_allclose(some[name], every[name][:7])
    assert len(strongest(run, 10**6)) == len(every)


@pytest.mark.parametrize("share", [1.0, 1.3, 2.0])
def test_curves_pass_through_what_the_maps_say(run: Run, path: SolutionPath, share: float) -> None:
    there = run.at_penalty(share * run.penalty).results
    for direction in ("outgoing", "incoming"):
        mask = square(run, SOURCE if direction == "outgoing" else TARGETS[0])
        region = Region(mask, there.projection)
        moved = moved_latents(there.fitted, region, direction).sum(0)  # type: ignore[arg-type]
        unit = there.projection.amplitude if direction == "outgoing" else np.ones(len(moved))
        latents = [int(at) for at in np.argsort(-np.abs(moved))[:3]]
        curves = partner_curves(run.results, path, region, direction, latents)  # type: ignore[arg-type]
        for latent, curve in zip(latents, curves, strict=True):
            value = np.interp(share * run.penalty, curve.penalties[::-1], curve.values[::-1])
            # Targets that hardly belong to the region are left out of the incoming curves.
            assert value == pytest.approx(moved[latent] * unit[latent], rel=0.2, abs=1e-9)


def test_edge_curves_are_the_effects_of_edges(run: Run, path: SolutionPath) -> None:
    edges = strongest(run, 5)
    for effect, curve in zip(edges["effect"], edge_curves(run.results, path, edges), strict=True):
        value = np.interp(run.penalty, curve.penalties[::-1], curve.values[::-1])
        assert value == pytest.approx(effect, rel=1e-9)


def test_places_are_drivers_and_what_is_painted(run: Run) -> None:
    regions = np.zeros(run.results.grid.shape, np.int32)
    regions[square(run, SOURCE)] = 4
    regions[0, 0] = 9
    table = places(run.results, regions)
    painted = table[table["kind"] == "region"]
    assert list(painted["label"]) == [4, 9]
    assert list(painted["area_px"]) == [16, 1]
    first = painted.iloc[0]
    assert (first["y"], first["x"]) == (5.5, 5.5)
    assert first["strength"] == pytest.approx(run.contribution_map[regions == 4].max())
    assert len(places(run.results, None)) == len(run.drivers) == len(table) - 2

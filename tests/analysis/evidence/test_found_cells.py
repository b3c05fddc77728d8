"""Cells that were found tell more of the places where they lie."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.evidence.found_cells import FoundCells, either, surer

PLACES = np.array([[y, x] for y in (0.0, 4.0, 8.0) for x in (0.0, 4.0, 8.0)])


def made(
    centres: list[tuple[float, float]],
    p_values: list[float],
    *,
    strengths: list[float] | None = None,
    drives: list[float] | None = None,
    edge_p: np.ndarray | None = None,
    reach: float = 3.0,
) -> FoundCells:
    n, ones = len(centres), [1.0] * len(centres)
    none = np.full((1, n, n), np.nan)
    numbers = (np.array(each) for each in (centres, p_values, strengths or ones, drives or ones))
    return FoundCells(*numbers, none if edge_p is None else edge_p, reach)


def at(centres: list[tuple[float, float]], p_values: list[float]) -> list[float]:
    found = made(centres, p_values).at(PLACES)
    assert found is not None
    return found.place.tolist()


def test_a_cell_is_of_the_places_within_its_reach_and_of_the_nearest_at_least() -> None:
    near = at([(4.0, 2.0)], [0.01])
    assert [k for k, p in enumerate(near) if p == 0.01] == [3, 4]
    alone = at([(4.0, 30.0)], [0.01])
    assert [k for k, p in enumerate(alone) if p == 0.01] == [5]
    assert np.isnan(np.delete(alone, 5)).all()


def test_of_cells_at_one_place_the_surest_counts() -> None:
    assert at([(0.0, 0.0), (0.0, 1.0)], [0.3, 0.02])[0] == 0.02


def test_what_was_not_tested_says_nothing() -> None:
    assert FoundCells.none("why").at(PLACES) is None
    assert made([(0.0, 0.0)], [np.nan]).at(PLACES) is None


def test_an_edge_between_cells_is_one_between_their_places_at_its_lag() -> None:
    edge_p = np.full((2, 3, 3), np.nan)
    edge_p[1, 0, 1], edge_p[0, 1, 0], edge_p[0, 2, 0] = 0.01, 0.4, 0.2
    cells = made([(4.0, 2.0), (8.0, 30.0), (8.0, 8.0)], [0.01, 0.9, 0.5], edge_p=edge_p)
    found = cells.at(PLACES, 2)
    assert found is not None
    assert found.edge.shape == (18, 9)
    sure = torch.nonzero(found.edge == np.float32(0.01)).tolist()
    assert sure == [[9 + 3, 8], [9 + 4, 8]]  # places 3 and 4 are of the first cell, 8 of the others
    assert found.edge[8, 3] == np.float32(0.2)  # of two cells there the surer
    assert found.edge.isfinite().sum() == 4
    together = cells.at(PLACES)  # of places at one lag: what arrives later counts there
    assert together is not None
    assert together.edge.shape == (9, 9)
    assert together.edge[3, 8] == np.float32(0.01)
    assert together.edge[8, 3] == np.float32(0.2)


def test_two_families_share_the_level() -> None:
    """Of two p-values that are uniform and independent the twice smaller is rarely small."""
    draws = torch.rand(2, 200_000, generator=torch.Generator().manual_seed(0))
    share = (either(*draws) <= 0.05).double().mean()
    assert 0.045 < share <= 0.0505
    places, cells = (
        torch.tensor([0.01, 0.01, torch.nan, 0.9]),
        torch.tensor([torch.nan, 0.3, 0.02, 0.8]),
    )
    assert either(places, cells).tolist() == pytest.approx([0.02, 0.02, 0.04, 1.0])


def test_a_place_is_surer_where_a_cell_is_beyond_chance_only() -> None:
    before = torch.tensor([0.4, 0.4, 2.0, 0.4])
    after = surer(before, torch.tensor([0.025, 0.03, 0.02, torch.nan]))
    assert after.tolist() == pytest.approx([1.0, 0.4, 2.0, 0.4])
    assert surer(before[:1], torch.tensor([0.001])) > 1.0


def test_cells_that_drive_beyond_chance_have_a_sign() -> None:
    centres, p_values = [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)], [0.01, 0.2, 0.02]
    found = made(centres, p_values, strengths=[0.3, 0.1, -0.2])
    assert found.driving().tolist() == [[1.0, 2.0, 1.0], [5.0, 6.0, -1.0]]
    assert FoundCells.none().driving().shape == (0, 3)


def test_a_pixel_has_the_drive_of_the_cell_it_is_of_the_most_of_several() -> None:
    found = made([(2.0, 2.0), (2.0, 5.0)], [1.0, 1.0], drives=[0.1, 0.3], reach=2.0)
    image = found.drive_of_pixels((6, 9))
    assert image.shape == (6, 9)
    assert image[2, [2, 5]].tolist() == pytest.approx([0.1, 0.3], abs=0.02)
    assert (image[2, 7], image[0, 5]) == pytest.approx((0.15, 0.15))  # half at the end of its reach
    assert image[2, 3] == pytest.approx(0.15)  # of the second more than of the first
    assert image[5, 0] < 0.01
    assert not FoundCells.none().drive_of_pixels((3, 4)).any()

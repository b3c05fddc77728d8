"""In which order cells stand: together who drives each other, and never by chance."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.cells.ordering import CELL_ORDERS, CellOrder, order_of_cells
from napari_sparsevar.errors import UserError

NAMES = [f"cell {number}" for number in range(12)]


def groups_of(n_groups: int, each: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Cells in shuffled groups, in which every cell drives the next; return matrix and group."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(n_groups), each))
    matrix = np.zeros((len(group),) * 2)
    for number in range(n_groups):
        inside = np.flatnonzero(group == number)
        matrix[inside[:-1], inside[1:]] = rng.choice([-1, 1], each - 1) * rng.uniform(1, 2)
    return matrix, group


@pytest.mark.parametrize("how", CELL_ORDERS)
def test_every_cell_stands_once(how: CellOrder) -> None:
    rng = np.random.default_rng(0)
    matrix, places = rng.standard_normal((12, 12)), rng.standard_normal((12, 2))
    matrix[3], places[4] = np.nan, np.nan
    assert sorted(order_of_cells(how, NAMES, matrix, places)) == list(range(12))


@pytest.mark.parametrize("how", CELL_ORDERS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_cells_can_be_ordered(how: CellOrder, n: int) -> None:
    found = order_of_cells(how, NAMES[:n], np.ones((n, n)), np.zeros((n, 2)))
    assert sorted(found) == list(range(n))


def test_numbers_in_names_count() -> None:
    names = ["cell 10", "2", "cell 9", "cell", "10", "cell 9b"]
    found = order_of_cells("name", names)
    assert [names[cell] for cell in found] == ["2", "10", "cell", "cell 9", "cell 9b", "cell 10"]


def test_cells_of_a_group_stand_together() -> None:
    matrix, group = groups_of(4, 5)
    found = group[order_of_cells("cluster", [str(cell) for cell in range(20)], matrix)]
    assert np.count_nonzero(np.diff(found)) == 3


@pytest.mark.parametrize("how", CELL_ORDERS)
def test_it_does_not_matter_in_which_order_cells_came(how: CellOrder) -> None:
    matrix, _ = groups_of(3, 4)
    matrix += 0.01 * np.random.default_rng(1).standard_normal((12, 12))
    places = np.random.default_rng(2).uniform(0, 90, (12, 2))
    shuffled = np.random.default_rng(3).permutation(12)
    first = [NAMES[cell] for cell in order_of_cells(how, NAMES, matrix, places)]
    names = [NAMES[cell] for cell in shuffled]
    again = order_of_cells(how, names, matrix[np.ix_(shuffled, shuffled)], places[shuffled])
    assert [names[cell] for cell in again] == first


def test_cells_without_a_link_come_last_by_name() -> None:
    matrix = np.zeros((12, 12))
    matrix[7, 10] = matrix[10, 2] = -1.0
    found = order_of_cells("cluster", NAMES, matrix)
    assert set(found[:3]) == {2, 7, 10}
    assert list(found[3:]) == [0, 1, 3, 4, 5, 6, 8, 9, 11]
    assert list(order_of_cells("cluster", NAMES, np.zeros((12, 12)))) == list(range(12))


def test_positions_go_from_the_top_along_the_longer_side() -> None:
    across = np.stack([np.zeros(12), np.arange(12.0)[::-1]], axis=1)
    assert list(order_of_cells("position", NAMES, positions=across)) == list(range(11, -1, -1))
    down = across[:, ::-1]
    assert list(order_of_cells("position", NAMES, positions=down)) == list(range(11, -1, -1))


def test_what_is_missing_is_one_sentence() -> None:
    with pytest.raises(UserError, match="where the cells lie"):
        order_of_cells("position", NAMES)
    with pytest.raises(UserError, match="matrix"):
        order_of_cells("cluster", NAMES)
    with pytest.raises(UserError, match="cluster, position, name"):
        order_of_cells("size", NAMES)  # type: ignore[arg-type]

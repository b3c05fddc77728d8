"""Cells renamed, merged, excluded: the rest stays as it came, and each step can be taken back."""

import numpy as np
import pytest

from napari_sparsevar.cells.cells import Cells, footprints_of_labels
from napari_sparsevar.cells.editing import Edits, edited, listed, name_of
from napari_sparsevar.cells.reading import mean_weights
from napari_sparsevar.errors import UserError


@pytest.fixture
def movie():
    return np.random.default_rng(0).normal(size=(50, 8, 10)).astype(np.float32)


@pytest.fixture
def cells(movie):
    """Four cells of different size, with the traces that their pixels have."""
    labels = np.zeros((8, 10), np.int32)
    labels[0:2, 0:2], labels[0:2, 4:9], labels[4:7, 0:3], labels[5:7, 5:7] = 1, 2, 3, 4
    footprints, _ = footprints_of_labels(labels)
    traces = (mean_weights(footprints) @ movie.reshape(50, -1).T).T.astype(np.float32)
    return Cells(["a", "b", "c", "d"], footprints, (8, 10), traces={"raw": traces})


def test_without_edits_nothing_changes(cells):
    found, numbers = edited(cells, Edits())
    assert list(found.names) == list(cells.names)
    assert (numbers == np.arange(4)).all()
    np.testing.assert_array_equal(found.traces["raw"], cells.traces["raw"])


def test_a_merged_cell_is_read_as_its_whole_outline_would_be(cells, movie):
    found, numbers = edited(cells, Edits().merge([1, 3]))
    assert list(found.names) == ["a", "b + d", "c"]
    assert numbers.tolist() == [0, 1, 2]
    whole = (mean_weights(found.footprints) @ movie.reshape(50, -1).T).T
    np.testing.assert_allclose(found.traces["raw"], whole, atol=1e-5)


def test_merging_is_the_same_in_whatever_order(cells):
    at_once = Edits().merge([0, 1, 2])
    for steps in (([0, 1], [1, 2]), ([1, 2], [0, 2])):
        one_by_one = Edits()
        for step in steps:
            one_by_one = one_by_one.merge(step)
        assert one_by_one.merged == at_once.merged
    found = edited(cells, at_once.split(0))
    assert list(found.cells.names) == ["a", "b", "c", "d"]


def test_excluded_cells_go_and_come_back(cells):
    out = Edits().exclude([0, 2])
    assert edited(cells, out).numbers.tolist() == [1, 3]
    assert listed(cells, out, with_excluded=True).numbers.tolist() == [0, 1, 2, 3]
    assert edited(cells, out.exclude([0], out=False)).numbers.tolist() == [0, 1, 3]
    with pytest.raises(UserError, match="All cells are excluded"):
        edited(cells, Edits().exclude(range(4)))


def test_a_name_stays_with_its_cell_and_none_is_given_twice(cells):
    called = Edits().rename(2, " big one ")
    assert name_of(cells, called, 2) == "big one"
    assert list(edited(cells, called.exclude([0])).cells.names) == ["b", "big one", "d"]
    assert name_of(cells, called.rename(2, ""), 2) == "c"
    with pytest.raises(UserError, match="Two cells would be called “b”"):
        edited(cells, Edits().rename(0, "b"))


def test_what_is_hidden_is_fitted_all_the_same(cells):
    assert len(edited(cells, Edits().hide([1])).cells) == 4

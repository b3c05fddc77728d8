"""The matrix shows what is beyond chance, in the order asked for; a field is a pair."""

import numpy as np
import pytest

from napari_sparsevar.widgets.cells.matrix import ALL, FAMILY, coloured, picture_of, shared_fields

pytestmark = pytest.mark.windowless


@pytest.mark.parametrize("how", ["cluster", "position", "name"])
def test_rows_and_columns_are_the_same_cells(fit, how):
    picture = picture_of(fit, "estimate", how, FAMILY, np.ones(5, bool))
    assert sorted(picture.order) == list(range(5))
    values = fit.matrix("estimate")
    for row, source in enumerate(picture.order):
        assert picture.names[row] == fit.names[source]
        for column, target in enumerate(picture.order):
            assert picture.values[row, column] == values[source, target]


def test_what_is_not_beyond_chance_is_not_drawn_and_pale_where_all_is(fit):
    picture = picture_of(fit, "estimate", "name", FAMILY, np.ones(5, bool))
    masked, everything = (coloured(picture, False, rest=rest)[..., 3] for rest in (False, True))
    assert (masked[~picture.beyond] == 0).all()
    assert (masked[picture.beyond] > 200).any()
    drawn = ~picture.beyond & (picture.values != 0)
    assert everything[drawn].max() <= 0.36 * everything[picture.beyond].max()


def test_what_raises_is_orange_and_what_lowers_blue(fit):
    picture = picture_of(fit, "estimate", "name", ALL, np.ones(5, bool))
    for light in (False, True):
        colours = coloured(picture, light, rest=True).astype(int)
        raised, lowered = picture.values > 0, picture.values < 0
        assert (colours[raised][:, 0] > colours[raised][:, 2]).all()
        assert (colours[lowered][:, 0] < colours[lowered][:, 2]).all()


def test_hidden_cells_are_left_out(fit):
    shown = np.array([True, True, False, True, True])
    picture = picture_of(fit, "score", "cluster", FAMILY, shown)
    assert 2 not in picture.order
    assert picture.values.shape == (4, 4)


@pytest.mark.parametrize("each", [1, 2, 3])
def test_no_pair_beyond_chance_is_lost_where_fields_share_a_dot(fit, each):
    picture = picture_of(fit, "estimate", "name", FAMILY, np.ones(5, bool))
    found = shared_fields(picture, each)
    assert found.values.shape == (-(-5 // each),) * 2
    for row, column in np.argwhere(picture.beyond):
        dot = row // each, column // each
        assert found.beyond[dot]
        assert abs(found.values[dot]) >= abs(picture.values[row, column])

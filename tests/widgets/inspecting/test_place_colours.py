"""A colour belongs to a place, whatever its rank."""

import pandas as pd

from napari_sparsevar.readers.runs import DRIVER_COLOURS, driver_colours
from napari_sparsevar.widgets.inspecting.place_colours import PlaceColours

A, B, C = (5.0, 5.0), (20.0, 5.0), (5.0, 30.0)


def table(*places):
    y, x = zip(*places, strict=True) if places else ((), ())
    return pd.DataFrame({"index": range(1, len(places) + 1), "y": y, "x": x})


def test_the_first_ones_are_those_of_the_reader():
    seven = table(*((20.0 * row, 0.0) for row in range(7)))
    assert PlaceColours().of(seven, 6.0) == driver_colours(range(1, 8))


def test_ranks_change_and_colours_stay():
    colours = PlaceColours()
    first = colours.of(table(A, B), 6.0)
    moved = (A[0] + 1, A[1] - 2)
    later = colours.of(table(C, B, moved), 6.0)
    assert (later[3], later[2]) == (first[1], first[2])
    assert later[1] not in (first[1], first[2])


def test_who_has_gone_comes_back_in_the_old_colour():
    colours = PlaceColours()
    first = colours.of(table(A, B), 6.0)
    assert colours.of(table(), 6.0) == {None: "transparent"}
    assert colours.of(table(B), 6.0)[1] == first[2]
    assert colours.of(table(A, B), 6.0) == first


def test_of_two_near_one_another_each_keeps_its_own():
    colours = PlaceColours()
    near = (A[0] + 4, A[1])
    first = colours.of(table(A, near), 6.0)
    later = colours.of(table(near, A), 6.0)
    assert (later[1], later[2]) == (first[2], first[1])
    assert set(first.values()) - {"transparent"} <= set(DRIVER_COLOURS)

"""What a person sees of a run of several planes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.run.planes import kept_image, kept_table, shown_image, shown_table

STACK = Stack((2, 4), 4, 4.0, (6, 10), 10)


def test_a_table_of_places_comes_back_as_it_was() -> None:
    table = pd.DataFrame({"label": [1, 2], "y": [3.0, 4.0], "x": [9.0, 21.5]})
    shown = shown_table(table, STACK)
    assert list(shown.columns) == ["label", "plane", "y", "x"]
    assert shown["plane"].tolist() == [2, 4]
    assert shown["x"].tolist() == [9.0, 1.5]
    pd.testing.assert_frame_equal(kept_table(shown, STACK), table)


def test_edges_say_when_they_are_read() -> None:
    table = pd.DataFrame(
        {
            "lag": [1, 1, 2],
            "source_y": 1.0,
            "source_x": [1.0, 21.0, 1.0],
            "target_y": 1.0,
            "target_x": [21.0, 1.0, 9.0],
        }
    )
    shown = shown_table(table, STACK)
    assert shown["lag_volumes"].tolist() == [1.5, 0.5, 2.0]
    assert shown["source_plane"].tolist() == [2, 4, 2]
    assert shown["target_x"].tolist() == [1.0, 1.0, 9.0]


def test_nothing_changes_where_there_is_one_plane() -> None:
    image, table = np.eye(6), pd.DataFrame({"y": [1.0], "x": [30.0]})
    assert shown_image(image, None) is image
    assert kept_image(image, None) is image
    assert shown_table(table, None) is table
    assert kept_table(table, None) is table


def test_an_image_of_the_field_is_kept_as_it_is() -> None:
    field = np.random.default_rng(0).random(STACK.field)
    assert kept_image(field, STACK) is field
    shown = shown_image(field, STACK)
    np.testing.assert_array_equal(shown_image(kept_image(shown, STACK), STACK), shown)

"""Thinned rows keep their peaks, however far one looks."""

import numpy as np
import pytest

from napari_sparsevar.widgets.timeline.pooling import Pyramid


@pytest.fixture
def rows():
    rows = np.random.default_rng(0).normal(size=(3, 5003)).astype(np.float32)
    rows[1, 700:900], rows[2, 40] = np.nan, np.nan
    return rows


@pytest.mark.parametrize(
    ("first", "last", "columns"),
    [(0, 5003, 100), (0, 5003, 7), (-300, 9000, 640), (1234.5, 1300.2, 500), (4990, 5003, 4)],
)
def test_every_column_is_the_largest_of_its_frames(rows, first, last, columns):
    found = Pyramid(rows).between(first, last, columns)
    n = found.values.shape[1]
    width = (found.stop - found.start) // n
    assert (found.stop - found.start) % n == 0
    assert n <= columns + 2
    assert found.start <= max(first, 0)
    assert found.stop >= min(last, rows.shape[1])
    for column in range(n):
        piece = rows[:, found.start + column * width : found.start + (column + 1) * width]
        wanted = [row[np.isfinite(row)].max(initial=-np.inf) for row in piece]
        got = np.where(np.isnan(found.values[:, column]), -np.inf, found.values[:, column])
        np.testing.assert_array_equal(got, wanted)


def test_columns_stay_where_they_are_while_one_pans(rows):
    pyramid = Pyramid(rows)
    one, other = pyramid.between(1000, 3000, 100), pyramid.between(1003, 3003, 100)
    assert (one.start - other.start) % 20 == 0


def test_a_movie_of_one_frame():
    found = Pyramid(np.ones((2, 1))).between(0, 1, 1000)
    assert found.values.tolist() == [[1.0], [1.0]]
    assert (found.start, found.stop) == (0, 1)

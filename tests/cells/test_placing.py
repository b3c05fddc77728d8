"""Cells lie where they lay, in a field of view that holds them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.cells.placing import in_field

LABELS = np.zeros((5, 7), np.int32)
LABELS[1:3, 2:4], LABELS[3:, 4:] = 1, 2
CELLS = sv.Cells.of_labels(LABELS)
UNKNOWN = replace(CELLS, field_known=False)


def test_a_field_of_unknown_size_grows() -> None:
    placed = in_field(UNKNOWN, (9, 8))
    assert (placed.shape, placed.field_known, placed.notes) == ((9, 8), True, ())
    np.testing.assert_array_equal(placed.label_image()[:5, :7], LABELS)
    assert not placed.label_image()[5:].any()
    np.testing.assert_allclose(placed.centres, CELLS.centres)


def test_what_reaches_over_the_edge_is_left_out_and_told() -> None:
    placed = in_field(UNKNOWN, (5, 6))
    np.testing.assert_array_equal(placed.label_image(), LABELS[:, :6])
    assert "1 of the cells reach over the edge" in placed.notes[0]


@pytest.mark.parametrize(
    ("cells", "shape", "said"),
    [
        (UNKNOWN, (5, 4), "1 of the cells lie outside of the 5 x 4 pixels of the movie, 2 is"),
        (CELLS, (9, 8), r"field of \(5, 7\) pixels but the movie of \(9, 8\)"),
        (CELLS, (7, 5), "exchange rows and columns"),
    ],
)
def test_cells_of_another_field_are_one_sentence(
    cells: sv.Cells, shape: tuple[int, int], said: str
) -> None:
    with pytest.raises(sv.UserError, match=said):
        in_field(cells, shape)

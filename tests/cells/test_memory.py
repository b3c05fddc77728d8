"""What is in memory becomes the cells that one sees: label images, layers, footprints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from napari.layers import Image, Labels, Shapes
from scipy import sparse

import napari_sparsevar as sv

LABELS = np.zeros((8, 12), np.int32)
LABELS[1:3, 1:4], LABELS[5:, 6:] = 7, 2

SQUARE = np.array([[1, 2], [1, 5], [4, 5], [4, 2]])
"""Corners y, x; the middle of the outer pixels."""


def mask(cells: sv.Cells, number: int) -> np.ndarray:
    assert cells.footprints is not None
    return cells.footprints[[number]].toarray().reshape(cells.shape)


def check(cells: sv.Cells, names: list[str]) -> None:
    assert list(cells.names) == names
    for number, label in enumerate((2, 7)):
        np.testing.assert_array_equal(mask(cells, number), label == LABELS)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_a_label_image(dtype: type) -> None:
    cells = sv.open_cells(LABELS.astype(dtype), fps=5)
    check(cells, ["2", "7"])
    assert (cells.fps, cells.field_known) == (5, True)


def test_a_labels_layer_with_its_names_and_units() -> None:
    features = pd.DataFrame({"index": [7, 2], "name": ["seven", None]})
    layer = Labels(LABELS, features=features, scale=(500, 500), units=("nm", "nm"))
    cells = sv.open_cells(layer)
    check(cells, ["2", "seven"])
    assert cells.pixel_size_um == 0.5
    check(sv.open_cells(Labels(LABELS)), ["2", "7"])
    by_row = pd.DataFrame({"name": ["background", *"abcdefg"]})
    check(sv.open_cells(Labels(LABELS, features=by_row)), ["b", "g"])


def test_labels_that_were_painted_on_frames_of_a_movie_lie_on_one_another() -> None:
    frames = np.zeros((5, *LABELS.shape), np.int32)
    frames[1][LABELS == 7], frames[3] = 7, LABELS
    cells = sv.open_cells(Labels(frames))
    check(cells, ["2", "7"])
    assert "labels of 2 frames lie on one another" in cells.notes[0]
    frames[1] = 0
    assert not sv.open_cells(Labels(frames)).notes
    frames[1, 1, 1] = 5
    with pytest.raises(sv.UserError, match="different labels at row 1, column 1"):
        sv.open_cells(Labels(frames))


def test_every_area_of_a_shapes_layer_is_a_cell() -> None:
    turned = np.array([[10.0, 6.0], [16.0, 12.0], [12.0, 16.0], [6.0, 10.0]])
    line = np.array([[0, 0], [9, 9]])
    layer = Shapes(
        [SQUARE, SQUARE + 1, turned, line],
        shape_type=["rectangle", "polygon", "ellipse", "line"],
        features={"name": ["a", "", "c", "axon"]},
    )
    cells = sv.open_cells(layer)
    assert list(cells.names) == ["a", "1", "c"]
    assert not cells.field_known
    # Cells that overlap both keep their pixels.
    for number, first in ((0, (1, 2)), (1, (2, 3))):
        rows, columns = np.nonzero(mask(cells, number))
        assert (rows.min(), columns.min(), len(rows)) == (*first, 16)
    # Half axes of the ellipse as it is turned.
    area = np.pi * np.hypot(6, 6) / 2 * np.hypot(4, 4) / 2
    assert mask(cells, 2).sum() == pytest.approx(area, rel=0.1)
    assert cells.centres is not None
    np.testing.assert_allclose(cells.centres[2], turned.mean(axis=0), atol=0.2)
    assert "left out (axon)" in cells.notes[0]


def test_shapes_are_where_napari_has_them() -> None:
    rng = np.random.default_rng(0)
    middles, radii = rng.uniform(10, 40, (12, 2)), rng.uniform(3, 12, (12, 2))
    corners = [m + rng.uniform(-8, 8, (5, 2)) for m in middles]
    for kind, data in (("polygon", corners), ("ellipse", list(np.stack([middles, radii], 1)))):
        layer = Shapes(data, shape_type=kind)
        cells = sv.open_cells(layer)
        whole = np.zeros((len(cells), 60, 60), bool)
        assert cells.shape is not None
        for number in range(len(cells)):
            whole[number, : cells.shape[0], : cells.shape[1]] = mask(cells, number)
        seen = layer.to_masks((60, 60))
        assert (whole ^ seen).sum() < 0.02 * seen.sum()


def test_shapes_drawn_on_frames_of_a_movie_count_rows_and_columns() -> None:
    on_frame = np.column_stack([np.full(4, 30), SQUARE])
    cells = sv.open_cells(Shapes([on_frame], shape_type="polygon"))
    np.testing.assert_array_equal(cells.centres, [[2.5, 3.5]])
    assert list(cells.names) == ["0"]


def test_sparse_footprints_keep_their_weights() -> None:
    weights = np.random.default_rng(0).uniform(0.1, 1, LABELS.shape)
    given = [sparse.coo_array(weights * (label == LABELS)) for label in (2, 7)]
    cells = sv.open_cells(given)
    assert list(cells.names) == ["0", "1"]
    np.testing.assert_allclose(mask(cells, 1), weights * (LABELS == 7))


def test_cells_are_cells() -> None:
    cells = sv.Cells.of_labels(LABELS)
    assert sv.open_cells(cells) is cells


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.ones((4, 4)), "whole numbers"),
        (np.ones((3, 4, 4), int), r"shape \(3, 4, 4\)"),
        (np.zeros((4, 4), int), "there is no cell"),
        (Labels(np.zeros((4, 4), int)), "there is no cell"),
        (Shapes(), "no outline with a pixel inside"),
        (Image(np.ones((4, 4))), "whole numbers"),
        ([], "there is no cell"),
        (sparse.csr_array(LABELS), "one .* for each cell"),
        ([sparse.csr_array(LABELS), sparse.csr_array(LABELS[:4])], "one field of view"),
        (["a", "b"], "not list"),
        (7, "not int"),
    ],
)
def test_what_are_no_cells_is_one_sentence(given: object, said: str) -> None:
    with pytest.raises(sv.UserError, match=said):
        sv.open_cells(given)  # type: ignore[arg-type]

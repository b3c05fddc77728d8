"""Regions of ImageJ become cells that cover the pixels ImageJ measures, by the same names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from roifile import ROI_OPTIONS, ROI_SUBTYPE, ROI_TYPE, ImagejRoi, roiwrite

import napari_sparsevar as sv

SQUARE = np.array([[2, 3], [6, 3], [6, 8], [2, 8]])
"""Corners x, y: columns 2 to 5, rows 3 to 7."""


def polygon(
    name: str, corners: np.ndarray = SQUARE, kind: ROI_TYPE = ROI_TYPE.POLYGON
) -> ImagejRoi:
    region = ImagejRoi.frompoints(corners, name=name)
    region.roitype = kind
    return region


def box(name: str, kind: ROI_TYPE, top: int, left: int, bottom: int, right: int) -> ImagejRoi:
    region = ImagejRoi()
    region.roitype, region.name = kind, name
    region.top, region.left, region.bottom, region.right = top, left, bottom, right
    return region


def composite(name: str, *squares: tuple[float, float, float]) -> ImagejRoi:
    """Squares x, y, edge; one inside another is a hole."""
    path: list[float] = []
    for x, y, edge in squares:
        path += [0, x, y, 1, x + edge, y, 1, x + edge, y + edge, 1, x, y + edge, 4]
    region = box(name, ROI_TYPE.RECT, 0, 0, 20, 20)
    region.multi_coordinates = np.array(path, np.float32)
    region.shape_roi_size = len(path)
    return region


def write(folder: Path, *regions: ImagejRoi) -> Path:
    roiwrite(folder / "RoiSet.zip", list(regions), mode="w")
    return folder / "RoiSet.zip"


def pixels(cells: sv.Cells, number: int = 0) -> set[tuple[int, int]]:
    assert cells.footprints is not None
    assert cells.shape is not None
    image = cells.footprints[[number]].toarray().reshape(cells.shape)
    return {(int(row), int(column)) for row, column in np.argwhere(image)}


def block(rows: range, columns: range) -> set[tuple[int, int]]:
    return {(row, column) for row in rows for column in columns}


@pytest.mark.parametrize("kind", [ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED])
def test_a_polygon_covers_the_pixels_whose_middle_is_inside(tmp_path: Path, kind: ROI_TYPE) -> None:
    cells = sv.open_cells(write(tmp_path, polygon("α cell", kind=kind)))
    assert (cells.kind, list(cells.names)) == ("ImageJ", ["α cell"])
    assert pixels(cells) == block(range(3, 8), range(2, 6))
    assert not cells.field_known
    assert not cells.notes


def test_fractions_of_a_pixel_count(tmp_path: Path) -> None:
    moved = sv.open_cells(write(tmp_path, polygon("a", SQUARE + 0.4)))
    assert pixels(moved) == block(range(3, 8), range(2, 6))
    further = sv.open_cells(write(tmp_path, polygon("a", SQUARE + 0.6)))
    assert pixels(further) == block(range(4, 9), range(3, 7))


def test_rectangles_and_ovals_fill_their_box(tmp_path: Path) -> None:
    regions = [
        box("rectangle", ROI_TYPE.RECT, 1, 2, 4, 9),
        box("oval", ROI_TYPE.OVAL, 10, 20, 30, 32),
    ]
    cells = sv.open_cells(write(tmp_path, *regions))
    assert pixels(cells) == block(range(1, 4), range(2, 9))
    inside = {
        (row, column)
        for row, column in block(range(10, 30), range(20, 32))
        if ((row - 19.5) / 10) ** 2 + ((column - 25.5) / 6) ** 2 < 1
    }
    assert len(pixels(cells, 1) ^ inside) <= 4  # pixels on the line
    assert cells.centres is not None
    np.testing.assert_allclose(cells.centres[1], [19.5, 25.5], atol=1e-6)


def test_a_rectangle_between_pixels_is_read_as_it_was_drawn(tmp_path: Path) -> None:
    region = box("a", ROI_TYPE.RECT, 1, 2, 4, 9)
    region.options |= ROI_OPTIONS.SUB_PIXEL_RESOLUTION
    region.xd, region.yd, region.widthd, region.heightd = 2.7, 1.2, 3.0, 2.0
    assert pixels(sv.open_cells(write(tmp_path, region))) == block(range(1, 3), range(3, 6))


def test_a_region_of_parts_keeps_its_hole(tmp_path: Path) -> None:
    cells = sv.open_cells(write(tmp_path, composite("ring", (2, 2, 6), (4, 4, 2), (12, 3, 2))))
    ring = block(range(2, 8), range(2, 8)) - block(range(4, 6), range(4, 6))
    assert pixels(cells) == ring | block(range(3, 5), range(12, 14))


def test_overlapping_cells_both_keep_their_pixels(tmp_path: Path) -> None:
    cells = sv.open_cells(write(tmp_path, polygon("a"), polygon("b", SQUARE + 1)))
    assert pixels(cells, 0) == block(range(3, 8), range(2, 6))
    assert pixels(cells, 1) == block(range(4, 9), range(3, 7))


def test_one_region_in_its_own_file(tmp_path: Path) -> None:
    region = polygon("")
    region.tofile(tmp_path / "0012-0007.roi")
    cells = sv.open_cells(tmp_path / "0012-0007.roi")
    assert list(cells.names) == ["0012-0007"]
    assert pixels(cells) == block(range(3, 8), range(2, 6))


def test_what_encloses_nothing_is_left_out_and_named(tmp_path: Path) -> None:
    line = box("axon", ROI_TYPE.LINE, 0, 0, 0, 0)
    line.x2 = line.y2 = 9.0
    point = polygon("spot", np.array([[4, 4]]), ROI_TYPE.POINT)
    cells = sv.open_cells(write(tmp_path, line, polygon("soma"), point))
    assert list(cells.names) == ["soma"]
    assert "2 outlines without a pixel inside are left out (axon, spot)" in cells.notes[0]
    with pytest.raises(sv.UserError, match="draw areas around cells"):
        sv.open_cells(write(tmp_path, line))


def test_a_name_that_comes_twice_is_told_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rois.zip", "w") as archive:
        archive.writestr("1.roi", polygon("a").tobytes())
        archive.writestr("2.roi", polygon("a", SQUARE + 3).tobytes())
        archive.writestr("__MACOSX/._1.roi", b"of macOS")
    cells = sv.open_cells(tmp_path / "rois.zip")
    assert list(cells.names) == ["a", "a (2)"]
    assert "several cells called 'a'" in cells.notes[0]


def test_planes_are_those_of_the_stack(tmp_path: Path) -> None:
    regions = [polygon("a"), polygon("b"), polygon("c")]
    for plane, region in zip((1, 3, 1), regions, strict=True):
        region.z_position = plane
    cells = sv.open_cells(write(tmp_path, *regions), plane=3)
    assert list(cells.names) == ["b"]


def test_an_outline_over_the_edge_keeps_what_is_inside(tmp_path: Path) -> None:
    cells = sv.open_cells(write(tmp_path, polygon("a", SQUARE - 4)))
    assert pixels(cells) == block(range(4), range(2))


def test_damaged_files_are_one_sentence(tmp_path: Path) -> None:
    whole = write(tmp_path, polygon("a"), polygon("b")).read_bytes()
    part = polygon("a").tobytes()
    (tmp_path / "short.roi").write_bytes(part[:70])
    with zipfile.ZipFile(tmp_path / "inside.zip", "w") as archive:
        archive.writestr("a.roi", b"nothing of the kind" * 9)
    broken = bytearray(whole)
    broken[60:90] = bytes(30)
    (tmp_path / "broken.zip").write_bytes(broken)
    wild = polygon("wild", SQUARE + 0.5)
    assert wild.subpixel_coordinates is not None
    wild.subpixel_coordinates[1] = 1e30
    wild.tofile(tmp_path / "wild.roi")
    for name in ("short.roi", "inside.zip", "broken.zip", "wild.roi"):
        with pytest.raises(sv.UserError, match="damaged"):
            sv.open_cells(tmp_path / name)
    (tmp_path / "other.zip").write_bytes(whole[:50])
    with pytest.raises(sv.UserError, match="no cells in a known format"):
        sv.open_cells(tmp_path / "other.zip")


def test_text_on_an_image_is_no_cell(tmp_path: Path) -> None:
    label = box("label", ROI_TYPE.RECT, 1, 1, 5, 9)
    label.subtype, label.text = ROI_SUBTYPE.TEXT, "soma"
    with pytest.raises(sv.UserError, match="no outline with a pixel inside"):
        sv.open_cells(write(tmp_path, label))

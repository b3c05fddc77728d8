"""A label image comes back as one footprint a number, whatever file it lies in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import napari_sparsevar as sv

LABELS = np.zeros((6, 9), np.uint16)
LABELS[1:3, 1:4], LABELS[4:, 6:] = 7, 2


def write(path: Path) -> None:
    if path.suffix == ".npy":
        np.save(path, LABELS)
    elif path.suffix == ".png":
        Image.fromarray(LABELS).save(path)
    else:
        tifffile.imwrite(path, LABELS)


@pytest.mark.parametrize("name", ["cells.npy", "cells.png", "cells.tif"])
def test_cells_keep_their_numbers_and_places(tmp_path: Path, name: str) -> None:
    write(tmp_path / name)
    cells = sv.open_cells(tmp_path / name)
    assert list(cells.names) == ["2", "7"]
    assert cells.shape == LABELS.shape
    named = np.array([0, *map(int, cells.names)])
    np.testing.assert_array_equal(named[cells.label_image()], LABELS)
    np.testing.assert_allclose(cells.centres, [[4.5, 7.0], [1.5, 2.0]])


def test_an_image_without_a_label_says_so(tmp_path: Path) -> None:
    np.save(tmp_path / "none.npy", np.zeros((4, 4), np.int32))
    with pytest.raises(sv.UserError, match="no pixel above 0"):
        sv.open_cells(tmp_path / "none.npy")


def test_numbers_that_are_kept_as_fractions(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "cells.tif", LABELS.astype(np.float32))
    assert list(sv.open_cells(tmp_path / "cells.tif").names) == ["2", "7"]
    tifffile.imwrite(tmp_path / "mean.tif", np.random.default_rng(0).random((6, 9), np.float32))
    with pytest.raises(sv.UserError):
        sv.open_cells(tmp_path / "mean.tif")


@pytest.mark.parametrize("mask", [(LABELS > 0) * np.uint8(255), LABELS > 0])
def test_patches_of_a_mask_are_a_cell_each(tmp_path: Path, mask: np.ndarray) -> None:
    np.save(tmp_path / "mask.npy", mask)
    cells = sv.open_cells(tmp_path / "mask.npy")
    assert len(cells) == 2
    assert any("each of its 2 patches" in note for note in cells.notes)

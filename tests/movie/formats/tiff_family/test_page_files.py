"""Frames that are pages of many files."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.tiff_family.page_files import Page, frames_of_files


@pytest.mark.parametrize("shape", [(16, 18), (1, 18), (16, 1), (1, 1)])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_pages_in_any_order(tmp_path: Path, shape: tuple[int, int], compression: str) -> None:
    frames = np.random.default_rng(0).integers(0, 4000, (6, *shape)).astype(np.uint16)
    for number in range(2):
        options = {"metadata": None, "compression": compression, "photometric": "minisblack"}
        tifffile.imwrite(tmp_path / f"{number}.tif", frames[3 * number :][:3], **options)
    pages = [Page(tmp_path / f"{number // 3}.tif", number % 3) for number in (5, 0, 3, 4)]
    lazy = frames_of_files(pages)
    np.testing.assert_array_equal(lazy, frames[[5, 0, 3, 4]])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(lazy)), frames[[5, 0, 3, 4]])


def test_a_page_that_is_missing_or_of_another_size(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((4, 5), np.uint8))
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((4, 6), np.uint8))
    first = Page(tmp_path / "a.tif", 0)
    with pytest.raises(UserError, match="no page 2"):
        np.asarray(frames_of_files([first, Page(tmp_path / "a.tif", 1)]))
    with pytest.raises(UserError, match=r"b\.tif holds an image of shape \(4, 6\)"):
        np.asarray(frames_of_files([first, Page(tmp_path / "b.tif", 0)]))
    (tmp_path / "c.tif").write_bytes(b"II*\0")
    with pytest.raises(UserError, match=r"c\.tif is damaged"):
        frames_of_files([Page(tmp_path / "c.tif", 0)])

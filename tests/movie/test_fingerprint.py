"""A fingerprint stays with the bytes of a movie, wherever they lie, and changes with them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_sparsevar.movie.fingerprint import fingerprint

FRAMES = np.random.default_rng(0).integers(0, 4000, (300, 40, 50), np.uint16)


def file(path: Path) -> Path:
    path.write_bytes(FRAMES.tobytes())
    return path


def folder(path: Path) -> Path:
    zarr.create_array(path, data=FRAMES, chunks=(10, 40, 50))
    return path


@pytest.mark.parametrize("make", [file, folder])
def test_a_copy_elsewhere_is_the_same(make: object, tmp_path: Path) -> None:
    one = make(tmp_path / "one")  # type: ignore[operator]
    other = tmp_path / "deep" / "other"
    other.parent.mkdir()
    (shutil.copytree if one.is_dir() else shutil.copy)(one, other)
    os.utime(other, (0, 0))
    assert fingerprint(one) == fingerprint(other)


def test_other_bytes_of_the_same_size_are_not(tmp_path: Path) -> None:
    one, other = file(tmp_path / "one"), tmp_path / "other"
    other.write_bytes((FRAMES + 1).tobytes())
    assert fingerprint(one).size_bytes == fingerprint(other).size_bytes == FRAMES.nbytes
    assert fingerprint(one).digest != fingerprint(other).digest


def test_a_folder_of_a_series_does_not_count_what_lies_deeper(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.tif").write_bytes(bytes([number]) * 100)
    before = fingerprint(tmp_path)
    (tmp_path / "run-1").mkdir()
    (tmp_path / "run-1" / "run.json").write_text("{}")
    assert fingerprint(tmp_path) == before
    (tmp_path / "40.tif").write_bytes(b"")
    assert fingerprint(tmp_path) != before


@pytest.mark.parametrize("content", [b"", b"x", b"x" * 5000])
def test_small_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "small").write_bytes(content)
    assert fingerprint(tmp_path / "small").size_bytes == len(content)

"""Frames of mapped files: any view, and no page is kept."""

from __future__ import annotations

import mmap
import pickle
from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.mapped import MappedFrames

FRAMES = np.random.default_rng(0).integers(0, 999, (30, 7, 9)).astype(">u2")
VIEWS = {
    "whole": np.s_[:, :, :],
    "every_second": np.s_[::2],
    "backwards": np.s_[::-1],
    "crop": np.s_[3:, ::-1, 2:],
}


@pytest.fixture
def mapped(tmp_path: Path) -> np.memmap:
    path = tmp_path / "movie.raw"
    path.write_bytes(b"\1" * 3001 + FRAMES.tobytes())
    return np.memmap(path, ">u2", "r", offset=3001, shape=FRAMES.shape)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("turned", [False, True])
def test_any_view_is_read_as_it_is(mapped: np.memmap, view: str, turned: bool) -> None:
    array, expected = mapped[VIEWS[view]], FRAMES[VIEWS[view]]
    if turned:
        array, expected = array.transpose(2, 0, 1), expected.transpose(2, 0, 1)
    read = MappedFrames(array)
    np.testing.assert_array_equal(read(0, len(expected)), expected)
    np.testing.assert_array_equal(read(2, 5), expected[2:5])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(read))(1, 4), expected[1:4])


def test_every_read_has_a_mapping_of_its_own(mapped: np.memmap) -> None:
    read = MappedFrames(mapped)
    first, second = read(0, 2), read(0, 2)
    assert isinstance(first.base, mmap.mmap)
    assert first.base is not second.base


def test_a_file_that_is_replaced_stays_readable(mapped: np.memmap, tmp_path: Path) -> None:
    lazy = lazy_frames.from_memory(mapped)
    (tmp_path / "movie.raw").unlink()
    np.testing.assert_array_equal(lazy, FRAMES)


def test_changes_that_only_memory_holds_are_kept(mapped: np.memmap, tmp_path: Path) -> None:
    copy = np.memmap(tmp_path / "movie.raw", ">u2", "c", offset=3001, shape=FRAMES.shape)
    copy[3] = 77
    assert (np.asarray(lazy_frames.from_memory(copy)[3]) == 77).all()

"""CaImAn's memory map, in the layout that its name describes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import caiman

FRAMES = np.random.default_rng(0).normal(size=(20, 16, 18)).astype(np.float32)


def write(folder: Path, stack: np.ndarray, order: str) -> Path:
    """Write a matrix of pixels x frames as `caiman.save_memmap` does."""
    dims = stack.shape[1:]
    matrix = stack.reshape(len(stack), -1, order="F").T
    sizes = "_".join(f"d{i}_{size}" for i, size in enumerate((*dims, 1)[:3], 1))
    path = folder / f"memmap_{sizes}_order_{order}_frames_{len(stack)}_.mmap"
    mapped = np.memmap(path, np.float32, "w+", shape=matrix.shape, order=order)
    mapped[:] = matrix
    mapped.flush()
    return path


@pytest.mark.parametrize("order", ["C", "F"])
def test_frames_in_both_orders(tmp_path: Path, order: str) -> None:
    movie = open_movie(write(tmp_path, FRAMES, order))
    np.testing.assert_array_equal(movie.data, FRAMES)
    np.testing.assert_array_equal(movie.data[7], FRAMES[7])
    assert movie.name == "memmap"
    assert bool(movie.notes) == (order == "C")


@pytest.mark.parametrize("order", ["C", "F"])
def test_planes(tmp_path: Path, order: str) -> None:
    path = write(tmp_path, np.stack([FRAMES, FRAMES + 1], axis=-1), order)
    movie = open_movie(path, plane=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)


def test_a_file_that_is_not_as_long_as_its_name_says(tmp_path: Path) -> None:
    path = write(tmp_path, FRAMES, "F")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UserError, match="truncated or renamed"):
        open_movie(path)
    renamed = path.rename(tmp_path / "movie.mmap")
    assert not caiman.claims(renamed)
    with pytest.raises(UserError, match="known format"):
        open_movie(renamed)

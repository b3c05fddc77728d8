"""Chunks that were never written are no frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.formats import written

FRAMES = np.random.default_rng(0).integers(1, 4000, (40, 16, 18)).astype(np.uint16)


def write(path: Path, n_frames: int, frames: np.ndarray = FRAMES) -> Any:
    """Write the first frames into an array that has room for all, and return it."""
    if path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            stored = file.create_dataset("movie", frames.shape, "u2", chunks=(5, 16, 9))
            stored[:n_frames] = frames[:n_frames]
        return None
    options = {"zarr_format": 2} if "2" in path.stem else {"shards": (10, 16, 18)}
    stored = zarr.create_array(
        str(path), shape=frames.shape, dtype="u2", chunks=(5, 16, 9), **options
    )
    stored[:n_frames] = frames[:n_frames]
    return stored


@pytest.fixture(params=["a.h5", "v2.zarr", "v3.zarr"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / str(request.param)


def test_a_recording_that_still_grows_opens_as_far_as_it_has_come(path: Path) -> None:
    write(path, 20)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES[:20])
    assert any("first 20 of 40 frames" in note for note in movie.notes)


def test_a_whole_recording_is_left_alone(path: Path) -> None:
    black_rim = FRAMES.copy()
    black_rim[:, :, :9] = 0
    write(path, 40, black_rim)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, black_rim)
    assert not any("written" in note or "lacks" in note for note in movie.notes)


def test_nothing_written_is_a_sentence(path: Path) -> None:
    write(path, 0)
    with pytest.raises(UserError, match="nothing has been written"):
        open_movie(path)


def test_a_chunk_that_was_lost_in_the_middle_is_said(tmp_path: Path) -> None:
    write(tmp_path / "v2.zarr", 40)
    for chunk in (tmp_path / "v2.zarr").glob("3.*"):
        chunk.unlink()
    movie = open_movie(tmp_path / "v2.zarr")
    assert movie.n_frames == 40
    assert any("frame 15" in note for note in movie.notes)


def test_the_end_is_found_among_many_chunks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(written, "_MOST", 2)
    write(path, 30)
    assert open_movie(path).n_frames == 30


def test_an_array_in_one_piece_that_was_never_written(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("movie", FRAMES.shape, "u2")
    with pytest.raises(UserError, match="nothing has been written"):
        open_movie(tmp_path / "a.h5")


def test_a_virtual_movie_needs_its_files(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "part.h5", "w") as file:
        file["movie"] = FRAMES
    layout = h5py.VirtualLayout(FRAMES.shape, "u2")
    layout[:] = h5py.VirtualSource("part.h5", "movie", FRAMES.shape)
    with h5py.File(tmp_path / "whole.h5", "w") as file:
        file.create_virtual_dataset("movie", layout)
    np.testing.assert_array_equal(open_movie(tmp_path / "whole.h5").data, FRAMES)
    (tmp_path / "part.h5").rename(tmp_path / "gone.h5")
    with pytest.raises(UserError, match=r"part\.h5 is not there"):
        open_movie(tmp_path / "whole.h5")

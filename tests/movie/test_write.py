"""What is written comes back: pixels, frame rate, pixel size; or nothing is written."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie, simulate_movie, write_movie

WRITTEN = ("movie.tif", "movie.zarr")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(WRITTEN),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32", "float64", ">u2", "int32"]),
    shape=st.tuples(st.integers(2, 9), st.integers(1, 20), st.integers(1, 20)),
    fps=st.none() | st.floats(0.01, 2000.0),
    pixel_size_um=st.none() | st.floats(0.01, 100.0),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    dtype: str,
    shape: tuple[int, int, int],
    fps: float | None,
    pixel_size_um: float | None,
) -> None:
    frames = np.random.default_rng(0).integers(0, 100, shape).astype(dtype)
    path = tmp_path_factory.mktemp("written") / name
    write_movie(frames, path, fps, pixel_size_um)
    movie = open_movie(path)
    assert movie.data.dtype == np.dtype(dtype).newbyteorder("=")
    np.testing.assert_array_equal(movie.data, frames)
    np.testing.assert_allclose(movie.fps or 0.0, fps or 0.0, rtol=1e-6)
    np.testing.assert_allclose(movie.pixel_size_um or 0.0, pixel_size_um or 0.0, rtol=1e-5)


@pytest.mark.parametrize("name", WRITTEN)
def test_lazy_movie_is_written_block_by_block(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("napari_sparsevar.movie.ome_zarr.CHUNK_BYTES", 2 * 40 * 30 * 9)
    movie, _ = simulate_movie(60, (40, 30), n_cells=6, n_drivers=1)
    path = write_movie(movie.data.rechunk((7, 40, 30)), tmp_path / name, 15.0, 2.0)
    np.testing.assert_array_equal(open_movie(path).data, movie.data)


def test_other_programs_know_rate_and_pixel_size_of_zarr(tmp_path: Path) -> None:
    from ome_zarr.io import parse_url
    from ome_zarr.reader import Reader

    path = write_movie(np.ones((6, 8, 9), np.float32), tmp_path / "movie.ome.zarr", 20.0, 0.5)
    location = parse_url(path)
    assert location is not None
    (node,) = Reader(location)()
    axes = [(axis["name"], axis["unit"]) for axis in node.metadata["axes"]]
    assert axes == [("t", "second"), ("y", "micrometer"), ("x", "micrometer")]
    (scaling,) = node.metadata["coordinateTransformations"][0]
    assert scaling["scale"] == pytest.approx([0.05, 0.5, 0.5])
    assert open_movie(path).name == "movie"


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_frames_that_are_empty_are_written_to_zarr_too(tmp_path: Path, value: float) -> None:
    frames = np.full((5, 4, 4), value, np.float32)
    movie = open_movie(write_movie(frames, tmp_path / "movie.zarr"))
    np.testing.assert_array_equal(movie.data, frames)
    assert not movie.notes


def test_only_a_zarr_folder_is_replaced(tmp_path: Path) -> None:
    frames = np.zeros((3, 4, 4), np.uint8)
    path = write_movie(frames, tmp_path / "movie.zarr")
    with pytest.raises(UserError, match="exists already"):
        write_movie(frames, path)
    write_movie(frames + 1, path, overwrite=True)
    assert int(open_movie(path).data.min()) == 1
    other = tmp_path / "other.zarr"
    other.mkdir()
    (other / "notes.txt").write_text("precious")
    with pytest.raises(UserError, match="something else"):
        write_movie(frames, other, overwrite=True)
    assert (other / "notes.txt").read_text() == "precious"


def test_large_movies_become_bigtiff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("napari_sparsevar.movie.write._IMAGEJ_BYTES", 1000)
    frames = np.arange(4 * 20 * 20, dtype=np.uint16).reshape(4, 20, 20)
    path = write_movie(frames, tmp_path / "big.tif", 10.0, 0.5)
    with tifffile.TiffFile(path) as file:
        assert file.is_bigtiff
    movie = open_movie(path)
    assert (movie.fps, movie.pixel_size_um) == (10.0, 0.5)
    np.testing.assert_array_equal(movie.data, frames)


def test_existing_file_is_kept_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    path.write_text("precious")
    frames = np.zeros((3, 4, 4), np.uint8)
    with pytest.raises(UserError, match="exists already"):
        write_movie(frames, path)
    assert path.read_text() == "precious"
    write_movie(frames, path, overwrite=True)
    assert open_movie(path).n_frames == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "no"), "disk is full"),
        (OSError("1254 requested and 316 written"), "disk is full"),  # as NumPy says it
        (OSError(errno.EACCES, "no"), "permission is denied"),
    ],
)
def test_failure_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def fail(path: Path, *_: Any, **__: Any) -> None:
        Path(path).write_bytes(b"half")
        raise error

    monkeypatch.setattr(tifffile, "imwrite", fail)
    path = tmp_path / "movie.tif"
    path.write_text("precious")
    with pytest.raises(UserError, match=words):
        write_movie(np.zeros((3, 4, 4), np.uint8), path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["movie.tif"]
    assert path.read_text() == "precious"


def test_a_full_disk_leaves_the_earlier_zarr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no")

    path = write_movie(np.ones((3, 4, 4), np.uint8), tmp_path / "movie.zarr")
    monkeypatch.setattr(zarr.Array, "__setitem__", fail)
    with pytest.raises(UserError, match="disk is full"):
        write_movie(np.zeros((3, 4, 4), np.uint8), path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["movie.zarr"]
    assert int(open_movie(path).data.min()) == 1


@pytest.mark.parametrize("name", WRITTEN)
def test_failure_while_frames_are_drawn_leaves_nothing_behind(tmp_path: Path, name: str) -> None:
    def fail(block: np.ndarray) -> np.ndarray:
        raise UserError("frame 3 is damaged")

    lazy = da.zeros((6, 8, 8), chunks=(2, 8, 8), dtype=np.uint16)
    broken = lazy.map_blocks(fail, dtype=np.uint16, meta=np.empty((0, 0, 0), np.uint16))
    with pytest.raises(UserError, match="frame 3"):
        write_movie(broken, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["absent/movie.tif", ".", "file/movie.tif"])
def test_impossible_places(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write"):
        write_movie(np.zeros((3, 4, 4), np.uint8), tmp_path / name)


@pytest.mark.parametrize(
    "frames", [np.zeros((4, 4)), np.zeros((0, 4, 4)), np.zeros((3, 4, 4), complex)]
)
def test_no_movie(tmp_path: Path, frames: np.ndarray) -> None:
    with pytest.raises(UserError):
        write_movie(frames, tmp_path / "movie.tif")
    assert list(tmp_path.iterdir()) == []

"""What lies along the axes of an array, or is noted on it, gives rate, pauses and pixel size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import zarr

from napari_sparsevar.movie import open_movie

FRAMES = np.random.default_rng(0).integers(1, 4000, (30, 16, 18)).astype(np.uint16)
STAMPS = 50.0 * np.arange(30) + 4000.0 * (np.arange(30) >= 12)
AXES: dict[str, tuple[Any, str]] = {
    "time": (STAMPS, "milliseconds since 2026-01-01"),
    "y": (1.5 * np.arange(16), "um"),
    "x": (100.0 + 1.5 * np.arange(18), "micrometer"),
}


def write_hdf5(path: Path, axes: dict[str, tuple[Any, str]]) -> Path:
    with h5py.File(path, "w") as file:
        array = file.create_dataset("movie", data=FRAMES)
        for axis, (name, (values, unit)) in enumerate(axes.items()):
            file[name] = values
            file[name].make_scale(name)
            file[name].attrs["units"] = unit
            array.dims[axis].attach_scale(file[name])
    return path


def write_zarr(path: Path, axes: dict[str, tuple[Any, str]], version: Any) -> Path:
    group = zarr.open_group(str(path), mode="w", zarr_format=version)
    names = list(axes)
    named = {"dimension_names": names} if version == 3 else {}
    array = group.create_array("movie", data=FRAMES, **named)
    if version == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = names
    for name, (values, unit) in axes.items():
        group.create_array(name, data=np.asarray(values)).attrs["units"] = unit
    return path


@pytest.fixture(params=["hdf5", 2, 3])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "hdf5":
        return lambda axes: write_hdf5(tmp_path / "movie.h5", axes)
    return lambda axes: write_zarr(tmp_path / "movie.zarr", axes, request.param)


def test_coordinates_with_units(written: Any) -> None:
    movie = open_movie(written(AXES))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.jumps, movie.pixel_size_um) == (20.0, (12,), 1.5)


def test_pixels_that_are_not_square_are_noted(written: Any, tmp_path: Path) -> None:
    """By coordinates, by a pair of numbers, and as Fiji writes it: the width is kept."""
    tall = {**AXES, "y": (0.5 * np.arange(16), "um")}
    with h5py.File(tmp_path / "pair.h5", "w") as file:
        file.create_dataset("movie", data=FRAMES, chunks=(1, 16, 18))
        file["movie"].attrs["pixel_size_um"] = [0.5, 1.5]
    with h5py.File(tmp_path / "fiji.h5", "w") as file:
        file.create_dataset("movie", data=FRAMES, chunks=(1, 16, 18))
        file["movie"].attrs["element_size_um"] = [9.0, 0.5, 1.5]
    for path in (written(tall), tmp_path / "pair.h5", tmp_path / "fiji.h5"):
        movie = open_movie(path)
        assert movie.pixel_size_um == 1.5
        assert any("1.5 x 0.5 um" in note for note in movie.notes)


def test_coordinates_that_only_count_say_nothing(written: Any) -> None:
    counted = {name: (np.arange(len(values)), "") for name, (values, _) in AXES.items()}
    movie = open_movie(written(counted))
    assert (movie.fps, movie.jumps, movie.pixel_size_um) == (None, (), None)


def test_what_is_noted_by_name(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "movie.h5", "w") as file:
        file["movie"] = FRAMES
        file["movie"].attrs.update({"fps": np.array([12.5]), "um_per_pixel": 0.8})
    array = zarr.create_array(str(tmp_path / "movie.zarr"), data=FRAMES)
    array.attrs.update({"frame_rate": 12.5, "pixel_size_um": [0.8, 0.8]})
    for name in ("movie.h5", "movie.zarr"):
        movie = open_movie(tmp_path / name)
        assert (movie.fps, movie.pixel_size_um) == (12.5, 0.8)
    array.attrs.update({"frame_rate": "fast", "pixel_size_um": []})
    assert open_movie(tmp_path / "movie.zarr").fps is None

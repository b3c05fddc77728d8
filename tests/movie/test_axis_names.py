"""Axes are known by their names in any spelling, by chunks of whole images, or are said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.axis_names import from_chunks, letters_of, noted_names

FRAMES = np.random.default_rng(0).integers(0, 4000, (30, 16, 18)).astype(np.uint16)
TIME_LAST = np.moveaxis(FRAMES, 0, -1)


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (("time", "row", "column"), "TYX"),
        (("height", "width", "frames"), "YXT"),
        (("y_pixels", "x_pixels", "t (s)"), "YXT"),
        (("Frame", "", ""), "TYX"),
        (("", "", "Time"), "YXT"),
        (("ypos", "xpos", ""), "YXQ"),
        (("dim_0", "dim_1", "dim_2"), None),
        (("x", "x", "t"), None),
        (("", "", ""), None),
    ],
)
def test_names_in_any_spelling(names: tuple[str, ...], letters: str | None) -> None:
    assert letters_of(names) == letters


@pytest.mark.parametrize(
    "noted",
    [
        {"axes": "YXT"},
        {"dims": ["y", "x", "time"]},
        {"dims": "y, x, time"},
        {"_ARRAY_DIMENSIONS": np.array([b"y", b"x", b"t"])},
        {"axistags": '{"axes": [{"key": "y"}, {"key": "x"}, {"key": "t"}]}'},
    ],
)
def test_what_programs_note(noted: dict[str, Any]) -> None:
    assert letters_of(noted_names(noted, 3)) == "YXT"


def test_notes_that_are_none() -> None:
    for noted in ({}, {"axes": 3}, {"axes": "TYXC"}, {"axistags": "{"}, {"axistags": "{}"}):
        assert noted_names(noted, 3) == []


@pytest.mark.parametrize(
    ("chunks", "letters"),
    [
        ((16, 18, 1), "YXT"),
        ((16, 18, 7), "YXT"),
        ((8, 18, 1), None),
        ((16, 18, 30), None),
        ((16, 1, 30), None),
        (None, None),
    ],
)
def test_chunks_of_whole_images(chunks: tuple[int, ...] | None, letters: str | None) -> None:
    assert from_chunks(TIME_LAST.shape, chunks) == letters


@pytest.mark.parametrize("scale", [False, True])
def test_time_last_by_labels_and_scales(tmp_path: Path, scale: bool) -> None:
    path = tmp_path / "labelled.h5"
    with h5py.File(path, "w") as file:
        array = file.create_dataset("movie", data=TIME_LAST)
        for axis, name in enumerate(("row", "col", "time")):
            if scale:
                file[name] = np.arange(array.shape[axis])
                file[name].make_scale(name)
                array.dims[axis].attach_scale(file[name])
            else:
                array.dims[axis].label = name
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert not movie.notes


def test_time_last_by_chunks_is_said(tmp_path: Path) -> None:
    path, store = tmp_path / "movie.h5", tmp_path / "movie.zarr"
    with h5py.File(path, "w") as file:
        file.create_dataset("movie", data=TIME_LAST, chunks=(16, 18, 4), compression="gzip")
    zarr.create_array(str(store), data=TIME_LAST, chunks=(16, 18, 4))
    for place in (path, store):
        movie = open_movie(place)
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert "YXT was taken, 30 frames of 16 x 18" in movie.notes[0]


def test_chunks_of_matlab_count_columns_first(tmp_path: Path) -> None:
    path = tmp_path / "movie.mat"
    for stored in (FRAMES.transpose(0, 2, 1), FRAMES.transpose(2, 1, 0)):
        chunks = tuple(1 if size == 30 else size for size in stored.shape)
        with h5py.File(path, "w") as file:
            file.create_dataset("Y", data=stored, chunks=chunks)
            file["Y"].attrs["MATLAB_class"] = np.bytes_("uint16")
        np.testing.assert_array_equal(open_movie(path).data, FRAMES)


def test_a_guess_is_said_and_can_be_corrected(tmp_path: Path) -> None:
    path, store = tmp_path / "movie.h5", tmp_path / "movie.zarr"
    with h5py.File(path, "w") as file:
        file["movie"] = TIME_LAST
    zarr.create_array(str(store), data=TIME_LAST, chunks=TIME_LAST.shape)
    for place in (path, store):
        guessed = open_movie(place)
        assert guessed.n_frames == 16
        assert "--axes YXT" in guessed.notes[0]
        movie = open_movie(place, axes="yxt")
        np.testing.assert_array_equal(movie.data, FRAMES)
        assert not movie.notes
        assert open_movie(place, axes=movie.choice.axes).shape == (16, 18)


def test_axes_of_one_behind_the_others_are_not_looked_at(tmp_path: Path) -> None:
    """As networks and colour images have them."""
    wrapped = FRAMES[..., None]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["movie"] = wrapped
    zarr.create_array(str(tmp_path / "a.zarr"), data=wrapped)
    tifffile.imwrite(tmp_path / "a.tif", wrapped, photometric="minisblack")
    for source in (wrapped, FRAMES[None, ..., None], *sorted(tmp_path.iterdir())):
        np.testing.assert_array_equal(open_movie(source).data, FRAMES)
    (note,) = open_movie(tmp_path / "a.h5").notes
    assert "TYX was taken, 30 frames of 16 x 18 pixels" in note


def test_axes_make_a_movie_of_any_array(tmp_path: Path) -> None:
    stack = np.stack([TIME_LAST, TIME_LAST + 1])
    with pytest.raises(UserError, match="--axes TZYX"):
        open_movie(stack)
    movie = open_movie(stack, axes="CYXT", channel=2)
    np.testing.assert_array_equal(movie.data, FRAMES + 1)
    assert movie.offer.channels == 2


@pytest.mark.parametrize("axes", ["YX", "TTYX", "TYXQ", "CYXZ", "", "TYXZ"])
def test_axes_that_cannot_be(axes: str) -> None:
    with pytest.raises(UserError, match="axes"):
        open_movie(FRAMES, axes=axes)

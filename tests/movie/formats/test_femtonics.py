"""MESc of Femtonics: measurements and channels of an HDF5 file, with their units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.choice import ChoiceNeeded
from napari_sparsevar.movie.formats import femtonics
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def letters(text: str) -> np.ndarray:
    return np.array([*map(ord, text), 0], np.int16)


def write(path: Path, *units: np.ndarray, scale: float = 1.0, **noted: Any) -> Path:
    with h5py.File(path, "w") as file:
        for number, frames in enumerate(units):
            unit = file.create_group(f"MSession_0/MUnit_{number}")
            for channel in range(2):
                unit.create_dataset(f"Channel_{channel}", data=frames + channel, chunks=(1, 8, 18))
                unit.attrs[f"Channel_{channel}_Conversion_ConversionLinearScale"] = scale
            unit.attrs["VecChannelsSize"] = 2
            unit.attrs["ZAxisConversionConversionLinearScale"] = 32.0
            unit.attrs["ZAxisConversionUnitName"] = letters("ms")
            unit.attrs["XAxisConversionConversionLinearScale"] = 1.5
            unit.attrs["YAxisConversionConversionLinearScale"] = 1.5
            unit.attrs["XAxisConversionUnitName"] = letters("µm")
            unit.attrs.update(noted)
    return path


def test_frames_rate_and_pixel_size(tmp_path: Path) -> None:
    path = write(tmp_path / "p29.mesc", FRAMES)
    assert holds_movie(path)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.pixel_size_um) == (pytest.approx(31.25), 1.5)
    assert (movie.name, movie.offer.channels) == ("p29", 2)
    np.testing.assert_array_equal(open_movie(path, channel=2).data, FRAMES + 1)


def test_measurements_are_chosen_and_single_images_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "day.mesc", FRAMES, FRAMES[:1], FRAMES[:9])
    with pytest.raises(ChoiceNeeded, match="MUnit_0, /MSession_0/MUnit_2"):
        open_movie(path)
    movie = open_movie(path, dataset="MUnit_2", channel=2)
    np.testing.assert_array_equal(movie.data, FRAMES[:9] + 1)


def test_what_is_bright_is_bright(tmp_path: Path) -> None:
    path = write(tmp_path / "old.mesc", 65534 - FRAMES, scale=-1.0)
    np.testing.assert_array_equal(open_movie(path).data, FRAMES + 1)


def test_units_that_are_missing_or_odd(tmp_path: Path) -> None:
    odd = {"ZAxisConversionConversionLinearScale": "x", "XAxisConversionUnitName": letters("px")}
    movie = open_movie(write(tmp_path / "odd.mesc", FRAMES, **odd))
    assert (movie.fps, movie.pixel_size_um) == (None, None)


def test_a_file_of_images_is_none(tmp_path: Path) -> None:
    path = write(tmp_path / "images.mesc", FRAMES[:1])
    assert femtonics.claims(path)
    assert not holds_movie(path)
    with pytest.raises(UserError, match="no measurement over time"):
        open_movie(path)

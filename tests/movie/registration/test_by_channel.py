"""Motion that is seen in a second channel is taken out of the first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from scipy import ndimage

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import from_memory

FRAMES = 200


@pytest.fixture(scope="module")
def path() -> NDArray[np.float64]:
    """How far the field is off, (T, 2)."""
    return np.random.default_rng(0).normal(0.0, 1.5, (FRAMES, 2))


@pytest.fixture(scope="module")
def channels(path: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Noise in which nothing can be followed, and cells of the same field, (T, 2, Y, X)."""
    rng = np.random.default_rng(1)
    red = np.asarray(sv.simulate_movie(FRAMES, (64, 72), seed=1)[0].data).astype(np.float32)
    off = [ndimage.shift(*pair, order=3, mode="nearest") for pair in zip(red, path, strict=True)]
    green = rng.normal(1000.0, 100.0, red.shape)
    return np.clip(np.stack([green, np.stack(off)], axis=1), 0, 65535).astype(np.uint16)


@pytest.fixture(scope="module")
def file(channels: NDArray[np.uint16], tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("channels") / "movie.tif"
    tifffile.imwrite(place, channels, imagej=True, metadata={"axes": "TCYX"})
    return place


def error(movie: sv.Movie, path: NDArray[np.float64]) -> float:
    assert movie.registered is not None
    away = movie.registered.shifts.values - path
    return float(np.sqrt(((away - np.median(away, axis=0)) ** 2).mean()))


def test_a_channel_of_the_file(
    file: Path, channels: NDArray[np.uint16], path: NDArray[np.float64]
) -> None:
    movie = sv.open_movie(file)
    still = sv.register(movie, by=2)
    assert error(still, path) < 0.2
    assert "estimated on channel 2" in still.notes[-1]
    np.testing.assert_array_equal(still.recorded, channels[:, 0])


def test_a_movie_of_its_own(channels: NDArray[np.uint16], path: NDArray[np.float64]) -> None:
    green, red = (
        replace(sv.open_movie(channels[:20, 0]), data=from_memory(channels[:, number]))
        for number in (0, 1)
    )
    still = sv.register(green, by=red)
    assert error(still, path) < 0.2
    again = sv.register(green, by=sv.register(red))
    np.testing.assert_array_equal(again.data.compute(), still.data.compute())
    with pytest.raises(sv.UserError, match="differ in number or size"):
        sv.register(green, by=replace(red, data=red.data[:-1]))


def test_channels_that_take_turns(channels: NDArray[np.uint16], tmp_path: Path) -> None:
    place = tmp_path / "turns.tif"
    tifffile.imwrite(place, channels.reshape(-1, *channels.shape[2:]), metadata=None)
    movie = sv.open_movie(place, channels=2)
    still = sv.register(movie, by=2)
    expected = sv.register(movie, by=sv.open_movie(place, channels=2, channel=2))
    np.testing.assert_array_equal(still.data.compute(), expected.data.compute())


@pytest.mark.parametrize("number", [0, 3])
def test_a_channel_that_is_not_there(file: Path, number: int) -> None:
    with pytest.raises(sv.UserError, match="there is no channel"):
        sv.register(sv.open_movie(file), by=number)


def test_a_movie_of_one_channel_has_no_other(channels: NDArray[np.uint16]) -> None:
    with pytest.raises(sv.UserError, match="no other channel"):
        sv.register(sv.open_movie(channels[:, 0]), by=2)

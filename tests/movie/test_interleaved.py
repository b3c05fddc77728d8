"""Channels that take turns, frame by frame, are taken apart where a person says so."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie

GREEN, RED = np.random.default_rng(0).integers(0, 4000, (2, 24, 14, 18)).astype(np.uint16)
BOTH = np.stack([GREEN, RED], 1).reshape(48, 14, 18)


@pytest.mark.parametrize("options", [{}, {"imagej": True}, {"compression": "zlib"}], ids=str)
def test_a_plain_file(tmp_path: Path, options: dict[str, object]) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, BOTH, **options)
    for channel, frames in ((1, GREEN), (2, RED)):
        movie = open_movie(path, channels=2, channel=channel)
        np.testing.assert_array_equal(movie.data, frames)
        assert movie.offer.channels == 2
        again = open_movie(movie.source, **asdict(movie.choice))
        np.testing.assert_array_equal(again.data, frames)
    first = open_movie(path, channels=2)
    np.testing.assert_array_equal(first.data, GREEN)
    assert "2 channels" in first.notes[-1]


def test_arrays_and_movies() -> None:
    np.testing.assert_array_equal(open_movie(BOTH, channels=2, channel=2).data, RED)
    np.testing.assert_array_equal(open_movie(open_movie(BOTH), channels=2).data, GREEN)
    apart = open_movie(BOTH, channels=2)
    assert open_movie(apart, channels=2).data is apart.data
    np.testing.assert_array_equal(open_movie(BOTH, channels=1).data, BOTH)


def test_every_file_of_a_series_begins_with_the_first(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "1.tif", BOTH[:21])
    tifffile.imwrite(tmp_path / "2.tif", BOTH[22:])
    movie = open_movie(tmp_path, channels=2, channel=2)
    np.testing.assert_array_equal(movie.data, np.delete(RED, 10, 0))
    assert any("middle of a turn" in note for note in movie.notes)


def test_a_file_a_frame(tmp_path: Path) -> None:
    for number, frame in enumerate(BOTH):
        tifffile.imwrite(tmp_path / f"{number}.tif", frame)
    movie = open_movie(tmp_path, channels=2, channel=2)
    np.testing.assert_array_equal(movie.data, RED)
    again = open_movie(movie.source, **asdict(movie.choice))
    np.testing.assert_array_equal(again.data, RED)


def test_rate_and_pauses_go_with_the_channel(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, BOTH, imagej=True, metadata={"axes": "TYX", "finterval": 0.1})
    movie = open_movie(path, channels=2, channel=1)
    assert movie.fps == pytest.approx(10.0)
    assert any("rate of each channel" in note for note in movie.notes)


def test_what_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, np.stack([GREEN, RED], 1), imagej=True)
    with pytest.raises(UserError, match="keeps its 2 channels apart"):
        open_movie(path, channels=2)
    for wrong in (0, 9, 1.5, True, "2"):
        with pytest.raises(UserError, match="channels must be"):
            open_movie(BOTH, channels=wrong)
    with pytest.raises(UserError, match="choose 1 to 2"):
        open_movie(BOTH, channels=2, channel=3)
    for number, name in enumerate(("green_1", "green_2", "red_1", "red_2")):
        tifffile.imwrite(tmp_path / f"{name}.tif", BOTH + number)
    path.unlink()
    with pytest.raises(UserError, match="leave channels"):
        open_movie(tmp_path, channels=2)

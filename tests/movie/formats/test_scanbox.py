"""Scanbox: inverted raw pixels and the notes beside them."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import savemat

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.open import holds_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (12, 16, 18)).astype(np.uint16)
INFO: dict[str, Any] = {
    "sz": np.array([16, 18]),
    "channels": 2,
    "scanmode": 1,
    "resfreq": 8000.0,
    "recordsPerBuffer": 16,
    "config": {"lines": 16, "magnification": 2},
    "calibration": np.array([(3.0, 3.0), (1.2, 1.2)], dtype=[("x", "f8"), ("y", "f8")]),
}


def write(path: Path, stack: np.ndarray, **info: Any) -> Path:
    """Write frames (..., Y, X[, C]) as Scanbox does: what is bright is a low number."""
    (65535 - stack.astype("<u2")).tofile(path)
    savemat(path.with_suffix(".mat"), {"info": {**INFO, **info}})
    return path


def test_frames_are_turned_round(tmp_path: Path) -> None:
    path = write(tmp_path / "mouse_000_001.sbx", FRAMES)
    assert holds_movie(path)
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES)
    np.testing.assert_array_equal(movie.data[5, 3:7, ::2], FRAMES[5, 3:7, ::2])
    assert movie.data.dtype == np.uint16
    assert (movie.fps, movie.pixel_size_um) == (pytest.approx(500.0), 1.2)
    assert (movie.name, movie.notes) == ("mouse_000_001", ())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(movie.data)), FRAMES)


@pytest.mark.parametrize("noted", [{"channels": 1}, {"channels": -1, "chan": {"nchan": 2}}])
def test_channels_lie_pixel_by_pixel(tmp_path: Path, noted: dict[str, Any]) -> None:
    path = write(tmp_path / "dual.sbx", np.stack([FRAMES, FRAMES + 1], axis=-1), **noted)
    np.testing.assert_array_equal(open_movie(path, channel=2).data, FRAMES + 1)
    assert "2 channels" in open_movie(path).notes[0]


@pytest.mark.parametrize("noted", [{}, {"volscan": 1}])
def test_planes_of_the_lens(tmp_path: Path, noted: dict[str, Any]) -> None:
    stack = np.stack([FRAMES, FRAMES + 1, FRAMES + 2], axis=1)
    path = write(tmp_path / "planes.sbx", stack, otwave=np.array([0, 50, 100]), **noted)
    movie = open_movie(path, plane=3)
    np.testing.assert_array_equal(movie.data, FRAMES + 2)
    assert movie.fps == pytest.approx(500.0 / 3)


def test_a_lens_that_stood_still(tmp_path: Path) -> None:
    path = write(tmp_path / "flat.sbx", FRAMES, otwave=np.array([0, 50, 100]), volscan=0)
    np.testing.assert_array_equal(open_movie(path).data, FRAMES)


def test_lines_read_on_both_ways_are_twice_as_fast(tmp_path: Path) -> None:
    movie = open_movie(write(tmp_path / "both.sbx", FRAMES, scanmode=0, recordsPerBuffer=8))
    assert movie.fps == pytest.approx(1000.0)


def test_newer_notes_on_the_size_of_a_pixel(tmp_path: Path) -> None:
    movie = open_movie(write(tmp_path / "new.sbx", FRAMES, dxcal=0.8, dycal=0.9))
    assert movie.pixel_size_um == 0.8
    assert "0.8 x 0.9 um" in movie.notes[0]


def test_a_frame_that_is_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.sbx", FRAMES)
    path.write_bytes(path.read_bytes()[:-100])
    movie = open_movie(path)
    np.testing.assert_array_equal(movie.data, FRAMES[:-1])
    assert "11 whole frames" in movie.notes[0]


def test_notes_that_are_missing_damaged_or_of_something_else(tmp_path: Path) -> None:
    path = write(tmp_path / "lost.sbx", FRAMES)
    notes = tmp_path / "lost.mat"
    whole = notes.read_bytes()
    for content in (whole[:200], whole[:130], b"", b"text", b"MATLAB 5.0" + bytes(200)):
        notes.write_bytes(content)
        with pytest.raises(UserError, match=r"lost\.(mat|sbx)"):
            open_movie(path)
    savemat(notes, {"other": 1})
    with pytest.raises(UserError, match="no variable info"):
        open_movie(path)
    savemat(notes, {"info": {**INFO, "sz": np.array([0, 18])}})
    with pytest.raises(UserError, match="no size of frames"):
        open_movie(path)
    notes.unlink()
    with pytest.raises(UserError, match=r"put lost\.mat"):
        open_movie(path)

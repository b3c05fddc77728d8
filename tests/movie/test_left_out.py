"""Frames and pixels that a person leaves out, in whatever form they come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import Movie, check_frames, inspect_movie, open_movie
from napari_sparsevar.movie.left_out import frames_of, leaving_out, pixels_of

BAD = [2, 3, 4, 9]


def movie() -> Movie:
    return open_movie(np.random.default_rng(0).normal(100, 8, (60, 20, 24)).astype(np.float32))


@pytest.mark.parametrize(
    "given",
    [
        *("2-4,9", " 2 - 4, 9 ", "9,2,3,4"),
        *(BAD, np.array(BAD), np.isin(np.arange(12), BAD)),
        np.isin(np.arange(12), BAD).astype(int),
        np.isin(np.arange(12), BAD).astype(int).tolist(),
    ],
)
def test_frames_in_any_form(given: Any) -> None:
    assert np.flatnonzero(frames_of(given, 12)).tolist() == BAD


def test_frames_from_a_file(tmp_path: Path) -> None:
    np.save(tmp_path / "bad_frames.npy", np.array(BAD))
    (tmp_path / "bad.csv").write_text("frame\n2-4\n9\n")
    for name in ("bad_frames.npy", "bad.csv"):
        assert np.flatnonzero(frames_of(tmp_path / name, 12)).tolist() == BAD
        assert np.flatnonzero(frames_of(str(tmp_path / name), 12)).tolist() == BAD


@pytest.mark.parametrize("given", ["5-12", "12", [3, 12], [-1], np.ones(11, bool)])
def test_frames_that_are_not_there_are_refused(given: Any) -> None:
    with pytest.raises(UserError, match="12"):
        frames_of(given, 12)


@pytest.mark.parametrize("given", [[1.5], [[1, 2]], np.array(["a"])])
def test_what_numbers_no_frame_is_refused(given: Any) -> None:
    with pytest.raises(UserError, match="numbers of frames"):
        frames_of(given, 12)


@pytest.mark.parametrize("name", ["mask.tif", "mask.png", "mask.npy"])
def test_a_mask_from_a_file(tmp_path: Path, name: str) -> None:
    mask = np.zeros((20, 24), np.uint8)
    mask[3:7, 5:] = 200
    path = tmp_path / name
    if path.suffix == ".npy":
        np.save(path, mask)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, mask)
    else:
        Image.fromarray(mask).save(path)
    np.testing.assert_array_equal(pixels_of(path, (20, 24)), mask > 0)
    with pytest.raises(UserError, match="24 x 20"):
        pixels_of(path, (24, 20))


def test_a_file_that_is_no_mask_is_refused(tmp_path: Path) -> None:
    for name in ("mask.tif", "mask.png", "mask.npy"):
        (tmp_path / name).write_text("no image")
        with pytest.raises(UserError, match=rf"{name} is no image"):
            pixels_of(tmp_path / name, (20, 24))
    Image.new("L", (24, 20)).save(tmp_path / "mask.jpg")
    with pytest.raises(UserError, match="JPEG, which blurs"):
        pixels_of(tmp_path / "mask.jpg", (20, 24))
    with pytest.raises(UserError, match=r"gone\.tif"):
        pixels_of(tmp_path / "gone.tif", (20, 24))


def test_a_mask_is_as_good_as_nan() -> None:
    """What is below a mask does not matter, and no frame is lost for it."""
    whole, mask = movie(), np.zeros((20, 24), bool)
    mask[4:9, 10:] = True
    frames = np.asarray(whole.data).copy()
    frames[:, mask] = np.nan
    report, images = inspect_movie(leaving_out(whole, ignore=mask))
    expected, others = inspect_movie(open_movie(frames))
    for found in (report, expected):
        np.testing.assert_array_equal(found.ignored, mask)
        assert not found.bad.any()
    np.testing.assert_allclose(images.mean, others.mean, rtol=1e-6)
    np.testing.assert_allclose(images.noise, others.noise, rtol=1e-6)
    np.testing.assert_allclose(images.correlation, others.correlation, atol=1e-5)
    frames[30:40, mask] = np.inf
    assert not check_frames(leaving_out(open_movie(frames), ignore=mask)).bad.any()


def test_nothing_left_out_is_the_same_movie() -> None:
    whole = movie()
    assert leaving_out(whole) is whole
    with pytest.raises(UserError, match="All 60 frames"):
        leaving_out(whole, bad_frames="0-59")
    none = leaving_out(whole, bad_frames="none").left_out
    assert none is not None
    assert not none.find
    assert not none.frames.any()

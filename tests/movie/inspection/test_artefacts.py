"""Frames that are no picture of the tissue are found, and activity is none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar.movie import check_frames, inspect_movie, open_movie, simulate_movie
from napari_sparsevar.movie.inspection.artefacts import losing, sudden
from napari_sparsevar.movie.inspection.check import FrameReport
from napari_sparsevar.movie.left_out import leaving_out

Frames = NDArray[np.uint16]
N = 600


def simulated(**settings: object) -> Frames:
    return np.asarray(simulate_movie(N, seed=1, **settings)[0].data).copy()  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def clean() -> Frames:
    return simulated()


def report_of(frames: NDArray[np.generic], fps: float | None = 15.0) -> FrameReport:
    return check_frames(open_movie(frames, fps=fps))


def lit(frames: Frames, bad: list[int], rows: slice, columns: slice, light: int = 2000) -> None:
    place = np.ix_(bad, range(64)[rows], range(64)[columns])
    frames[place] = np.minimum(frames[place].astype(int) + light, 8191)


EVERY = slice(None)
IRREGULAR = [3, 4, 77, 160, 161, 162, 290, 444, 599]
LIGHT: dict[str, tuple[list[int], slice, slice]] = {
    "a stripe every 30th frame": (list(range(10, N, 30)), slice(20, 44), EVERY),
    "a stripe every third frame": (list(range(1, N, 3)), slice(20, 44), EVERY),
    "a stripe now and then": (IRREGULAR, slice(3, 9), EVERY),
    "all of it": (IRREGULAR, EVERY, EVERY),
    "the upper half": ([200, 320, 321], slice(32), EVERY),
    "the left half": ([200, 320, 321], EVERY, slice(32)),
    "half a second long": ([*range(100, 108), *range(300, 308)], slice(10, 30), EVERY),
    "the first frames": ([0, 1], EVERY, EVERY),
}


@pytest.mark.parametrize("where", LIGHT)
def test_light_of_a_stimulus_is_found(clean: Frames, where: str) -> None:
    bad, rows, columns = LIGHT[where]
    frames = clean.copy()
    lit(frames, bad, rows, columns)
    report = report_of(frames)
    assert np.flatnonzero(report.bad).tolist() == bad
    assert any("suddenly brighter or darker" in said for said in report.sentences())


@pytest.mark.parametrize("dark", ["noise", "nothing"])
@pytest.mark.parametrize("when", [slice(0, 30), slice(250, 295), slice(560, 600), slice(150, 300)])
def test_a_closed_shutter_is_found(clean: Frames, dark: str, when: slice) -> None:
    frames = clean.copy()
    noise = np.random.default_rng(0).normal(100, 30, frames[when].shape).clip(0)
    frames[when] = noise if dark == "noise" else 0
    assert np.flatnonzero(report_of(frames).bad).tolist() == list(range(N)[when])


def test_one_saturated_frame_is_found(clean: Frames) -> None:
    frames = clean.copy()
    frames[333] = 8191
    frames[400] *= 3
    report = report_of(frames)
    assert np.flatnonzero(report.bad).tolist() == [333, 400]
    assert report.saturation_level is None  # what is left out says nothing of the detector


def test_a_jump_of_the_field_is_found(clean: Frames) -> None:
    frames = clean.copy()
    for index, way in zip(range(300, 312), np.linspace(5, 9, 12).astype(int), strict=True):
        frames[index] = np.roll(frames[index], (way, -way), axis=(0, 1))
    report = report_of(frames)
    assert np.flatnonzero(report.bad).tolist() == list(range(300, 312))
    assert any("do not show the tissue" in said for said in report.sentences())


SETTINGS: list[dict[str, object]] = [
    {},
    {"regime": "medium_noise"},
    {"regime": "strong_noise"},
    {"noise": 0.02, "neuropil": 0.0},  # as of a movie from which the noise was taken
    {"neuropil": 5.0},
    {"event_rate_hz": 0.05},
    {"decay_s": 0.0},
    {"fps": 3.0},
    {"shape": (128, 96), "n_cells": 60},
]


@pytest.mark.parametrize("length", [60, 150])
def test_light_of_a_whole_trial_is_no_artefact(clean: Frames, length: int) -> None:
    """But a flash within one is."""
    begins, brighter = range(length, N, length), clean.astype(np.int32)
    for number, begin in enumerate(begins):
        brighter[begin : begin + length] += 1500 * (number % 2)
    brighter[300:303] += 3000
    trials = [(begin, begin + length) for begin in range(0, N, length)]
    movie = leaving_out(open_movie(brighter.astype(np.uint16), fps=15.0), trials=trials)
    assert np.flatnonzero(check_frames(movie).bad).tolist() == [300, 301, 302]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_activity_is_no_artefact(settings: dict[str, object]) -> None:
    for seed in range(2):
        movie, _ = simulate_movie(N, seed=seed, **settings)  # type: ignore[arg-type]
        assert not check_frames(movie).bad.any()


@pytest.mark.parametrize("height", [0.1, 0.3, 1.0, 3.0])
@pytest.mark.parametrize(("fps", "decay_s"), [(15.0, 0.6), (15.0, 0.2), (4.0, 0.6), (2.0, 0.6)])
def test_bursts_of_the_whole_field_are_no_artefact(
    clean: Frames, height: float, fps: float, decay_s: float
) -> None:
    frames = clean.astype(float)
    course = height * np.exp(-np.arange(60) / (decay_s * fps))
    for start in (100, 250, 400):
        frames[start : start + 60] += course[:, None, None] * clean.mean(axis=0)
    assert not report_of(frames.clip(0, 65535).astype(np.uint16), fps).bad.any()


def test_a_rim_that_moves_is_no_artefact(clean: Frames) -> None:
    rimmed = clean.astype(np.float32)
    for index, frame in enumerate(rimmed):
        frame[: round(3 + 3 * np.sin(index / 40))] = np.nan
    assert not report_of(rimmed).bad.any()
    lit(rimmed, IRREGULAR, slice(20, 44), EVERY)  # type: ignore[arg-type]
    assert np.flatnonzero(report_of(rimmed).bad).tolist() == IRREGULAR


def test_more_than_a_third_is_no_exception(clean: Frames) -> None:
    frames = clean.copy()
    lit(frames, [i for i in range(N) if i % 5 < 2], slice(20, 44), EVERY)
    report = report_of(frames)
    assert not report.bad.any()
    assert any("too many" in said for said in report.sentences())


def test_what_is_given_is_left_out_too(clean: Frames) -> None:
    frames, given = clean.copy(), np.zeros(N, bool)
    lit(frames, IRREGULAR, EVERY, EVERY)
    given[50:60] = True
    movie = open_movie(frames, fps=15.0)
    report, images = inspect_movie(leaving_out(movie, bad_frames=given))
    assert np.flatnonzero(report.bad).tolist() == sorted([*range(50, 60), *IRREGULAR])
    assert any("10 of 600 frames are bad as given" in said for said in report.sentences())
    np.testing.assert_allclose(images.mean, frames[~report.bad].mean(axis=0), rtol=0.02)
    report, _ = inspect_movie(leaving_out(movie, good=~given))
    assert np.flatnonzero(report.bad).tolist() == list(range(50, 60))


def test_images_are_those_of_a_movie_without_the_light(clean: Frames) -> None:
    frames = clean.copy()
    lit(frames, list(range(10, N, 30)), slice(20, 44), EVERY, 6000)
    _, images = inspect_movie(open_movie(frames, fps=15.0))
    _, expected = inspect_movie(open_movie(clean, fps=15.0))
    np.testing.assert_allclose(images.noise, expected.noise, rtol=0.1)
    np.testing.assert_allclose(images.mean, expected.mean, rtol=0.02)


def test_what_does_not_fall_back_at_once_is_no_flash() -> None:
    time, least = np.arange(-40, 60), np.full(1, 10.0)
    since = np.maximum(time, 0)
    courses = {
        "flash": np.where((time >= 0) & (time < 4), 20.0, 0.0),
        "stays": np.where(time >= 0, 20.0, 0.0),
        "decays": np.where(time >= 0, 20.0 * np.exp(-since / 2.0), 0.0),
    }
    found = {
        name: np.flatnonzero(sudden(course[:, None].astype(np.float32), least, 30)).tolist()
        for name, course in courses.items()
    }
    assert found == {"flash": [40, 41, 42, 43], "stays": [], "decays": []}


def test_nothing_is_lost_where_nothing_stands_out() -> None:
    shares = np.random.default_rng(0).normal(1.0, 0.5, 300)
    assert not losing(shares, np.ones(300, bool)).any()
    shares = np.random.default_rng(0).normal(1.0, 0.05, 300)
    shares[[7, 8, 9]] = 0.5, 0.0, 0.5
    assert np.flatnonzero(losing(shares, np.ones(300, bool))).tolist() == [7, 8, 9]


def test_the_real_movie_loses_no_frame(real_movie: Path) -> None:
    assert not check_frames(open_movie(real_movie, fps=30.0)).bad.any()

"""Standardised frames: same from memory and from disk, any crop, padding, bad frames."""

from __future__ import annotations

from dataclasses import replace

import dask.array as da
import numpy as np
import pytest

from napari_sparsevar.movie import Movie
from napari_sparsevar.movie.movie import LeftOut
from napari_sparsevar.movie.reading import levels, standardised
from napari_sparsevar.movie.reading.levels import lines_through, spacing_of, trials_within
from napari_sparsevar.movie.reading.standardised import StandardisedFrames


def source(monkeypatch: pytest.MonkeyPatch, cached: bool) -> tuple[StandardisedFrames, np.ndarray]:
    monkeypatch.setattr(standardised, "CACHE_BYTES", 10**9 if cached else 0)
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 500, (30, 13, 18)).astype(np.uint16)
    movie = Movie(da.from_array(frames, chunks=(7, -1, -1)))
    mean = frames.mean(axis=0).astype(np.float32)
    noise = (1.0 + rng.random((13, 18))).astype(np.float32)
    good = np.ones(30, bool)
    good[4] = False
    expected = np.zeros((30, 16, 20), np.float32)
    expected[:, :13, :18] = (frames - mean) / noise
    expected[4] = 0.0
    return StandardisedFrames(movie, mean, noise, good, (16, 20)), expected


@pytest.mark.parametrize("cached", [True, False])
def test_any_crop_is_a_view_of_the_padded_whole(
    monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    frames, expected = source(monkeypatch, cached)
    np.testing.assert_allclose(frames.read(0, 30), expected, rtol=1e-5)
    for rows, columns in [
        (slice(4, 12), slice(8, 20)),
        (slice(8, 16), slice(0, 8)),
        (slice(0, 16), slice(12, 20)),
    ]:
        crop = frames.read(3, 11, rows, columns)
        np.testing.assert_allclose(crop, expected[3:11, rows, columns], rtol=1e-5)
        assert crop.dtype == np.float32


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize("length", [1, 4, 7, 30, 100])
def test_pieces_are_the_whole_in_order(
    monkeypatch: pytest.MonkeyPatch, cached: bool, length: int
) -> None:
    frames, _ = source(monkeypatch, cached)
    start = 0
    for first, piece in frames.pieces(length):
        assert first == start
        assert len(piece) == min(length, 30 - start)
        np.testing.assert_array_equal(piece, frames.read(first, first + len(piece)))
        start += len(piece)
    assert start == 30


def test_a_kept_movie_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, expected = source(monkeypatch, cached=True)
    frames.release()
    assert frames._cache is None
    np.testing.assert_allclose(frames.read(2, 9), expected[2:9], rtol=1e-5)


def in_trials(frames: np.ndarray, begins: tuple[int, ...]) -> StandardisedFrames:
    still = LeftOut(np.zeros(len(frames), bool), np.zeros(frames.shape[1:], bool), begins=begins)
    movie = Movie(da.from_array(frames, chunks=(7, -1, -1)), left_out=still)
    good = np.ones(len(frames), bool)
    good[4] = False
    images = (
        np.full(frames.shape[1:], 100.0, np.float32),
        np.full(frames.shape[1:], 5.0, np.float32),
    )
    return StandardisedFrames(movie, *images, good, (16, 20))


@pytest.mark.parametrize("cached", [True, False])
def test_light_that_jumps_between_trials_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    monkeypatch.setattr(standardised, "CACHE_BYTES", 10**9 if cached else 0)
    rng = np.random.default_rng(0)
    frames = rng.normal(100.0, 5.0, (30, 13, 18)).astype(np.float32)
    begins, brighter = (11, 12, 25), frames.copy()  # also a trial of one frame
    for number, begin in enumerate(begins, start=1):
        brighter[begin:] += 30.0 * number * rng.random((13, 18), np.float32)
    crop = 3, 28, slice(4, 12), slice(8, 20)
    steady, jumping = in_trials(frames, begins), in_trials(brighter, begins)
    np.testing.assert_allclose(jumping.read(*crop), steady.read(*crop), atol=0.02)
    for first, piece in jumping.pieces(4):
        np.testing.assert_array_equal(piece, jumping.read(first, first + len(piece)))
    means = [jumping.read(*trial).mean(axis=0) for trial in ((11, 12), (12, 25), (25, 30))]
    np.testing.assert_allclose(np.stack(means), 0.0, atol=0.02)


@pytest.mark.parametrize("cached", [True, False])
def test_bleaching_within_a_trial_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, cached: bool
) -> None:
    """Of light that bleaches anew in every trial a twentieth is left at most; activity stays."""
    monkeypatch.setattr(standardised, "CACHE_BYTES", 10**9 if cached else 0)
    rng = np.random.default_rng(0)
    frames = rng.normal(100.0, 5.0, (1500, 13, 18)).astype(np.float32)
    begins, bleached = (250, 400, 1300), frames.copy()
    for first, last in ((0, 250), (400, 1300)):
        time = np.arange(last - first, dtype=np.float32)[:, None, None]
        bleached[first:last] += rng.uniform(0, 80, (13, 18)) * np.exp(-time / 600)
    bleached[4] = np.nan  # a frame that does not count
    crop = 240, 1400, slice(4, 12), slice(8, 20)
    steady, fading = in_trials(frames, begins), in_trials(bleached, begins)
    left = np.abs(fading.read(*crop) - steady.read(*crop))
    assert left.max() < 0.05 * 80 / 5  # light goes down in a curve, not in lines
    kept = fading.read(400, 1300, slice(0, 13), slice(0, 18))
    assert np.corrcoef(kept.ravel(), frames[400:1300].ravel())[0, 1] > 0.99
    for first, piece in fading.pieces(400):
        np.testing.assert_array_equal(piece, fading.read(first, first + len(piece)))


def test_a_short_trial_keeps_its_slope() -> None:
    """Of a few frames nobody knows what is drift and what is activity."""
    rising = np.linspace(0.0, 10.0, 199)[:, None, None] + np.zeros((1, 13, 18))
    frames = np.concatenate([rising, rising[::-1]]).astype(np.float32)
    kept = in_trials(100.0 + frames, (199,)).read(199, 398, slice(0, 13), slice(0, 18))
    np.testing.assert_allclose(kept, (frames[199:] - 5.0) / 5.0, atol=0.01)


def test_levels_begin_anew_at_breaks_that_are_far_enough_apart() -> None:
    """At every trial that is given; at other breaks, where frames were dropped, not at each."""
    movie = Movie(da.zeros((1000, 8, 8), chunks=(100, -1, -1)), jumps=(99, 300, 350, 901))
    assert trials_within(movie) == (0, 300)
    nothing = LeftOut(np.zeros(1000, bool), np.zeros((8, 8), bool), begins=(30, 60))
    assert trials_within(replace(movie, left_out=nothing)) == (0, 30, 60, 300)
    assert trials_within(replace(movie, jumps=())) == ()


def test_levels_of_a_long_movie_of_many_files_fit_into_memory() -> None:
    """A million frames of 512 x 512 in files of 500: what is kept does not grow with them."""
    n_frames = 1_000_000
    shape = (n_frames, 512, 512)
    frames = da.zeros(shape, np.uint16, chunks=(10_000, -1, -1))
    movie = Movie(frames, jumps=tuple(range(500, n_frames, 500)))
    begins = trials_within(movie)
    each = np.diff([*begins, n_frames])
    kept = sum(lines_through(int(n), spacing_of(movie)).shape[1] for n in each)
    assert len(begins) > 100
    assert kept * 512 * 512 * 2 < 2 * levels.MOST_BYTES

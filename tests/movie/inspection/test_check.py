"""Bad frames, saturated pixels and movies without activity are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import (
    FrameReport,
    StaticImages,
    check_frames,
    inspect_movie,
    open_movie,
    simulate_movie,
)
from napari_sparsevar.movie.inspection import inspect


def _noise(dtype: str, seed: int = 0) -> NDArray[np.generic]:
    frames = np.random.default_rng(seed).normal(100, 8, (60, 20, 24))
    return np.clip(frames, 0, 255).astype(dtype)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "int32", "float32", "float64"])
def test_clean_movie_has_nothing_to_report(dtype: str) -> None:
    frames = _noise(dtype)
    report = check_frames(open_movie(frames))
    assert report.sentences() == ()
    assert not report.bad.any()
    assert report.maximum == pytest.approx(float(frames.max()))
    assert report.minimum == pytest.approx(float(frames.min()), rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_and_infinity_are_bad_frames(dtype: str) -> None:
    frames = _noise(dtype)
    frames[3, 2, ::2], frames[7], frames[9, :, 3] = np.nan, np.inf, -np.inf
    report, images = inspect_movie(open_movie(frames))
    assert np.flatnonzero(report.bad).tolist() == [3, 7, 9]
    assert not report.ignored.any()
    assert report.sentences() == (
        "3 of 60 frames hold NaN, infinite pixels or one value throughout (frame 3, 7, 9); they "
        "are skipped.",
    )
    for image in (images.mean, images.noise, images.deviation, images.correlation):
        assert np.isfinite(image).all()


def test_number_beyond_float32_is_missing() -> None:
    frames = _noise("float64")
    frames[5, 1] = 1e300
    assert np.flatnonzero(check_frames(open_movie(frames)).bad).tolist() == [5]
    frames[5:20, 1] = 1e300
    assert not check_frames(open_movie(frames)).bad.any()


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_a_rim_that_moves_costs_pixels_and_no_frame(dtype: str) -> None:
    frames, expected = _noise(dtype), np.zeros((20, 24), bool)
    filling = np.nan if dtype == "float32" else 0
    rng = np.random.default_rng(1)
    for frame in frames:
        top, left = rng.integers(0, 3, 2)
        frame[:top], frame[:, :left] = filling, filling
    expected[:2], expected[:, :2] = True, True
    report, images = inspect_movie(open_movie(frames))
    assert not report.bad.any()
    np.testing.assert_array_equal(report.ignored, expected)
    assert "left out of all" in report.sentences()[0]
    for image in (images.mean, images.noise, images.deviation, images.correlation):
        np.testing.assert_array_equal(np.isnan(image), expected)
    inner = open_movie(frames[:, 2:, 2:])
    for name in ("mean", "noise", "deviation"):  # as of a movie without the rim
        alone = getattr(inspect_movie(inner)[1], name)
        np.testing.assert_allclose(getattr(images, name)[2:, 2:], alone, rtol=1e-5)


@pytest.mark.parametrize("filling", [0, 7])
def test_a_rim_that_never_changes_is_left_out(filling: int) -> None:
    frames = _noise("uint16")
    frames[:, -3:], frames[:, :, 0] = filling, filling
    report = check_frames(open_movie(frames))
    assert report.ignored.sum() == 3 * 24 + 20 - 3
    assert not report.bad.any()
    frames[:, 4:, 4:] = filling  # what is cut out of most of the field is no rim
    assert not check_frames(open_movie(frames)).ignored.any()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_values_cut_off_at_the_top_are_saturated(dtype: str) -> None:
    frames = np.minimum(_noise(dtype), np.array(110, dtype))
    report = check_frames(open_movie(frames))
    assert report.saturation_level == pytest.approx(110, rel=1e-3)
    assert report.saturated_fraction == pytest.approx((frames == 110).mean())
    np.testing.assert_array_equal(report.saturated, (frames == 110).any(axis=0))
    assert "saturated" in report.sentences()[0]


def test_pile_that_is_smeared_and_below_the_largest_value() -> None:
    rng = np.random.default_rng(0)
    light = rng.exponential(9000, (100, 64, 64))
    smeared = np.minimum(light, 54000 + rng.normal(0, 300, light.shape)).astype(np.uint16)
    report = check_frames(open_movie(smeared))
    assert report.saturation_level is not None
    assert 52500 < report.saturation_level < 54500
    assert report.saturated_fraction == pytest.approx((light > 54000).mean(), rel=0.2)


@pytest.mark.parametrize("regime", ["easy", "strong_noise"])
def test_bright_cells_are_not_called_saturated(regime: str) -> None:
    for seed in range(3):
        movie, _ = simulate_movie(400, seed=seed, regime=regime)
        assert check_frames(movie).saturation_level is None


def test_movie_without_activity_is_refused() -> None:
    with pytest.raises(UserError, match="every pixel has the same value"):
        check_frames(open_movie(np.full((10, 5, 5), 7, np.uint16)))
    still = np.broadcast_to(np.arange(25, dtype=np.uint8).reshape(5, 5), (10, 5, 5))
    with pytest.raises(UserError, match="all frames are equal"):
        check_frames(open_movie(still))
    with pytest.raises(UserError, match="Every frame"):
        check_frames(open_movie(np.full((10, 5, 5), np.nan)))


def test_real_movie_saturates_near_54000(real_movie: Path) -> None:
    report, images = inspect_movie(open_movie(real_movie))
    assert report.saturation_level is not None
    assert 53000 < report.saturation_level < 54500
    assert not report.bad.any()
    assert images.noise.min() > 0
    assert images.correlation.max() > 0.3


@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_a_large_movie_of_whole_numbers_is_looked_at_in_parts(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(inspect, "WHOLE_BYTES", 0)
    frames = np.random.default_rng(0).integers(90, 110, (4000, 16, 16)).astype(kind)
    report, images = inspect_movie(open_movie(frames), max_frames=160)
    assert images.n_frames == 160
    if kind == "float32":  # any frame may hold NaN
        assert report.n_checked == 4000
        assert report.sentences() == ()
    else:
        assert 160 <= report.n_checked <= 4000
        assert report.n_bad == 0
    whole, expected = whole_inspection(monkeypatch, frames)
    np.testing.assert_array_equal(images.mean, expected.mean)
    np.testing.assert_array_equal(images.noise, expected.noise)
    assert (whole.minimum, whole.maximum) == (report.minimum, report.maximum)


def whole_inspection(
    monkeypatch: pytest.MonkeyPatch, frames: np.ndarray
) -> tuple[FrameReport, StaticImages]:
    monkeypatch.setattr(inspect, "WHOLE_BYTES", frames.nbytes)
    return inspect_movie(open_movie(frames), max_frames=160)

"""Missing pixels are found, and as little as possible is left out with them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from napari_sparsevar.movie.inspection.missing import Missing, missing_pixels


def noise(kind: str = "uint16", level: float = 100.0) -> np.ndarray:
    frames = np.random.default_rng(0).normal(level, 8, (12, 30, 34))
    return np.clip(frames, 0, None).astype(kind)


@given(seed=st.integers(0, 10_000))
def test_nothing_missing_is_left(seed: int) -> None:
    rng = np.random.default_rng(seed)
    absent = rng.random((9, 4, 5)) < rng.random((9, 1, 1)) * rng.random((4, 5))
    missing = Missing(9, (4, 5))
    for start in range(0, 9, 2):
        missing.add(start, absent[start : start + 2])
    found = missing.uncounted()
    assert not (absent & ~found.pixels & ~found.frames[:, None, None]).any()
    share = found.pixels.mean() + found.frames.mean()
    only_pixels, only_frames = absent.any(axis=0).mean(), absent.any(axis=(1, 2)).mean()
    assert share <= min(only_pixels, only_frames) + 1e-12


def test_a_lost_frame_does_not_cost_a_pixel() -> None:
    absent = np.zeros((50, 20, 20), bool)
    absent[:, :2] = True
    absent[[3, 17]] = True
    missing = Missing(50, (20, 20))
    missing.add(0, absent)
    found = missing.uncounted()
    assert np.flatnonzero(found.frames).tolist() == [3, 17]
    np.testing.assert_array_equal(found.pixels, absent[0])


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
def test_noise_has_no_rim(kind: str) -> None:
    assert missing_pixels(noise(kind)) is None


def test_corners_left_by_a_turn_are_missing() -> None:
    turned = np.stack([ndimage.rotate(f, 6, reshape=False, order=0) for f in noise()])
    absent = missing_pixels(turned)
    assert absent is not None
    assert (absent == (turned == 0)).mean() > 0.99


def test_dark_pixels_are_no_rim() -> None:
    frames = np.random.default_rng(0).poisson(0.2, (12, 30, 34)).astype(np.uint16)
    assert missing_pixels(frames) is None


def test_a_frame_of_one_value_is_missing() -> None:
    frames = noise()
    frames[4] = 0
    absent = missing_pixels(frames)
    assert absent is not None
    assert np.flatnonzero(absent.any(axis=(1, 2))).tolist() == [4]
    assert absent[4].all()


def test_what_is_cut_off_at_the_bottom_is_no_rim() -> None:
    dark = np.linspace(-60, 60, 34)[None, None]  # a field that is darker to the left
    frames = np.clip(np.random.default_rng(0).normal(dark, 20, (12, 30, 34)), 0, None)
    assert missing_pixels(frames.astype(np.uint16)) is None

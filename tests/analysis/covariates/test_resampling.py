"""Samples at any time become a value a frame."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.analysis.covariates.resampling import FrameTimes, counts, means

FRAMES = FrameTimes.of_rate(10, 5.0)


def test_many_samples_become_their_mean_over_each_frame() -> None:
    times = np.arange(2000) / 1000.0
    np.testing.assert_allclose(means(times, times, FRAMES), (np.arange(10) + 0.4975) / 5.0)


def test_few_samples_are_joined_by_a_line() -> None:
    times = np.arange(0.0, 2.5, 0.5)
    found = means(times, 2.0 * times, FRAMES)
    middle = FRAMES.begins + 0.1
    holds_sample = np.isin(FRAMES.number(times), -1, invert=True)
    lone = np.setdiff1d(np.arange(10), FRAMES.number(times[holds_sample]))
    np.testing.assert_allclose(found[lone], 2.0 * middle[lone])


def test_a_long_gap_is_not_known() -> None:
    times = np.r_[0.05:0.5:0.1, 1.55:2.0:0.1]
    found = means(times, np.ones(len(times)), FRAMES)
    np.testing.assert_array_equal(np.isnan(found), np.isin(np.arange(10), [3, 4, 5, 6]))


def test_samples_that_are_nan_are_no_samples() -> None:
    times = np.arange(0.0, 2.0, 0.01)
    values = np.where(np.arange(len(times)) % 2, 1.0, np.nan)
    np.testing.assert_array_equal(means(times, values, FRAMES), np.ones(10))
    values[:100] = np.nan
    assert np.isnan(means(times, values, FRAMES)[:4]).all()


def test_events_are_counted_in_their_frames() -> None:
    found = counts(np.array([0.0, 0.1999999999, 0.2, 0.25, 1.9, 5.0, -1.0]), FRAMES)
    np.testing.assert_array_equal(found, [1, 3, 0, 0, 0, 0, 0, 0, 0, 1])


def test_no_frame_lasts_over_a_jump_in_time() -> None:
    frames = FrameTimes(np.array([0.0, 1.0, 10.0, 11.0]), 1.0)
    times = np.array([0.5, 1.5, 5.0, 10.0, 12.5])
    np.testing.assert_array_equal(frames.number(times), [0, 1, -1, 2, -1])

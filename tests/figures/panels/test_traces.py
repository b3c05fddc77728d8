"""Mean activity over time, and what is drawn of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_sparsevar.figures.panels import traces
from napari_sparsevar.figures.panels.traces import binned, mean_activity


def test_activity_is_that_of_the_whole_whatever_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    latents = np.random.default_rng(0).normal(3.0, 2.0, size=(50, 4)).astype(np.float32)
    good = np.arange(50) != 7
    whole = mean_activity(latents, good)
    monkeypatch.setattr(traces, "_FRAMES_AT_ONCE", 7)
    np.testing.assert_allclose(mean_activity(latents, good), whole)
    used = latents[good]
    expected = np.abs((used - used.mean(axis=0)) / used.std(axis=0)).mean(axis=1)
    np.testing.assert_allclose(whole[good], expected, rtol=1e-5)
    assert np.isnan(whole[7])


def test_the_unit_of_a_latent_does_not_matter() -> None:
    latents = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    good = np.ones(50, dtype=bool)
    scaled = latents * np.array([1, 10, 100, 1000], dtype=np.float32)
    np.testing.assert_allclose(mean_activity(scaled, good), mean_activity(latents, good), rtol=1e-4)


def test_a_latent_that_never_changes_is_not_active() -> None:
    assert not mean_activity(np.ones((9, 2), dtype=np.float32), np.ones(9, dtype=bool)).any()


@given(st.integers(1, 200), st.integers(1, 60))
def test_bins_keep_the_time_and_the_mean(length: int, longest: int) -> None:
    times, values = binned(np.arange(length, dtype=float), longest)
    assert len(times) <= longest
    np.testing.assert_allclose(values, times)


def test_missing_values_are_left_out() -> None:
    _, values = binned(np.array([1.0, np.nan, np.nan, np.nan, 4.0, 6.0]), 3)
    np.testing.assert_array_equal(values, [1.0, np.nan, 5.0])

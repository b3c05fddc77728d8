"""Columns of covariates: their past, smooth, never across a jump in time."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.analysis.covariates.basis import (
    LONGEST_S,
    N_BUMPS,
    SHARP_S,
    kernels_at,
)
from napari_sparsevar.analysis.covariates.covariates import CovariateKind, Covariates


def of(values: np.ndarray, kind: CovariateKind = "continuous", fps: float = 10.0) -> Covariates:
    shaped = values.astype(np.float32).reshape(len(values), 1)
    return Covariates(("speed",), ("cm/s",), (kind,), shaped, kernels_at(fps))


def test_kernels_look_back_over_the_stated_seconds_and_are_smooth() -> None:
    kernels = kernels_at(30.0).continuous
    assert kernels.shape == (int(LONGEST_S * 30) + 1, N_BUMPS)
    assert kernels[0].argmax() == 0
    assert kernels[-1].argmax() == N_BUMPS - 1
    # Together they count every lag alike, but for the ends.
    total = kernels.sum(axis=1)
    inside = slice(3, -20)
    assert np.ptp(total[inside]) < 0.02 * total[inside].mean()


def test_each_frame_just_after_an_event_counts_by_itself() -> None:
    kernels = kernels_at(30.0).event
    sharp = int(SHARP_S * 30) + 1
    np.testing.assert_array_equal(kernels[:sharp, :sharp], np.eye(sharp))
    assert not kernels[:sharp, sharp:].any()
    assert (kernels.sum(axis=1) > 0.4).all()


def test_few_lags_are_taken_each_by_itself() -> None:
    for kernels in kernels_at(2.0):
        np.testing.assert_array_equal(kernels, np.eye(5))


@pytest.mark.parametrize("kind", ["continuous", "event"])
def test_columns_are_the_weighted_past(kind: CovariateKind) -> None:
    values = np.random.default_rng(0).standard_normal(60)
    kernels = getattr(kernels_at(10.0), kind)
    columns = of(values, kind).design().columns
    np.testing.assert_allclose(
        columns[40], values[40 - np.arange(len(kernels))] @ kernels, atol=1e-6
    )


@pytest.mark.parametrize(("kind", "level"), [("continuous", 3.0), ("event", 0.0)])
def test_nothing_reaches_over_a_jump_in_time(kind: CovariateKind, level: float) -> None:
    """After a jump it is as if the present had always been, or no event had happened."""
    values = np.r_[np.full(50, 9.0), np.full(50, 3.0)]
    columns = of(values, kind).design(starts=(50,)).columns
    kernels = getattr(kernels_at(10.0), kind)
    expected = 3.0 * kernels[0] + level * kernels[1:].sum(axis=0)
    np.testing.assert_allclose(columns[50], expected, atol=1e-5)


def test_frames_are_known_once_all_of_their_past_is() -> None:
    values = np.ones(100)
    values[30] = np.nan
    design = of(values).design()
    lost = np.flatnonzero(~design.known)
    assert lost[0] == 30
    assert len(lost) == len(kernels_at(10.0).continuous)
    assert np.isfinite(design.columns).all()


def test_labels_have_units() -> None:
    assert of(np.ones(50)).labels == ("speed (cm/s)",)

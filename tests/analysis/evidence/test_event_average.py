"""The band around shuffled events holds what it says, and only a follower stands out of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from napari_sparsevar.analysis.evidence.event_average import (
    FEWEST,
    SHUFFLES,
    EventAverage,
    EventWindow,
    event_average,
    source_events,
)
from napari_sparsevar.model.temporal import calcium_filter, estimate_dynamics

FPS = 15.0
WINDOW = EventWindow.of(FPS)
N_FRAMES = 1500


def calcium(n: int, coupling: float) -> np.ndarray:
    """Return pairs of noisy calcium traces (n, T, 2); an event of the first adds to the second."""
    rng = np.random.default_rng(4)
    shape = (n, N_FRAMES, 2)
    events = (rng.random(shape) < 0.06) * rng.exponential(1.0, shape)
    events[:, 1:, 1] += coupling * events[:, :-1, 0]
    traces = lfilter([1.0], [1.0, -0.87], events, axis=1) + 0.3 * rng.standard_normal(shape)
    traces -= traces.mean(axis=1, keepdims=True)
    return np.asarray(traces / traces.std(axis=1, keepdims=True))


def innovations(traces: np.ndarray) -> np.ndarray:
    tensors = torch.from_numpy(traces), torch.ones(traces.shape[:2], dtype=torch.bool)
    return calcium_filter(*tensors, estimate_dynamics(*tensors)).innovation.numpy()


def averaged(series: np.ndarray, source: int) -> EventAverage:
    events = source_events(series[:, source], WINDOW.apart)
    found = event_average(series[:, 1 - source], events, WINDOW)
    assert found is not None
    return found


def test_the_band_holds_95_percent_of_what_independent_traces_do() -> None:
    inside, follows = [], []
    traces = calcium(60, coupling=0.0)
    # Of innovations, and of slow traces, which resemble their own past.
    for all_series in (innovations(traces), traces):
        for series in all_series:
            found = averaged(series, source=0)
            inside.append(np.mean((found.average >= found.low) & (found.average <= found.high)))
            follows.append(found.follows)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)
    assert np.mean(follows) < 0.1


def test_a_follower_stands_out_after_the_event_and_its_driver_does_not() -> None:
    series = innovations(calcium(20, coupling=0.5))
    forwards = [averaged(each, source=0) for each in series]
    assert np.mean([found.follows for found in forwards]) >= 0.95
    assert np.mean([found.peak == 1 for found in forwards]) >= 0.95
    assert all(found.outside[found.later].any() for found in forwards if found.follows)
    backwards = [averaged(each, source=1) for each in series]
    assert np.mean([found.follows for found in backwards]) <= 0.05
    assert np.mean([found.precedes and found.peak == -1 for found in backwards]) >= 0.95


def test_what_a_source_holds_down_stands_out_below() -> None:
    found = averaged(innovations(calcium(1, coupling=-0.6))[0], source=0)
    at = found.lags == found.peak
    assert found.follows
    assert found.average[at] < found.low[at]


def test_the_average_is_the_mean_over_whole_windows_without_bad_frames() -> None:
    rng = np.random.default_rng(0)
    target, window = rng.standard_normal(600), EventWindow(2, 3, 1)
    events = np.array([1, 50, 120, 240, 300, 420, 598])
    target[121] = np.nan
    found = event_average(target, events, window)
    assert found is not None
    inside = events[1:-1]
    wanted = [np.nanmean(target[inside + lag]) for lag in range(-2, 4)]
    np.testing.assert_allclose(found.average, wanted)
    assert found.lags.tolist() == [-2, -1, 0, 1, 2, 3]
    assert found.n_events == 5
    assert (found.low < found.high).all()


def test_the_same_question_has_the_same_answer() -> None:
    series = innovations(calcium(1, coupling=0.5))[0]
    one, other = averaged(series, 0), averaged(series, 0)
    np.testing.assert_array_equal(one.low, other.low)
    assert one.rank_after == other.rank_after <= SHUFFLES


def test_events_are_high_and_apart_and_the_first_of_a_burst_counts() -> None:
    trace = 0.1 * np.sin(np.arange(400.0))
    trace[[50, 53, 56, 120, 300]] = [4.0, 9.0, 5.0, 6.0, 5.0]
    trace[[121, 301]] = np.nan
    assert source_events(trace, apart=8).tolist() == [50, 120, 300]
    assert {50, 53, 56} <= set(source_events(trace, apart=1).tolist())
    assert source_events(np.full(9, np.nan), 8).size == source_events(np.zeros(9), 8).size == 0


def test_too_few_events_or_frames_make_no_average() -> None:
    target = np.random.default_rng(0).standard_normal(600)
    few = np.arange(1, FEWEST) * 100
    assert event_average(target, few, WINDOW) is None
    assert event_average(target[:300], np.arange(20, 240, 10), WINDOW) is None


@pytest.mark.parametrize(
    ("fps", "window"), [(15.0, (15, 45, 8)), (None, (10, 30, 5)), (1.0, (3, 3, 3))]
)
def test_the_window_is_one_second_before_to_three_after(
    fps: float | None, window: tuple[int, int, int]
) -> None:
    assert EventWindow.of(fps) == window

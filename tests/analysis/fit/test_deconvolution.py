"""Events behind calcium: found where they were, whatever is worked on together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from made_activity import MadeActivity
from napari_sparsevar.analysis.fit import deconvolution
from napari_sparsevar.analysis.fit.deconvolution import (
    decay_of,
    events_behind,
    events_of,
    foretold_by_calcium,
    noise_of,
    transients_are_clear,
)
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, all_rows
from napari_sparsevar.analysis.fit.own_dynamics import Series

N_FRAMES, SIZE, DECAY = 3000, 12, 0.9


def happened() -> np.ndarray:
    rng = np.random.default_rng(1)
    return (rng.random((N_FRAMES, SIZE)) < 0.02) * rng.uniform(0.5, 1.5, (N_FRAMES, SIZE))


def seen_through(noise: float) -> Series:
    """Calcium over a baseline of 3, in noise; two frames are bad."""
    rng = np.random.default_rng(0)
    calcium = lfilter([1.0], [1.0, -DECAY], happened(), axis=0)
    series = (3.0 + calcium + noise * rng.standard_normal(calcium.shape)).astype(np.float32)
    good = np.ones(N_FRAMES, bool)
    good[[500, 501]] = False
    series[~good] = 0.0
    return Series(series, torch.from_numpy(good))


def test_events_are_found_where_they_were() -> None:
    series = seen_through(0.02)
    found = events_behind(series)
    assert found.decay == pytest.approx(DECAY, abs=0.01)
    np.testing.assert_allclose(found.baseline, 3.0, atol=0.1)
    assert np.corrcoef(found.values.ravel(), happened().ravel())[0, 1] > 0.98
    assert not found.values[[500, 501]].any()
    assert (found.values >= 0).all()


def test_how_many_are_worked_on_together_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    series = seen_through(0.3)
    whole = events_behind(series)
    monkeypatch.setattr(deconvolution, "_NUMBERS", 5 * N_FRAMES)
    room = np.empty((N_FRAMES, SIZE), np.float32)
    apart = events_behind(series, room)
    assert apart.values is room
    np.testing.assert_array_equal(room, whole.values)
    np.testing.assert_array_equal(apart.baseline, whole.baseline)
    good = series.good.numpy()
    units = whole.values / noise_of(series.values, good)
    np.testing.assert_allclose(events_of(series.values, good, (), decay_of(series)), units)


def test_nothing_is_known_of_calcium_where_time_jumps() -> None:
    """A stretch of time has the events it has by itself."""
    series = replace(seen_through(0.1), starts=(1000,))
    found = events_behind(series)
    assert not found.values[1000].any()
    late = replace(series, values=series.values[1000:], good=series.good[1000:], starts=())
    late = replace(late, values=late.values - found.baseline)
    alone = events_of(late.values, late.good.numpy(), (), found.decay)
    alone *= noise_of(late.values, late.good.numpy())
    assert np.corrcoef(alone.ravel(), found.values[1000:].ravel())[0, 1] > 0.999


@pytest.mark.parametrize(("noise", "clear"), [(0.1, True), (1.0, False)])
def test_transients_are_clear_where_they_stand_out_of_the_noise(noise: float, clear: bool) -> None:
    assert transients_are_clear(seen_through(noise)) == clear


def test_noise_that_is_loud_now_and_then_in_few_places_is_no_calcium() -> None:
    rng = np.random.default_rng(2)
    series = rng.standard_normal((N_FRAMES, 100)).astype(np.float32)
    series[:, :3] *= 1.0 + 9.0 * (rng.random((N_FRAMES, 1)) < 0.01)
    assert not transients_are_clear(Series(series, torch.ones(N_FRAMES, dtype=torch.bool)))


def test_calcium_foretells_the_frame_after_up_to_new_events() -> None:
    events = happened()
    series = lfilter([1.0], [1.0, -DECAY], events, axis=0)
    good, usual = np.ones(N_FRAMES, bool), events.mean(axis=0)
    told = foretold_by_calcium(series, events, good, (1000,), DECAY, usual)
    inner = np.setdiff1d(np.arange(1, N_FRAMES), [1000])
    np.testing.assert_allclose((series - told)[inner], (events - usual)[inner], atol=1e-9)
    np.testing.assert_allclose(told[[0, 1000]], np.tile(usual / (1 - DECAY), (2, 1)))


@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_what_calcium_foretells_is_right_on_average(noise: float) -> None:
    series = seen_through(noise)
    found, good = events_behind(series), series.good.numpy()
    usual = found.values[good].mean(axis=0)
    above = (series.values - found.baseline).astype(np.float64)
    told = foretold_by_calcium(above, found.values, good, (), found.decay, usual)
    wrong = (above - told)[good].mean(axis=0) / above[good].std(axis=0)
    assert np.abs(wrong).max() < 0.05


@pytest.mark.parametrize("length", [2, 7, 10_000])
def test_a_drive_is_what_happened_in_two_frames_of_one_stretch(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    from napari_sparsevar.analysis.fit import own_dynamics

    monkeypatch.setattr(own_dynamics, "PIECE_NUMBERS", length * 3)
    series = np.random.default_rng(3).standard_normal((60, 3)).astype(np.float32)
    activity = MadeActivity(series, np.ones(60, bool), starts=(30,))
    rows = all_rows(StreamedRows.of(activity, 1, "none", recent=2))
    centred = series - series.mean(axis=0)
    before = np.vstack([np.zeros(3), centred[:-1]])
    before[30] = 0.0
    drive = centred + before
    targets = [t for t in range(1, 60) if t != 30]
    wanted = drive[[t - 1 for t in targets]]
    ratio = rows.past.numpy() / wanted
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio.mean(axis=0), ratio.shape), rtol=1e-3)

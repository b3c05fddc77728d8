"""Light rises, decays and saturates as asked."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.movie.simulation.kinetics import light_of
from napari_sparsevar.movie.simulation.nuisances.activity import Kinetics

FPS = 100.0


def after_one_event(kinetics: Kinetics, size: float = 1.0) -> np.ndarray:
    """Light of 6 cells, each of which has one event, from the frame of the event on."""
    events = np.zeros((600, 6))
    events[0] = size
    return light_of(events, kinetics, 0.5, FPS, np.random.default_rng(0)).values


@pytest.mark.parametrize("indicator", ["GCaMP6s", "GCaMP6f", "jGCaMP8m"])
def test_calcium_of_an_isolated_event_decays_as_asked(indicator: str) -> None:
    events = np.zeros((600, 6))
    events[0] = 1.0
    kinetics = Kinetics(indicator=indicator, decay_s=(0.2, 1.5))
    made = light_of(events, kinetics, 0.5, FPS, np.random.default_rng(0))
    calcium = (made.values / (1.0 - made.values)) ** (1.0 / made.cells["hill"])
    later = slice(60, 100)  # the rise is over
    slope = np.polyfit(np.arange(40) / FPS, np.log(calcium[later]), 1)[0]
    np.testing.assert_allclose(-1.0 / slope, made.cells["decay_s"], rtol=0.01)
    assert np.ptp(made.cells["decay_s"]) > 0.5
    np.testing.assert_allclose(calcium.max(axis=0), 1.0, atol=0.02)


def test_light_peaks_as_late_as_the_indicator_does() -> None:
    peaks = {
        name: after_one_event(Kinetics(indicator=name)).argmax(axis=0).mean() / FPS
        for name in ("GCaMP6s", "GCaMP6f", "jGCaMP8m")
    }
    assert peaks["GCaMP6s"] == pytest.approx(0.17, abs=0.03)
    assert peaks["GCaMP6f"] == pytest.approx(0.05, abs=0.015)
    assert peaks["jGCaMP8m"] < 0.03


def test_light_is_steeper_than_calcium_and_has_an_end() -> None:
    peak = {size: after_one_event(Kinetics(), size).max() for size in (0.5, 1.0, 10.0, 100.0)}
    assert peak[1.0] == pytest.approx(0.5, abs=0.01)
    assert peak[0.5] < 0.3 * peak[1.0]
    assert 0.99 < peak[10.0] < peak[100.0] <= 1.0


def test_what_is_given_takes_the_place_of_the_indicators() -> None:
    made = light_of(
        np.zeros((10, 6)), Kinetics(hill=2.3, rise_s=0.1), 0.5, FPS, np.random.default_rng(0)
    )
    np.testing.assert_allclose(made.cells["hill"], 2.3, rtol=1e-6)
    np.testing.assert_allclose(made.cells["rise_s"], 0.1, rtol=1e-6)
    assert 0.6 <= made.cells["decay_s"].min() <= made.cells["decay_s"].max() <= 1.2

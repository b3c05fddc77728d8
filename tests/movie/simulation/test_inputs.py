"""What reaches cells from outside does to each what the truth says."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.movie.simulation.nuisances.activity import Bursts, Hidden, State, Stimuli
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.population import Activity, act, streams_of
from napari_sparsevar.movie.simulation.regime import Regime
from napari_sparsevar.movie.simulation.wiring import unconnected

FPS, N_CELLS, N_FRAMES = 30.0, 16, 30_000


def acted(nuisances: Nuisances) -> Activity:
    """Cells that have nothing to do with each other."""
    regime = Regime(noise=0.0, coupling=0.0, nuisances=nuisances, fps=FPS, event_rate_hz=0.5)
    return act(N_FRAMES, unconnected(N_CELLS), regime, streams_of(2))


def test_running_raises_the_rate_of_each_cell_by_its_own_factor() -> None:
    activity = acted(Nuisances(state=State(share=0.3, gain=(1.0, 4.0))))
    running, fired = activity.inputs.shared["running"], activity.events > 0
    assert running.shape == (N_FRAMES,)
    assert running.mean() == pytest.approx(0.3, abs=0.1)
    raised = fired[running == 1].mean(axis=0) / fired[running == 0].mean(axis=0)
    gain = activity.cells["running_gain"]
    assert np.corrcoef(raised, gain)[0, 1] > 0.9
    assert raised.mean() == pytest.approx(gain.mean(), rel=0.15)


def test_answers_come_after_each_cells_own_latency() -> None:
    activity = acted(Nuisances(stimuli=Stimuli(probability=0.7, latency_s=(0.0, 0.4))))
    shown = np.flatnonzero(activity.inputs.shared["stimulus"])
    assert len(shown) == pytest.approx(N_FRAMES / FPS / 3, rel=0.15)
    latency = activity.cells["latency_s"]
    assert np.isfinite(latency).sum() == N_CELLS / 2
    for cell in np.flatnonzero(np.isfinite(latency)):
        assert 0.0 <= latency[cell] <= 0.4 + 0.5 / FPS
        frames = shown[shown < N_FRAMES - 20] + round(latency[cell] * FPS)
        assert (activity.events[frames, cell] > 0).mean() == pytest.approx(0.7, abs=0.1)
        assert (activity.events[frames + 5, cell] > 0).mean() < 0.1


def test_bursts_are_of_the_whole_field_and_short() -> None:
    activity = acted(Nuisances(bursts=Bursts(takes_part=0.5, within_s=0.1)))
    fired = activity.events > 0
    starts = np.flatnonzero(activity.inputs.shared["burst"])
    starts = starts[starts < N_FRAMES - 3]
    together = np.stack([fired[start : start + 3].any(axis=0) for start in starts])
    assert together.mean() == pytest.approx(0.5 + 0.5 * 0.05, abs=0.07)
    assert fired.mean() < 0.03


def test_hidden_cells_drive_several_at_different_delays() -> None:
    activity = acted(Nuisances(hidden=Hidden(n=2, followers=4, probability=0.5)))
    coupling, lags = activity.inputs.hidden_coupling, activity.inputs.hidden_lags
    assert coupling is not None
    assert lags is not None
    assert ((coupling > 0).sum(axis=1) == 4).all()
    assert len(set(lags[0][coupling[0] > 0])) > 1
    for number, cell in np.argwhere(coupling > 0):
        fired = activity.inputs.shared[f"hidden cell {number + 1}"]
        lag = lags[number, cell]
        after = activity.events[np.flatnonzero(fired[:-lag]) + lag, cell] > 0
        assert after.mean() == pytest.approx(0.5, abs=0.07)

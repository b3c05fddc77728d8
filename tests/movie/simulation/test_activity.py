"""Cells fire as often as asked whatever their role, and connections do what the truth says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.nuisances.activity import Spread, Wiring
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
from napari_sparsevar.movie.simulation.population import Activity, act, streams_of
from napari_sparsevar.movie.simulation.regime import Regime
from napari_sparsevar.movie.simulation.wiring import Connections, connect, elaborate

FPS = 30.0


def acted(
    nuisances: Nuisances, n_frames: int = 20_000, seed: int = 0, *, coupling: float = 0.5
) -> tuple[Connections, Activity]:
    """24 cells without places, of which 4 drive 3 each."""
    streams = streams_of(seed)
    centres = np.zeros((24, 2), np.float32)
    wiring = connect(centres, 4, 3, coupling, 0.0, streams["wiring"])
    if nuisances.wiring:
        wiring = elaborate(wiring, nuisances.wiring, coupling, FPS, streams["elaborate"])
    regime = Regime(noise=0.0, coupling=coupling, nuisances=nuisances, fps=FPS)
    return wiring, act(n_frames, wiring, regime, streams)


def follows(events: NDArray[np.float32], source: int, target: int, lag: int) -> float:
    """How often the target fires so many frames after the source."""
    at = np.flatnonzero(events[:-lag, source])
    return float((events[at + lag, target] > 0).mean())


def test_rates_and_amplitudes_are_log_normal() -> None:
    spread = Spread(rate_sigma=1.0, rates_hz=(0.001, 10.0))
    rates = [acted(Nuisances(spread=spread), 10, seed)[1].cells["rate_hz"] for seed in range(20)]
    logarithms = np.log(np.concatenate(rates))
    assert logarithms.mean() == pytest.approx(0.0, abs=0.15)
    assert logarithms.std() == pytest.approx(1.0, abs=0.12)


def test_events_of_one_cell_differ_in_size() -> None:
    _, activity = acted(Nuisances(spread=Spread(event_cv=0.5)))
    sizes = activity.events[activity.events > 0]
    assert sizes.mean() == pytest.approx(1.0, abs=0.05)
    assert sizes.std() == pytest.approx(0.5, abs=0.05)


def test_how_often_a_cell_fires_does_not_tell_its_role() -> None:
    scores = []
    for seed in range(40):
        wiring, activity = acted(Nuisances(spread=Spread()), 1500, seed)
        drives = np.isin(np.arange(24), wiring.drivers)
        scores.append(roc_auc_score(drives, (activity.events > 0).mean(axis=0)))
    assert 0.4 < np.mean(scores) < 0.6


def test_each_connection_has_its_own_lag() -> None:
    wiring, activity = acted(Nuisances(wiring=Wiring(inhibitory=0.0, lags=(1, 4))))
    lags = wiring.lags[wiring.coupling > 0]
    assert set(lags) == {1, 2, 3, 4}
    for source, target in np.argwhere(wiring.coupling > 0):
        shares = [follows(activity.events, source, target, lag) for lag in range(1, 6)]
        assert np.argmax(shares) + 1 == wiring.lags[source, target]
        assert max(shares) == pytest.approx(0.5, abs=0.08)


def test_cells_silence_their_followers() -> None:
    silencing = Wiring(inhibitory=0.5, chains=0, mutual=0, inhibition=0.9, inhibition_s=0.3)
    wiring, activity = acted(Nuisances(wiring=silencing))
    assert ((wiring.coupling < 0).any(axis=1)).sum() == 2
    for source, target in np.argwhere(wiring.coupling < 0):
        lag, window = wiring.lags[source, target], round(0.3 * FPS)
        assert wiring.coupling[source, target] == np.float32(-0.9)
        within = [follows(activity.events, source, target, lag + k) for k in range(window)]
        assert np.mean(within) < 0.25 * activity.events[:, target].astype(bool).mean()
        assert follows(activity.events, source, target, lag + window + 30) > 0.015


def test_what_drives_or_silences_a_cell_does_not_change_its_rate() -> None:
    wiring, activity = acted(Nuisances(wiring=Wiring(chains=2, mutual=1)), 40_000)
    rates = FPS * (activity.events > 0).mean(axis=0)
    for kind in (wiring.coupling > 0, wiring.coupling < 0):
        assert rates[kind.any(axis=0)].mean() == pytest.approx(1.0, abs=0.08)
    assert rates.max() < 1.4


def test_chains_and_mutual_pairs_are_what_they_are_called() -> None:
    wiring, _ = acted(Nuisances(wiring=Wiring(inhibitory=0.25, chains=2, mutual=1)), 10)
    drives = wiring.coupling != 0
    both_ways = np.argwhere(np.triu(drives & drives.T))
    assert len(both_ways) == 1
    between = drives.any(axis=0) & drives.any(axis=1)  # both ends of the pair, two links of chains
    assert between.sum() == 4 or (between.sum() == 3 and between[both_ways].any())
    np.testing.assert_array_equal(wiring.drivers, np.flatnonzero(drives.any(axis=1)))


def test_more_chains_than_drivers_are_refused() -> None:
    with pytest.raises(UserError, match="there are 3"):
        acted(Nuisances(wiring=Wiring(inhibitory=0.25, chains=4)), 10)

"""Moments that are as busy: what a field does together is in chance as well."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

import napari_sparsevar as sv
from napari_sparsevar.analysis.evidence.adjusted_p_values import adjusted_p_values
from napari_sparsevar.analysis.evidence.chosen_nulls import (
    BURSTING,
    against_each,
    chosen_nulls,
)
from napari_sparsevar.analysis.evidence.inference import PlaceEffects, place_effects
from napari_sparsevar.analysis.evidence.nulls.local import (
    SMOOTHED,
    TOGETHER,
    LocalPermutation,
    busyness,
)
from napari_sparsevar.analysis.evidence.nulls.shifted import ShiftedTimes
from napari_sparsevar.progress import returned

N_ROWS, SIZE, LENGTH, DECAY = 800, 12, 10, 0.8


def events(rng: np.random.Generator, together: float) -> np.ndarray:
    """Return events of all series, ``together`` times as often in bouts that all share."""
    bouts = np.repeat(rng.random(N_ROWS // LENGTH) < 0.1, LENGTH)[:, None]
    chance = 0.02 * np.where(bouts, together, 1.0)
    happened = rng.random((N_ROWS, SIZE)) < chance
    return np.asarray(happened * rng.exponential(1.0, happened.shape) - chance)


def calcium(happened: np.ndarray) -> np.ndarray:
    return np.asarray(lfilter([1.0], [1.0, -DECAY], happened, axis=0))


def effects_of(happened: np.ndarray) -> PlaceEffects:
    """Return effects of past calcium on the events that follow."""
    past, following = (
        torch.from_numpy((series - series.mean(axis=0)) / series.std(axis=0))
        for series in (calcium(happened)[:-1], happened[1:])
    )
    none, near = torch.zeros(SIZE, SIZE).double(), torch.eye(SIZE, dtype=torch.bool)
    return place_effects(past, following, none, (~near).double(), near)


def false_shares(together: float, *, chosen: bool, recordings: int = 40) -> float:
    """Return in which share of recordings without influence a place has p <= 0.05."""
    wrong = 0
    for seed in range(recordings):
        effects = effects_of(events(np.random.default_rng(seed), together))
        nulls = chosen_nulls(effects)
        assert nulls.said == BURSTING
        found = returned(
            against_each(
                nulls.each[: len(nulls.each) if chosen else 1],
                lambda null: adjusted_p_values(
                    null.effects, 59, pairing=null.pairing, rates=False, rare_events=True
                ),
            )
        )
        wrong += bool((found.place <= 0.05).any())
    return wrong / recordings


def test_every_row_meets_one_that_is_as_busy() -> None:
    rank = np.random.default_rng(0).permutation(N_ROWS) + 1.0
    pairing = LocalPermutation(rank)
    batches = list(pairing.batches(7, 3, N_ROWS, seed=1))
    assert [batch.partners.shape[1] for batch in batches] == [3, 3, 1]
    for rows, partners in batches:
        assert rows.tolist() == list(range(N_ROWS))
        for met in partners.T.numpy():
            assert sorted(met) == list(range(N_ROWS))
            assert np.abs(rank[met] - rank).max() <= 60
            assert (met == np.arange(N_ROWS)).mean() < 0.1
    again = list(pairing.batches(7, 3, N_ROWS, seed=1))
    assert all(torch.equal(a.partners, b.partners) for a, b in zip(batches, again, strict=True))


def test_rows_that_are_as_busy_meet_each_other_however_many_they_are() -> None:
    rank = np.full(N_ROWS, (N_ROWS + 1) / 2)
    met = next(iter(LocalPermutation(rank).batches(1, 1, N_ROWS, seed=0))).partners[:, 0].numpy()
    assert np.abs(met - np.arange(N_ROWS)).mean() == pytest.approx(N_ROWS / 3, rel=0.1)


def test_busyness_does_not_know_units_and_sees_bursts() -> None:
    rng = np.random.default_rng(2)
    series = rng.standard_normal((N_ROWS, SIZE))
    series[200:220] += rng.choice([-5.0, 5.0], (20, SIZE))
    residual, apart = torch.from_numpy(series), ~torch.eye(SIZE, dtype=torch.bool)
    busy = busyness(residual, apart)
    again = busyness(residual * torch.linspace(0.1, 9, SIZE) + 3.0, apart)
    np.testing.assert_allclose(again.rows, busy.rows, atol=1e-3)
    inside = np.zeros(N_ROWS, bool)
    inside[200:220] = True
    around = np.convolve(inside, np.ones(2 * SMOOTHED), "same") > 0
    assert busy.rows[inside].min() > busy.rows[~around].max()
    assert busy.shared > TOGETHER > busyness(residual[300:], apart).shared


def test_a_field_that_is_not_active_as_one_is_shifted() -> None:
    nulls = chosen_nulls(effects_of(events(np.random.default_rng(3), 1.0)))
    (null,) = nulls.each
    assert isinstance(null.pairing, ShiftedTimes)
    assert nulls.said == ""
    assert null.effects.volatility is None


def test_bursts_of_the_whole_field_make_no_drivers() -> None:
    assert false_shares(8.0, chosen=False) >= 0.2
    assert false_shares(8.0, chosen=True) <= 0.1


def test_slow_light_that_all_share_makes_no_edge() -> None:
    """Neighbouring rows are alike there: shifts know it, local permutation alone does not."""
    rng = np.random.default_rng(5)
    slow = lfilter([1.0], [1.0, -0.97], rng.standard_normal(3000))
    traces = calcium(np.concatenate([events(rng, 1.0) for _ in range(4)]))[:3000]
    traces += 0.3 * (slow / slow.std())[:, None] + 0.15 * rng.standard_normal(traces.shape)
    fit = sv.fit_traces(traces, fps=30.0)
    assert BURSTING in fit.notes
    assert (fit.edges["p_adjusted"].dropna() > 0.05).all()
    assert (fit.drivers["p_adjusted"].dropna() > 0.05).all()


def test_influence_is_found_among_bursts_and_what_chance_is_is_said() -> None:
    rng = np.random.default_rng(0)
    happened = events(rng, 4.0)
    happened[1:, 1] += 0.8 * happened[:-1, 0]
    traces = calcium(happened) + 0.02 * rng.standard_normal(happened.shape)
    fit = sv.fit_traces(traces, fps=20.0, lags=1)
    assert BURSTING in fit.notes
    found = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    assert found[["source", "target"]].to_numpy().tolist() == [["0", "1"]]

"""Whole trials that trade places: what a stimulus does is kept, what goes beyond it is found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

import napari_sparsevar as sv
from made_activity import MadeActivity
from napari_sparsevar.analysis.activity import penalty_weights
from napari_sparsevar.analysis.evidence.inference import PlaceEffects, place_effects
from napari_sparsevar.analysis.evidence.nulls.pairing import PairedScores, centred_effects
from napari_sparsevar.analysis.evidence.nulls.trials import (
    FEWEST_TRIALS,
    WholeTrials,
    trials_of,
)
from napari_sparsevar.analysis.evidence.significance import significance
from napari_sparsevar.analysis.fit.fitting import fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.progress import returned

N_TRIALS, LENGTH, SIZE = 24, 30, 5


def whole(frames: np.ndarray, starts: list[int]) -> WholeTrials:
    found, _ = trials_of(torch.from_numpy(frames), starts)
    assert found is not None
    return found


@pytest.fixture
def trials() -> WholeTrials:
    """Trials with a pause after each; in the third the last five frames are missing."""
    frames = np.concatenate([np.arange(50 * n, 50 * n + LENGTH) for n in range(N_TRIALS)])
    starts = [frame for n in range(N_TRIALS) for frame in (50 * n, 50 * n + LENGTH)]
    return whole(np.delete(frames, np.s_[3 * LENGTH - 5 : 3 * LENGTH]), starts)


def test_rows_meet_rows_of_the_same_moment(trials: WholeTrials) -> None:
    moment = torch.full((trials.n_rows,), -1)
    for number, rows in enumerate(trials.rows.T):
        moment[rows[rows >= 0]] = number
    batches = list(trials.batches(7, 3, trials.n_rows, seed=0))
    assert [batch.partners.shape[1] for batch in batches] == [3, 3, 1]
    for rows, partners in batches:
        assert rows.sort().values.tolist() == list(range(trials.n_rows))
        for later in partners.T:
            met = later >= 0
            assert (moment[rows[met]] == moment[later[met]]).all()
            assert len(later[met].unique()) == int(met.sum()) >= trials.n_rows - 5
            assert (rows[met] != later[met]).float().mean() > 0.5
    again = list(trials.batches(7, 3, trials.n_rows, seed=0))
    assert all(torch.equal(a.partners, b.partners) for a, b in zip(batches, again, strict=True))


def test_a_draw_of_few_rows_is_of_whole_trials(trials: WholeTrials) -> None:
    for rows, partners in trials.batches(3, 1, 4 * LENGTH, seed=1):
        assert 4 * LENGTH - 5 <= len(rows) <= 4 * LENGTH
        assert partners.shape == (len(rows), 1)


@pytest.mark.parametrize(
    ("lengths", "said"),
    [
        ([LENGTH] * (FEWEST_TRIALS - 1), f"{FEWEST_TRIALS - 1} trials are fewer"),
        ([LENGTH, 2 * LENGTH] * FEWEST_TRIALS, "different length"),
        ([LENGTH], ""),
    ],
    ids=["few", "unlike", "no jump"],
)
def test_without_enough_trials_alike_it_says_why_not(lengths: list[int], said: str) -> None:
    ends = np.cumsum(lengths)
    found, why = trials_of(torch.arange(int(ends[-1])), ends[:-1].tolist())
    assert found is None
    assert said in why
    assert bool(said) == bool(why)


def test_moments_that_few_trials_have_do_not_count() -> None:
    lengths = np.full(N_TRIALS, LENGTH)
    lengths[-1] = 2 * LENGTH
    found = whole(np.arange(lengths.sum()), np.cumsum(lengths)[:-1].tolist())
    assert found.rows.shape == (N_TRIALS, LENGTH)
    values = torch.randn(found.n_rows, 2)
    assert (found.centred(values)[-LENGTH:] == 0).all()


def test_of_some_rows_the_trials_that_are_whole_are_left(trials: WholeTrials) -> None:
    chosen = torch.arange(LENGTH + 1, trials.n_rows)  # not the first, nor all of the second
    found = trials.among(chosen)
    assert found is not None
    assert len(found.rows) == N_TRIALS - 2
    assert torch.equal(chosen[found.rows[5]], trials.rows[7])
    assert trials.among(torch.arange(5 * LENGTH)) is None


def effects_of(trials: WholeTrials) -> PlaceEffects:
    rng = np.random.default_rng(3)
    locked = rng.standard_normal((LENGTH, SIZE))
    values = rng.standard_normal((trials.n_rows, SIZE))
    for moment, rows in enumerate(trials.rows.T):
        values[rows[rows >= 0]] += 2.0 * locked[moment]
    series = torch.from_numpy((values - values.mean(axis=0)) / values.std(axis=0))
    following = series.roll(-1, 0)
    weights = 1.0 - torch.eye(SIZE, dtype=torch.float64)
    gram, cross = series.T @ series / len(series), series.T @ following / len(series)
    fitted = solve_lasso(gram, cross, 0.2 * weights)
    return place_effects(series, following, fitted, weights, torch.eye(SIZE, dtype=torch.bool))


def test_scores_are_those_of_a_recording_without_the_average_trial(trials: WholeTrials) -> None:
    effects = effects_of(trials)
    centred = centred_effects(effects, trials)
    source, target = centred.source_residual.double(), centred.target_residual.double()
    for rows in trials.rows.T:
        assert source[rows[rows >= 0]].mean(dim=0).abs().max() < 1e-6
    spread = (source.square().T @ target.square()).sqrt()
    products = effects.source_residual.double().T @ effects.target_residual.double()
    robust = (effects.source_residual.square().T @ effects.target_residual.square()).sqrt()
    restored = effects.z * robust - products
    off = ~torch.eye(SIZE, dtype=torch.bool)
    expected = (source.T @ target + restored) / spread
    torch.testing.assert_close(centred.z[off], expected[off], rtol=1e-4, atol=1e-4)


def test_draws_are_scores_of_permuted_trials(trials: WholeTrials) -> None:
    centred = centred_effects(effects_of(trials), trials)
    (drawn,) = PairedScores(centred, trials, 3, 0).batches(3)
    (paired,) = trials.batches(3, 3, trials.n_rows, 0)
    for scores, later in zip(drawn, paired.partners.T, strict=True):
        met = later >= 0
        source = centred.source_residual[paired.rows[met]]
        target = centred.target_residual[later[met]]
        expected = (source.T @ target) / (source.square().T @ target.square()).sqrt()
        torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4)


def fitted(seed: int, *, trials: bool, coupled: bool) -> CellFit:
    """Ten cells: eight answer a stimulus of each trial, at latencies of 0 to 9 frames."""
    rng = np.random.default_rng([seed, coupled])
    size, length, number = 10, 60, 30
    events = rng.random((number * length, size)) < 0.03
    for cell in range(8):
        shown = np.arange(number) * length + 20 + int(rng.integers(10))
        events[shown[rng.random(number) < 0.8], cell] = True
    if coupled:
        events[1:, 9] |= events[:-1, 0] & (rng.random(len(events) - 1) < 0.7)
    light = lfilter([1.0], [1.0, -0.95], events * rng.uniform(0.3, 0.7, events.shape), axis=0)
    starts = np.arange(number) * length
    given = list(zip(starts.tolist(), (starts + length).tolist(), strict=True)) if trials else None
    return sv.fit_traces(light + 0.1 * rng.standard_normal(light.shape), 30.0, trials=given)


def test_cells_that_answer_one_after_the_other_do_not_drive_each_other() -> None:
    found = [fitted(seed, trials=True, coupled=False) for seed in range(4)]
    shifted = [fitted(seed, trials=False, coupled=False) for seed in range(4)]
    wrong, before = (
        sum(bool((fit.edges["p_adjusted"] <= 0.05).any()) for fit in fits)
        for fits in (found, shifted)
    )
    assert wrong == 0
    assert before >= 3
    assert any("whole trials" in note for note in found[0].notes)


@pytest.mark.parametrize(("length", "said"), [(60, "30 whole trials"), (200, "9 trials are fewer")])
def test_places_of_a_movie_are_tested_against_trials_if_there_are_enough(
    length: int, said: str
) -> None:
    """All latents answer a stimulus every 60 frames, half of them a frame later."""
    rng = np.random.default_rng(4)
    shown = np.zeros((1800, 6))
    shown[20::60, :3] = shown[21::60, 3:] = 3.0
    series = (shown + rng.standard_normal(shown.shape)).astype(np.float32)
    activity = MadeActivity(series, np.ones(1800, bool), starts=range(length, 1800, length))
    rows = StreamedRows.of(activity, 1, "none")
    moments = pool(block_moments(rows, 10))
    weights = torch.from_numpy(penalty_weights(activity.near, 1))
    found = returned(significance(rows, fit_whole(rows.own, moments, weights, 1)))
    assert said in found.null
    assert bool((found.place_p <= 0.05).any()) == ("whole" not in said)


def test_what_a_cell_does_beyond_the_stimulus_is_found() -> None:
    fit = fitted(0, trials=True, coupled=True)
    sure = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    assert list(zip(sure["source"], sure["target"], strict=True)) == [("0", "9")]

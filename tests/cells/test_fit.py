"""Fits of traces find who drives whom, whatever the traces are and however they come."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import signal

import napari_sparsevar as sv
from made_fits import made_fit
from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.fit import usual_lags
from napari_sparsevar.cells.preparing import Preparation, lines_below, prepared
from napari_sparsevar.errors import UserError

DRIVER, FOLLOWER, N_CELLS = 3, 7, 10


def calcium(n_frames: int = 3000, noise: float = 0.15, seed: int = 0) -> np.ndarray:
    """Traces (T, n): half of the driver's events are followed by one of the follower."""
    rng = np.random.default_rng(seed)
    events = rng.random((n_frames, N_CELLS)) < 0.03
    followed = np.flatnonzero(events[:-1, DRIVER])
    events[followed[rng.random(len(followed)) < 0.6] + 1, FOLLOWER] = True
    seen = events * rng.uniform(0.25, 0.75, events.shape)
    for t in range(1, n_frames):
        seen[t] += 0.9 * seen[t - 1]
    return (seen + noise * rng.standard_normal(seen.shape)).astype(np.float32)


@pytest.fixture(scope="module")
def fit() -> sv.CellFit:
    names = [f"cell {letter}" for letter in "abcdefghij"]
    return sv.fit_traces(calcium(), fps=30.0, lags=2, names=names, positions=np.eye(10)[:, :2])


def test_the_edge_is_found_and_no_other(fit: sv.CellFit) -> None:
    sure = fit.edges[fit.edges["p_adjusted"] <= 0.05]
    assert sure[["source", "target", "lag"]].to_numpy().tolist() == [["cell d", "cell h", 1]]
    assert fit.edges.iloc[0]["low"] > 0.0
    assert fit.drivers.iloc[0]["name"] == "cell d"
    assert fit.drivers.iloc[0]["p_adjusted"] <= 0.05
    assert fit.drivers["drives"].sum() == fit.drivers["driven_by"].sum() == 1


def test_followers_at_different_delays_do_not_drive_each_other() -> None:
    rng = np.random.default_rng(0)
    events = rng.random((6000, N_CELLS)) < 0.03
    for follower, delay in ((FOLLOWER, 2), (FOLLOWER + 1, 3)):
        followed = np.flatnonzero(events[:-delay, DRIVER])
        events[followed[rng.random(len(followed)) < 0.6] + delay, follower] = True
    traces = signal.lfilter([1.0], [1.0, -0.9], events * rng.uniform(0.25, 0.75, events.shape), 0)
    traces += 0.1 * rng.standard_normal(traces.shape)

    def drivers(**lags: int) -> list[str]:
        found = sv.fit_traces(traces, fps=30.0, **lags).drivers
        return sorted(found["name"][found["p_adjusted"] <= 0.05])

    assert drivers() == [str(DRIVER)]
    assert str(FOLLOWER) in drivers(lags=1)


@pytest.mark.parametrize(
    ("fps", "n_cells", "lags"),
    [(None, 10, 1), (4.0, 10, 1), (15.0, 10, 1), (30.0, 10, 2), (100.0, 10, 6), (60.0, 900, 2)],
)
def test_lags_cover_what_influence_takes(fps: float | None, n_cells: int, lags: int) -> None:
    assert usual_lags(fps, n_cells) == lags


def test_matrices_say_what_the_table_says(fit: sv.CellFit) -> None:
    row = fit.edges.iloc[0]
    ends = fit.names.index(row["source"]), fit.names.index(row["target"])
    for kind in ("estimate", "coefficient", "p_adjusted", "p_fdr", "stability"):
        of_lag = fit.matrix(kind, lag=int(row["lag"]))
        assert of_lag.shape == (N_CELLS, N_CELLS)
        assert of_lag[ends] == pytest.approx(row[kind])
    both = fit.matrix("estimate", 1) + fit.matrix("estimate", 2)
    np.testing.assert_allclose(fit.matrix("estimate"), both)
    assert not fit.matrix("coefficient").diagonal().any()
    assert np.isnan(fit.matrix("p_adjusted").diagonal()).all()


def test_renumbering_the_cells_renumbers_the_answer() -> None:
    traces, order = calcium(1500), np.random.default_rng(1).permutation(N_CELLS)
    straight, mixed = sv.fit_traces(traces), sv.fit_traces(traces[:, order])
    np.testing.assert_allclose(straight.matrix()[np.ix_(order, order)], mixed.matrix(), atol=1e-4)


def test_a_table_brings_its_names() -> None:
    table = pd.DataFrame(calcium(800), columns=[f"roi_{cell}" for cell in range(N_CELLS)])
    fit = sv.fit_traces(table)
    assert fit.names == tuple(table.columns)
    table.insert(0, "time", np.arange(len(table)) / 20.0)
    timed = sv.fit_traces(table, lags=1)
    assert timed.names == fit.names
    assert timed.fps == 20.0
    np.testing.assert_array_equal(timed.matrix(), fit.matrix())


def test_what_cannot_be_fitted_stays_in_the_tables() -> None:
    traces = calcium(1200)
    traces[:, 0], traces[:, 1] = 5.0, np.nan
    traces[:, 2] = traces[:, DRIVER]
    traces[100, 5] = np.nan
    fit = sv.fit_traces(traces)
    assert list(fit.fitted_cells) == list(range(2, N_CELLS))
    assert not fit.good[100]
    assert len(fit.drivers) == N_CELLS
    left_out = fit.drivers.set_index("name").loc[["0", "1"]]
    assert left_out[["strength", "p_adjusted"]].isna().all(axis=None)
    assert np.isnan(fit.matrix("p_adjusted")[2, DRIVER])
    said = " ".join(fit.notes)
    assert "Cell 0 never changes" in said
    assert "Cell 1 is NaN" in said
    assert "2 and 3" in said


def test_trials_are_never_joined() -> None:
    """Events at the end of a trial foretell nothing of the next one."""
    rng = np.random.default_rng(0)
    events = (rng.random((4000, 4)) < 0.05).astype(np.float32)
    trials = [(start, start + 20) for start in range(0, 4000, 20)]
    events[19::20, 0] = 1.0
    events[20::20, 1] = 1.0
    wanted = Preparation(events="no")
    joined = sv.fit_traces(events, preparation=wanted).matrix("score")[0, 1]
    apart = sv.fit_traces(events, trials=trials, preparation=wanted).matrix("score")[0, 1]
    assert joined > 5.0
    assert abs(apart) < 4.0


TRIALS = [(start, min(start + 150, 2990)) for start in range(0, 3000, 150)]


@pytest.mark.parametrize("events", ["auto", "no"])
def test_light_that_jumps_between_trials_changes_nothing(events: str) -> None:
    """Nor does a neuropil that jumps with it, whatever is done to the traces before."""
    traces, rng = calcium(), np.random.default_rng(4)
    around = 0.3 * signal.lfilter([1.0], [1.0, -0.95], rng.standard_normal((3000, 1)), axis=0)
    around = (around + 0.05 * rng.standard_normal((3000, N_CELLS))).astype(np.float32)
    wanted = Preparation(kind="raw", neuropil="estimated", events=events)  # type: ignore[arg-type]
    found = []
    for light in (0.0, 8.0):
        jumps = np.repeat(light * rng.standard_normal((20, 1)), 150, axis=0).astype(np.float32)
        brought = {"raw": traces + around + jumps, "neuropil": around + jumps}
        cells = Cells(names=list("abcdefghij"), traces=brought, fps=15.0)
        found.append(sv.fit_traces(cells, trials=TRIALS, preparation=wanted))
    steady, jumping = found
    np.testing.assert_allclose(jumping.series, steady.series, atol=1e-2)
    np.testing.assert_allclose(jumping.matrix("score"), steady.matrix("score"), atol=0.1)
    sure = steady.drivers["p_adjusted"] <= 0.05
    assert steady.drivers.loc[sure, "name"].tolist() == ["d"]


def test_drift_is_taken_out_within_trials() -> None:
    """Bleaching that begins anew with each; of one shorter than the window only its level."""
    rng = np.random.default_rng(0)
    noise = 0.01 * rng.standard_normal((900, 3))
    bleached = np.concatenate(
        [np.linspace(5.0, 3.0, 400), np.linspace(8.0, 6.0, 480), np.full(20, 30.0)]
    )
    cells = Cells(
        names=list("abc"), traces={"dff": (noise + bleached[:, None]).astype(np.float32)}, fps=10.0
    )
    trials = [(0, 400), (400, 880), (880, 900)]
    within = prepared(cells, Preparation(detrend=4.0), trials=trials).traces
    assert np.abs(within).max() < 0.3
    short = within[880:] - noise[880:]
    np.testing.assert_allclose(short, np.broadcast_to(short[0], short.shape), atol=1e-4)
    assert np.abs(prepared(cells, Preparation(detrend=4.0)).traces).max() > 5.0


def test_white_noise_does_not_turn_the_direction_round() -> None:
    scores = [sv.fit_traces(calcium(6000, 0.3, seed)).matrix("score") for seed in range(3)]
    forward = np.mean([score[DRIVER, FOLLOWER] for score in scores])
    reverse = np.mean([score[FOLLOWER, DRIVER] for score in scores])
    assert forward > 4.0
    assert reverse < 3.0


def test_a_long_recording_without_coupling_has_no_edge() -> None:
    """Draws of fewer rows than the recording has would reach less: 8 of 12 had an edge."""
    found = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        events = (rng.random((9000, 20)) < 0.02) * rng.uniform(0.25, 0.75, (9000, 20))
        calcium = signal.lfilter([1.0], [1.0, -0.95], events, axis=0)
        fit = sv.fit_traces(calcium + 0.15 * rng.standard_normal(calcium.shape))
        found += int((fit.edges["p_adjusted"] <= 0.05).any())
    assert found <= 2


def test_followers_of_one_driver_do_not_drive_each_other() -> None:
    """White series: a filter that takes them for noise would smear what happens over time."""
    found = 0
    for seed in range(6):
        traces = np.random.default_rng(seed).standard_normal((1200, 5))
        traces[1:, [1, 2]] += 0.6 * traces[:-1, [0]]
        p_values = sv.fit_traces(traces).matrix("p_adjusted")
        assert (p_values[0, [1, 2]] <= 0.05).all()
        found += int((p_values[[1, 2], [2, 1]] <= 0.05).any())
    assert found <= 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"traces": np.zeros((10, 40))}, "transpose"),
        ({"traces": np.zeros((40, 3)), "names": ["a", "b"]}, "2 names for 3 columns"),
        ({"traces": np.zeros((40, 3)), "names": ["a", "b", "b"]}, "two cells are called 'b'"),
        ({"traces": np.zeros((40, 3))}, "0 can be fitted"),
        ({"traces": [["x", "y"], ["z", "u"]]}, "are numbers"),
        ({"traces": calcium(40), "lags": 0}, "lags is 0"),
        ({"traces": calcium(40), "good": np.ones(39, bool)}, "40 frames"),
        ({"traces": calcium(40), "trials": [(0, 30), (20, 40)]}, "trial 20:40"),
    ],
)
def test_what_does_not_fit_is_one_sentence(given: dict[str, object], said: str) -> None:
    with pytest.raises(sv.UserError, match=said):
        sv.fit_traces(**given)


def test_too_short_is_fitted_and_not_tested() -> None:
    fit = sv.fit_traces(calcium(120))
    assert not fit.tested
    assert "too few for p-values" in " ".join(fit.notes)
    assert fit.edges["p_adjusted"].isna().all()


def test_a_pair_says_what_the_tables_and_matrices_say():
    fit = made_fit()
    pair = fit.pair("b & c", "12").set_index("lag")
    edge = fit.edges.query("source == 'b & c' and target == '12' and lag == 1").iloc[0]
    for column in ("coefficient", "estimate", "low", "high", "p_adjusted", "stability"):
        assert pair.loc[1, column] == pytest.approx(edge[column])
    source, target = fit.names.index("b & c"), fit.names.index("12")
    for lag in (1, 2):
        assert pair.loc[lag, "estimate"] == fit.matrix("estimate", lag)[source, target]
    assert fit.pair("a", "still").drop(columns="lag").isna().all(axis=None)  # it was left out
    assert fit.pair("a", "a").drop(columns="lag").isna().all(axis=None)
    with pytest.raises(UserError, match="no cell 'b'"):
        fit.pair("b", "a")


def test_the_trace_of_a_cell_is_its_column():
    fit = made_fit()
    for number, name in enumerate(fit.names):
        np.testing.assert_array_equal(fit.trace(name), fit.series[:, number])


def test_bleaching_within_long_trials_is_taken_out() -> None:
    """Light that goes down anew in every trial, by cells that are not equally bright."""
    rng, (trials, length), traces = np.random.default_rng(0), (6, 500), calcium(3000)
    fading = np.concatenate([np.exp(-np.arange(length) / rng.uniform(100, 400)) for _ in range(6)])
    bleached = traces + 6.0 * fading[:, None] * rng.random(N_CELLS)
    parts = [(length * number, length * (number + 1)) for number in range(trials)]
    steady, taken = (
        sv.fit_traces(each.astype(np.float32), trials=parts) for each in (traces, bleached)
    )
    assert np.corrcoef(taken.series.ravel(), steady.series.ravel())[0, 1] > 0.9
    for fit in (steady, taken):
        sure = fit.edges[fit.edges["p_adjusted"] <= 0.05]
        assert sure[["source", "target"]].to_numpy().tolist() == [["3", "7"]]


@pytest.mark.parametrize("length", [199, 200, 1000])
def test_transients_do_not_lift_the_lines_below_them(length: int) -> None:
    """A straight line is found below them; a short trial keeps its slope and loses its level."""
    rng = np.random.default_rng(0)
    slope = np.linspace(8.0, 2.0, length)[:, None] * np.array([1.0, 0.0, -1.0])
    traces = slope + 0.1 * rng.standard_normal(slope.shape)
    traces[length // 2 : length // 2 + 30] += 5.0
    good = np.ones(length, bool)
    good[7] = False
    traces[7] = np.nan
    below = lines_below(traces.astype(np.float32), good, through=False)
    expected = slope if length >= 200 else slope - slope + np.median(slope, axis=0)
    assert np.abs(below - expected).max() < (0.2 if length >= 200 else 4.0)
    assert length >= 200 or np.ptp(below, axis=0).max() == 0.0


def test_files_that_were_joined_are_as_trials() -> None:
    """Neither pairs nor levels reach across, and frames that were marked do not count."""
    traces, light = calcium(1500), np.repeat([0.0, 9.0, -4.0], 500)[:, None]
    bad = np.zeros(1500, bool)
    bad[40:60] = True
    files = {"jumps": np.array([500, 1000]), "bad_frames": bad}
    names = list("abcdefghij")
    steady, jumping = (
        sv.fit_traces(Cells(names, traces={"raw": (traces + each).astype(np.float32)}, **files))
        for each in (0.0, light)
    )
    np.testing.assert_allclose(jumping.matrix("score"), steady.matrix("score"), atol=0.1)
    assert tuple(jumping.activity.starts) == (500, 1000)
    np.testing.assert_array_equal(jumping.activity.good, ~bad)
    trials = [(0, 500), (500, 1000), (1000, 1500)]
    given = sv.fit_traces(traces, names=names, trials=trials, good=~bad)
    np.testing.assert_allclose(given.matrix("score"), steady.matrix("score"), atol=1e-3)


@pytest.mark.parametrize("n_frames", [5, 7, 15])
def test_too_few_frames_are_one_sentence(n_frames: int) -> None:
    with pytest.raises(UserError, match="too few"):
        sv.fit_traces(calcium(n_frames)[:, :3], fps=30.0)
    with pytest.raises(UserError, match="too few for 700 lag"):
        sv.fit_traces(calcium(600), lags=700)


def test_a_table_with_cells_in_rows_is_refused() -> None:
    with pytest.raises(UserError, match="transpose"):
        sv.fit_traces(pd.DataFrame(calcium(60)).T)

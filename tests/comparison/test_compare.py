"""Windows of a run, several at once, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from comparison_sequences import coupling, var
from scipy.signal import lfilter

import napari_sparsevar as sv
from napari_sparsevar.comparison.anything import anything_test
from napari_sparsevar.comparison.compare import comparing, window_pairs
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.result import POSITIONS
from napari_sparsevar.comparison.rows import rows_of_sequences
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import returned

FEW = ComparisonOptions(draws=99)
THREE = [
    Window("A", ((0, 110),)),
    Window("B", ((110, 220),)),
    Window("C", ((220, 300), (330, 350))),
]


def test_windows_of_a_run_are_compared_between_distant_places(run: sv.Run) -> None:
    found = sv.compare_windows(run, (0, 150), [(150, 250), (260, 300)], draws=99)
    weights = run.results.fitted.weights.numpy()
    rows = (found.edges["lag"] - 1) * weights.shape[1] + found.edges["source"]
    assert (weights[rows, found.edges["target"]] > 0).all()
    assert found.dynamics.tested_edges == (weights > 0).sum()
    assert found.dynamics.rows == (148, 98 + 38)
    assert set(POSITIONS) <= set(found.edges.columns)
    assert found.difference is not None
    assert found.difference.shape == run.contribution_map.shape
    assert 0.01 <= found.p_value <= 1
    centres = run.results.grid.centres()
    np.testing.assert_array_equal(found.edges.source_y, centres[found.edges.source, 0])


def test_two_windows_are_one_pair_with_its_own_p_value(run: sv.Run) -> None:
    windows = [Window("A", ((0, 150),)), Window("B", ((150, 300),))]
    found = returned(comparing(run, windows, FEW))
    assert [(pair.a.label, pair.b.label) for pair in found.pairs] == [("A", "B")]
    assert found.adjusted == (found.pairs[0].p_value,)
    assert found.matrix().loc["B", "A"] == found.adjusted[0]


def test_several_windows_are_compared_in_pairs_or_with_a_baseline() -> None:
    a, b, c = THREE
    assert window_pairs(THREE) == [(a, b), (a, c), (b, c)]
    assert window_pairs(THREE, "B") == [(b, a), (b, c)]
    with pytest.raises(UserError, match=r"baseline none is no window: choose one of A, B, C"):
        window_pairs(THREE, "none")


def test_progress_rises_to_the_end(run: sv.Run) -> None:
    windows = [Window("A", ((0, 150),)), Window("B", ((150, 300),))]
    fractions = [fraction for fraction, _ in comparing(run, windows, FEW)]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == pytest.approx(1.0)
    assert len(fractions) > 5


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ((0, 100), (50, 200), "share 50 frames"),
        ((0, 150), (150, 301), "has 300 frames"),
        ((0, 2), (2, 200), "shorter than the 2 past frames"),
        ((0, 50), (50, 300), "holds 9 independent blocks of 5 frames"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    run: sv.Run, a: tuple[int, int], b: tuple[int, int], said: str
) -> None:
    with pytest.raises(UserError, match=said):
        sv.compare_windows(run, a, b, draws=99)


def test_settings_out_of_range_are_refused() -> None:
    a, b = var(coupling(), 200, 0), var(coupling(), 200, 1)
    with pytest.raises(UserError, match="lags is 0"):
        sv.compare_sequences(a, b, lags=0)
    with pytest.raises(UserError, match="at least 999"):
        sv.compare_sequences(a, b, level=0.001, draws=500)
    with pytest.raises(UserError, match=r"between 0 and 0\.5"):
        sv.compare_sequences(a, b, level=0.7)
    with pytest.raises(UserError, match="needs 38"):
        sv.compare_sequences(a[:150], b, level=0.001)


def test_slow_activity_asks_for_longer_windows() -> None:
    slow = 0.97 * np.eye(8)
    with pytest.raises(UserError, match=r"independent blocks of [1-9][0-9] frames"):
        sv.compare_sequences(var(slow, 200, 0), var(slow, 200, 1))


def test_activity_alone_is_not_dynamics_but_it_is_something() -> None:
    a, b = var(coupling(), 500, 3), var(coupling(), 500, 4, noise=1.6)
    found = sv.compare_sequences(a, b, draws=399)
    assert found.p_value > 0.05
    assert found.anything.p_value <= 0.01
    assert found.anything.what == "variance"


def test_a_change_of_level_is_named() -> None:
    a = var(coupling(), 400, 3)
    b = var(coupling(), 400, 4) + np.eye(8)[2]
    found = sv.compare_sequences(a, b, draws=399)
    assert found.anything.p_value <= 0.01
    assert found.anything.what == "mean"
    assert found.p_value > 0.05


def test_nothing_changes_within_one_sequence() -> None:
    p_values = []
    for seed in range(30):
        values = var(coupling(), 400, seed)
        p_values.append(sv.compare_sequences(values[:200], values[200:], draws=99).anything.p_value)
    assert np.sum(np.asarray(p_values) <= 0.1) <= 8
    assert np.median(p_values) > 0.2


def test_a_model_predicts_the_other_window_as_well_only_if_dynamics_are_the_same() -> None:
    matrix = np.roll(0.7 * np.eye(8), 1, axis=1)
    a, b, same = var(matrix, 500, 1), var(matrix.T, 500, 2), var(matrix, 500, 3)
    other = sv.compare_sequences(a, b, draws=99).prediction
    assert other.loss_latents[0].low > 0.2
    assert other.loss_latents[1].low > 0.2
    alike = sv.compare_sequences(a, same, draws=99).prediction
    assert alike.loss_latents[0].low < 0.02
    assert abs(alike.loss_latents[0].value) < 0.1
    np.testing.assert_allclose(np.diag(alike.latents), 0.49, atol=0.1)
    np.testing.assert_array_equal(alike.latents, alike.pixels)


def test_slow_changes_common_to_all_are_not_taken_for_a_difference() -> None:
    p_values = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        slow = lfilter([1.0], [1.0, -0.95], rng.standard_normal(1400))[:, None]
        values = rng.standard_normal((1400, 20)) + 0.1 * slow * rng.standard_normal(20)
        found = sv.compare_sequences(values[:700], values[700:], draws=99)
        p_values.append(found.anything.p_value)
    assert np.sum(np.asarray(p_values) <= 0.1) <= 6


def test_what_many_mostly_silent_latents_share_is_not_taken_for_a_difference() -> None:
    p_values = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        events = (rng.random((1500, 60)) < 0.01) * rng.exponential(3.0, (1500, 60))
        slow = 0.2 * lfilter([1.0], [1.0, -0.97], rng.standard_normal(1500))
        values = events + rng.standard_normal((1500, 60)) + 0.25 * slow[:, None]
        rows = rows_of_sequences([[values[:750]], [values[750:]]], 1, "none")
        weights = 1.0 - torch.eye(60, dtype=torch.float64)
        p_values.append(anything_test(rows, "AB", weights, FEW).p_value)
    # 25 pairs at 10 %: more than 6 in one of 100 series; with blocks of 5 frames it was 14
    assert np.sum(np.asarray(p_values) <= 0.1) <= 6

"""The test of dynamics: what it must not care about, and what it must find."""

from __future__ import annotations

import numpy as np
import pytest
from comparison_sequences import coupling, var

from napari_sparsevar import compare_sequences
from napari_sparsevar.comparison.result import Comparison


def _changed() -> tuple[np.ndarray, np.ndarray]:
    return var(coupling(), 400, 1), var(coupling(extra=(3, 5)), 400, 2)


@pytest.fixture(scope="module")
def changed() -> Comparison:
    return compare_sequences(*_changed(), draws=499)


def test_a_changed_edge_is_found_with_its_size(changed: Comparison) -> None:
    assert changed.p_value <= 0.01
    first = changed.edges.iloc[0]
    assert (first.source, first.target, first.lag) == (3, 5, 1)
    assert first.p_adjusted <= 0.01
    # 0.4, in standard deviations of one latent for one of the other
    assert changed.effect.low < 0.4 < changed.effect.high
    assert changed.effect.low > 0
    assert int(changed.dynamics.places.place[0]) == 3
    assert len(changed.dynamics.changed()) == 1


def test_same_sequence_units_and_levels_do_not_matter(changed: Comparison) -> None:
    a, b = _changed()
    scale = np.array([0.01, 1.0, 7.0, 3.0, 1.0, 200.0, 1.0, 1.0])
    other = compare_sequences(a * scale + 5.0, b * scale - 2000.0, draws=499)
    assert other.p_value == changed.p_value
    assert other.statistic == pytest.approx(changed.statistic, rel=1e-3)


def test_exchanging_the_windows_turns_the_sign(changed: Comparison) -> None:
    a, b = _changed()
    other = compare_sequences(b, a, draws=499)
    assert other.p_value <= 0.01
    assert other.effect.value == pytest.approx(-changed.effect.value, rel=1e-4)
    first, turned = changed.edges.iloc[0], other.edges.iloc[0]
    assert turned.coefficient_a == pytest.approx(first.coefficient_b, rel=1e-3)


def test_the_same_seed_gives_the_same_answer(changed: Comparison) -> None:
    np.testing.assert_array_equal(compare_sequences(*_changed(), draws=499).null, changed.null)
    other = compare_sequences(*_changed(), draws=499, seed=1)
    assert not np.array_equal(other.null, changed.null)
    assert changed.p_value == (1 + np.sum(changed.null >= changed.statistic - 1e-6)) / 500


def test_coefficients_are_those_of_either_window(changed: Comparison) -> None:
    first = changed.edges.iloc[0]
    assert first.coefficient_a == pytest.approx(0.0, abs=0.12)
    assert first.coefficient_b == pytest.approx(0.35, abs=0.12)
    assert first.coefficient_b - first.coefficient_a == pytest.approx(first.change, abs=1e-5)


@pytest.mark.parametrize("noise", [1.0, 1.6], ids=["same noise", "louder"])
def test_same_dynamics_are_rejected_no_more_often_than_the_level(noise: float) -> None:
    p_values = [
        compare_sequences(
            var(coupling(), 200, 2 * seed), var(coupling(), 200, 2 * seed + 1, noise), draws=99
        ).p_value
        for seed in range(60)
    ]
    # 60 pairs at 10 %: 6 expected, more than 13 in one of 500 series
    assert np.sum(np.asarray(p_values) <= 0.1) <= 13
    assert np.median(p_values) > 0.25


def test_own_history_is_compared_on_request_only() -> None:
    a, b = var(coupling(), 600, 1), var(coupling(extra=(4, 4), strength=0.9), 600, 2)
    asked = compare_sequences(a, b, draws=199, own_history=True)
    assert asked.p_value <= 0.01
    assert (asked.edges.source[0], asked.edges.target[0]) == (4, 4)
    assert asked.dynamics.tested_edges == 64
    left_out = compare_sequences(a, b, draws=199)
    assert left_out.dynamics.tested_edges == 56
    assert (left_out.edges.source != left_out.edges.target).all()


def test_trials_count_as_much_as_one_long_window() -> None:
    a, b = _changed()
    pieces = [a[start : start + 50] for start in range(0, 400, 50)]
    found = compare_sequences(pieces, b, draws=199)
    assert found.dynamics.rows == (8 * 49, 399)
    assert found.a.pieces[1] == (50, 100)
    assert found.p_value <= 0.02


def test_more_lags_find_a_change_two_frames_back() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((500, 6)), rng.standard_normal((500, 6))
    b[2:, 4] += 0.5 * b[:-2, 1]
    found = compare_sequences(a, b, lags=2, draws=199)
    first = found.edges.iloc[0]
    assert (first.source, first.target, first.lag) == (1, 4, 2)
    assert found.p_value <= 0.01


def test_many_small_changes_of_one_place_are_found_together() -> None:
    matrix = coupling(30)
    other = matrix.copy()
    other[7, 8:28] = 0.13
    found = compare_sequences(var(matrix, 500, 1), var(other, 500, 2), draws=499)
    assert found.p_value <= 0.01
    assert found.dynamics.changed_places().place.tolist() == [7]
    assert found.dynamics.places.balance[0] > 0.9
    assert len(found.dynamics.changed()) < 5

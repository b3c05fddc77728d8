"""Two fits of the same cells: what both find is agreed on, everything else is listed once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_sparsevar as sv


def fit(seed: int, *edges: tuple[int, int, float]) -> sv.CellFit:
    """Fit five cells of white noise in which these edges are, with these coefficients."""
    rng = np.random.default_rng(seed)
    traces = rng.standard_normal((1500, 5)).astype(np.float32)
    for source, target, strength in edges:
        traces[1:, target] += strength * traces[:-1, source]
    return sv.fit_traces(sv.Cells(list("abcde"), traces={"deconvolved": traces}))


@pytest.fixture(scope="module")
def one() -> sv.CellFit:
    return fit(1, (0, 1, 0.6), (0, 2, 0.6), (3, 4, 0.6))


@pytest.fixture(scope="module")
def other() -> sv.CellFit:
    return fit(2, (0, 1, 0.6), (0, 2, -0.6), (3, 2, 0.6))


def listed(of: sv.CellFit) -> dict[tuple[str, str], str]:
    apart = of.disagreements
    ends = zip(apart["source"], apart["target"], strict=True)
    return dict(zip(ends, apart["disagreement"], strict=True))


def test_what_both_do_not_find_is_listed(one: sv.CellFit, other: sv.CellFit) -> None:
    compared = replace(one, beside=other)
    assert compared.agreement.both == 1
    assert listed(compared) == {
        ("a", "c"): "sign",
        ("d", "e"): "not beside",
        ("d", "c"): "only beside",
    }


def test_the_other_way_round_it_is_the_same(one: sv.CellFit, other: sv.CellFit) -> None:
    here = replace(one, beside=other).disagreements.set_index(["source", "target", "lag"])
    there = replace(other, beside=one).disagreements.set_index(["source", "target", "lag"])
    there = there.loc[here.index]
    np.testing.assert_array_equal(here["estimate"], there["estimate_beside"])
    np.testing.assert_array_equal(here["p_adjusted_beside"], there["p_adjusted"])
    turned = {"not beside": "only beside", "only beside": "not beside", "sign": "sign"}
    assert there["disagreement"].map(turned).tolist() == here["disagreement"].tolist()


def test_numbers_are_those_of_either_fit(one: sv.CellFit, other: sv.CellFit) -> None:
    for row in replace(one, beside=other).disagreements.itertuples():
        ends = one.names.index(row.source), one.names.index(row.target)
        assert row.estimate == one.matrix("estimate", row.lag)[ends]
        assert row.p_adjusted_beside == other.matrix("p_adjusted", row.lag)[ends]


def test_alone_or_beside_itself_a_fit_agrees(one: sv.CellFit) -> None:
    for alike in (one, replace(one, beside=one)):
        assert alike.disagreements.empty
        assert alike.agreement.both == 3

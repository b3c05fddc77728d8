"""A test is composed: any statistic, any null, any adjustment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence import adjustments
from napari_sparsevar.analysis.evidence.adjusted_p_values import place_statistic
from napari_sparsevar.analysis.evidence.adjustments import (
    FalseDiscovery,
    SmallestP,
    StepDown,
    false_discovery_rates,
    holm,
)
from napari_sparsevar.analysis.evidence.nulls.permuted import PermutedLabels
from napari_sparsevar.analysis.evidence.nulls.signs import RandomSigns
from napari_sparsevar.analysis.evidence.testing import Family, draw


class NormalScores:
    """A null made up here: independent scores of 2 lags of 5 sources and 5 targets."""

    draws = 199

    def batches(self, most: int) -> Iterator[Tensor]:
        scores = torch.randn(self.draws, 10, 5, generator=torch.Generator().manual_seed(0))
        yield from scores.split(most)


@pytest.mark.parametrize("most", [1, 7, 1000])
def test_a_new_null_serves_the_statistics_and_adjustments_that_are_there(most: int) -> None:
    observed = torch.randn(10, 5, generator=torch.Generator().manual_seed(1))
    observed[3, 2] = 6.0
    places, edges = place_statistic(observed), observed.flatten()
    by_place, by_edge, rates = StepDown(places), StepDown(edges), FalseDiscovery(edges)
    families = [Family(place_statistic, [by_place]), Family(flat, [by_edge, rates])]
    fractions = list(draw(NormalScores(), families, most))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert by_place.p_values()[3] == by_edge.p_values()[3 * 5 + 2] == 1 / 200
    assert rates.p_values()[3 * 5 + 2] < 0.02
    others = torch.arange(50) != 3 * 5 + 2
    assert by_edge.p_values()[others].min() > 0.05


def flat(scores: Tensor) -> Tensor:
    return scores.flatten(1)


def test_a_null_gives_the_same_draws_however_many_at_a_time() -> None:
    for null in (RandomSigns(12, 50, 3), PermutedLabels((5, 8), 50, 3)):
        whole = torch.cat(list(null.batches(50)))
        assert len(whole) == null.draws == 50
        assert torch.equal(torch.cat(list(null.batches(7))), whole)


def test_permuted_labels_keep_how_many_blocks_a_window_has() -> None:
    null = PermutedLabels((5, 8), 50, 3)
    (labels,) = null.batches(50)
    assert (labels.sum(dim=1) == null.observed.sum()).all()
    assert len(labels.unique(dim=0)) > 40


def test_step_down_by_hand() -> None:
    step = StepDown(torch.tensor([3.0, 1.0, 2.0]))
    step.add(torch.tensor([[0.0, 0.5, 2.5], [4.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    # Largest of {all}, {1, 2}, {1} per draw: 2.5 2.5 0.5; 4 0 0; 0 0 0.
    torch.testing.assert_close(step.p_values(), torch.tensor([2.0, 2.0, 2.0]).double() / 4)


def test_false_discovery_rates_by_hand() -> None:
    p_values = torch.tensor([0.01, 0.04, 0.03, 0.5], dtype=torch.float64)
    expected = torch.tensor([0.04, 0.16 / 3, 0.16 / 3, 0.5], dtype=torch.float64)
    torch.testing.assert_close(false_discovery_rates(p_values), expected)


def test_the_smallest_p_value_by_hand() -> None:
    smallest = SmallestP(torch.tensor([5.0, 0.0]))
    smallest.add(torch.tensor([[1.0, 2.0], [2.0, 1.0], [6.0, 3.0]]))
    # Ranks from above: 2 1 3 4 of the first statistic turned to 4 3 1 2, of the second to 1 3 2 4.
    np.testing.assert_allclose(
        smallest.ranked(), [[0.5, 1.0], [1.0, 0.5], [0.75, 0.75], [0.25, 0.25]]
    )
    assert smallest.p_values().tolist() == [0.75]


def test_holm_is_never_below_the_p_values_and_keeps_their_order() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_of_many_hypotheses_the_largest_keep_their_p_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    generator = torch.Generator().manual_seed(0)
    observed = torch.randn(400, generator=generator).abs()
    observed[:5] += 3.0
    null = torch.randn(99, 400, generator=generator).abs()
    everything = StepDown(observed)
    monkeypatch.setattr(adjustments, "MOST_COMPETING", 50)
    largest = StepDown(observed)
    for step in (everything, largest):
        step.add(null)
    assert everything.p_values().min() <= 0.05
    torch.testing.assert_close(largest.p_values(), everything.p_values())

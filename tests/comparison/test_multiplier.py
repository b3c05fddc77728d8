"""Random signs against the same thing written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.evidence.adjusted_p_values import place_statistic
from napari_sparsevar.analysis.evidence.nulls.signs import RandomSigns
from napari_sparsevar.comparison.multiplier import SignedSums

BLOCKS, PREDICTORS, LATENTS, DRAWS = 60, 12, 6, 199


@pytest.fixture
def blocks() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    sums = torch.randn(BLOCKS, PREDICTORS, LATENTS, generator=generator)
    sums[:, 2, 3] += 0.8
    sums[:, 7, 1] += 0.5
    return sums


def _tested() -> torch.Tensor:
    tested = torch.ones(PREDICTORS, LATENTS, dtype=torch.bool)
    tested[:LATENTS].fill_diagonal_(False)
    return tested


def _added(blocks: torch.Tensor, width: int) -> SignedSums:
    sums = SignedSums(_tested(), RandomSigns(BLOCKS, DRAWS, 0))
    for start in range(0, LATENTS, width):
        targets = slice(start, min(start + width, LATENTS))
        sums.add(blocks[:, :, targets].clone(), targets)
    return sums


def _written_out(blocks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return statistics and null statistics of all edges, (E,) and (draws, E)."""
    signs = 2.0 * np.random.default_rng(0).integers(0, 2, (DRAWS, BLOCKS), np.int8) - 1.0
    chosen = blocks[:, _tested()]
    spread = chosen.square().sum(dim=0).sqrt()
    null = torch.from_numpy(signs).float() @ chosen / spread
    return (chosen.sum(dim=0) / spread).abs(), null.abs()


def test_p_values_are_those_of_step_down_written_out(blocks: torch.Tensor) -> None:
    found = _added(blocks, 6).results()
    observed, null = _written_out(blocks)
    assert found.p_value == (1 + int((null.amax(dim=1) >= observed.max()).sum())) / (1 + DRAWS)
    adjusted = found.adjusted[_tested()]
    before = 0.0
    for edge in torch.argsort(observed, descending=True):
        rest = null[:, observed <= observed[edge]].amax(dim=1)
        before = max(before, (1 + int((rest >= observed[edge]).sum())) / (1 + DRAWS))
        if before < 0.5:  # edges that can matter are stepped down, the others not less careful
            assert float(adjusted[edge]) == pytest.approx(before, abs=1e-9)
        else:
            assert float(adjusted[edge]) >= before - 1e-9


def test_how_targets_are_split_does_not_matter(blocks: torch.Tensor) -> None:
    one, other = _added(blocks, 6).results(), _added(blocks, 2).results()
    assert one.p_value == other.p_value
    torch.testing.assert_close(one.null, other.null)
    torch.testing.assert_close(one.places, other.places)
    torch.testing.assert_close(one.adjusted[2, 3], other.adjusted[2, 3])


def test_edges_that_are_not_tested_have_no_p_value_and_no_say(blocks: torch.Tensor) -> None:
    reference = _added(blocks, 6).results()
    assert reference.adjusted[0, 0].isnan()
    blocks[:, 0, 0] = 100.0
    assert _added(blocks, 6).results().p_value == reference.p_value


def test_false_discovery_rate_is_not_stricter_than_family_wise(blocks: torch.Tensor) -> None:
    found = _added(blocks, 6).results()
    assert bool((found.fdr[2, 3] <= 0.05) & (found.adjusted[2, 3] <= 0.05))
    assert float(found.adjusted[_tested()].min()) >= 1 / (1 + DRAWS)


def test_places_add_up_their_strong_edges() -> None:
    statistic = torch.tensor([[3.0, -4.0], [1.0, 2.0], [2.5, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(place_statistic(statistic.abs()), torch.tensor([1 + 4 + 0.25, 0.0]))

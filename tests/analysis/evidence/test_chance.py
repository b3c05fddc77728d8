"""What chance reaches: the unit of the contribution map."""

from __future__ import annotations

import pytest
import torch

from napari_sparsevar.analysis.evidence.chance import (
    ChanceReach,
    Excess,
    drive_of_scores,
    relaxed,
)
from napari_sparsevar.lasso import solve_lasso


def test_the_drive_of_scores_is_what_the_lasso_leaves_of_unrelated_predictors() -> None:
    generator = torch.Generator().manual_seed(0)
    n, p, penalty = 400, 30, 0.05
    z = torch.randn(p, p, generator=generator, dtype=torch.float64)
    amplitude = torch.rand(p, generator=generator, dtype=torch.float64)
    coefficients = solve_lasso(torch.eye(p).double(), z / n**0.5, torch.full((p, p), penalty))
    signed = coefficients.sign() * coefficients.square() @ (amplitude / amplitude.sum())
    drive = drive_of_scores(z, amplitude, penalty * n**0.5)
    torch.testing.assert_close(drive / n, signed, atol=1e-9, rtol=1e-6)


def test_lags_add_up() -> None:
    scores = torch.full((6, 3), 4.0)
    scores[0, 0] = 0.0
    drive = drive_of_scores(scores, torch.ones(3), 3.0)
    torch.testing.assert_close(drive, torch.tensor([2 / 3 + 1.0, 2.0, 2.0]))


def test_one_recording_in_twenty_reaches_further_by_chance() -> None:
    generator = torch.Generator().manual_seed(1)
    spread = torch.linspace(0.5, 2.0, 40)  # some places do more by chance than others
    beyond = 0
    for _ in range(300):
        draws = (spread * torch.randn(60, 40, generator=generator)).square()
        reach = ChanceReach(torch.eye(40))
        reach.add(draws[1:])
        beyond += bool((draws[0].sqrt() > reach.reach()).any())
    assert 0.015 < beyond / 300 < 0.1


def test_a_place_at_which_chance_does_more_has_to_reach_more() -> None:
    generator = torch.Generator().manual_seed(2)
    spread = torch.tensor([1.0] * 20 + [4.0] * 20)
    reach = ChanceReach(torch.eye(40))
    reach.add((spread * torch.randn(199, 40, generator=generator)).square())
    found = reach.reach()
    assert found[20:].min() > found[:20].max()


def test_evidence_is_above_one_where_the_largest_of_chance_is_exceeded() -> None:
    generator = torch.Generator().manual_seed(3)
    null = torch.rand(59, 10, generator=generator)
    limit = null.amax(dim=1).sort().values[56]
    excess = Excess(torch.cat([limit[None] * 1.01, limit[None] * 0.99, null.mean()[None]]))
    excess._sum = torch.zeros(3) + null.mean() * 59
    excess._largest = [null.amax(dim=1)]
    evidence = excess.evidence()
    assert evidence[0] > 1 > evidence[1]
    assert evidence[2] == pytest.approx(0.0, abs=1e-3)


def test_chance_reaches_further_where_the_penalty_lets_more_in() -> None:
    assert relaxed(1.0, 1.5) > 1.2
    assert relaxed(1.5, 1.5) == pytest.approx(1.0)
    assert relaxed(2.0, 1.5) == 1.0

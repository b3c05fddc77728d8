"""Random l1 regression problems with known difficulties."""

from __future__ import annotations

from typing import NamedTuple

import pytest
import torch
from torch import Tensor


class Problem(NamedTuple):
    gram: Tensor
    cross: Tensor
    penalty: Tensor


def make_problem(
    seed: int = 0,
    n_columns: int = 24,
    n_targets: int = 5,
    n_samples: int = 60,
    correlation: float = 0.0,
    n_free: int = 0,
    share: float = 0.2,
) -> Problem:
    """Columns in correlated groups of four; each target with ``n_free`` unpenalised neighbours."""
    source = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source, dtype=torch.float64)

    common = normal(n_samples, n_columns // 4 + 1).repeat_interleave(4, dim=1)[:, :n_columns]
    design = (1 - correlation) ** 0.5 * normal(n_samples, n_columns) + correlation**0.5 * common
    truth = normal(n_columns, n_targets)
    truth[torch.rand(truth.shape, generator=source) < 0.7] = 0
    observed = design @ truth + 0.5 * normal(n_samples, n_targets)
    gram, cross = design.T @ design / n_samples, design.T @ observed / n_samples
    penalty = torch.full_like(cross, share * float(cross.abs().max()))
    for target in range(n_targets):
        penalty[[(target + k) % n_columns for k in range(n_free)], target] = 0
    return Problem(gram, cross, penalty)


@pytest.fixture(name="make_problem")
def make_problem_fixture():
    return make_problem

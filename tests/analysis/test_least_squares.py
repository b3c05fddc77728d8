"""Least squares on chosen predictors."""

from __future__ import annotations

import torch

from napari_sparsevar.analysis.least_squares import refitted


def test_each_target_solves_its_normal_equations_and_nothing_else() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 10, generator=generator, dtype=torch.float64)
    y = torch.randn(60, 130, generator=generator, dtype=torch.float64)
    gram, cross = x.T @ x, x.T @ y
    active = torch.rand(10, 130, generator=generator) < 0.4
    active[:, 7] = False
    found = refitted(gram, cross, active)
    assert not found[~active].any()
    torch.testing.assert_close((gram @ found)[active], cross[active])

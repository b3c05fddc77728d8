"""Linear systems on the active set of each target."""

from __future__ import annotations

import torch

from napari_sparsevar.lasso.restricted import solve_on_active_sets


def test_each_target_solves_its_normal_equations_and_nothing_else() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 10, generator=generator, dtype=torch.float64)
    y = torch.randn(60, 130, generator=generator, dtype=torch.float64)
    gram, cross = x.T @ x, x.T @ y
    active = torch.rand(10, 130, generator=generator) < 0.4
    active[:, 7] = False
    nonzero = solve_on_active_sets(gram, torch.ones(()), active.double(), cross)
    unpenalised = solve_on_active_sets(gram, (~active).double(), torch.zeros_like(cross), cross)
    for found in (nonzero, unpenalised):
        assert not found[~active].any()
        torch.testing.assert_close((gram @ found)[active], cross[active])


def test_wide_active_sets_are_solved_whatever_the_number_of_threads() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(600, 300, generator=generator, dtype=torch.float64)
    y = torch.randn(600, 128, generator=generator, dtype=torch.float64)
    gram, cross = x.T @ x / 600, x.T @ y / 600
    active = torch.rand(300, 128, generator=generator) < 0.4
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(solve_on_active_sets(gram, torch.ones(()), active.double(), cross))
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(found[0], found[1])
    torch.testing.assert_close((gram @ found[0])[active], cross[active])

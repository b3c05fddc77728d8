"""The batched solver runs on a GPU; its arithmetic is the same on the CPU and is tested there."""

from __future__ import annotations

import pytest
import torch

from napari_sparsevar.lasso import solve, solve_lasso
from napari_sparsevar.lasso.batched import solve_batched
from napari_sparsevar.lasso.padded import active_solve
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.lasso.types import precision_of

DOUBLE = precision_of(torch.float64)


@pytest.mark.parametrize("share", [0.0, 0.02, 2.0])
def test_equations_on_active_sets_agree_with_the_compiled_ones(make_problem, share):
    problem = make_problem(0, 64, 32, 200, 0.9, 12, share)
    expected = solve_lasso(*problem)
    incoming = torch.randn(64, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        active_solve(problem.gram, problem.penalty, expected, incoming, DOUBLE),
        solve_on_active_sets(problem.gram, problem.penalty, expected, incoming),
    )


@pytest.mark.parametrize("penalty", [0.0, 0.05, 100.0])
def test_equations_of_collinear_and_constant_columns_have_a_finite_solution(make_problem, penalty):
    gram, cross, _ = make_problem(1, 12, 4, 40)
    twice = [*range(12), 2, 2, 5]
    gram, cross = gram[twice][:, twice], cross[twice]
    gram[7], gram[:, 7], cross[7] = 0, 0, 0
    penalties = torch.full_like(cross, penalty)
    start = torch.zeros_like(cross)
    solution, _ = solve_batched(gram, cross, penalties, start, DOUBLE.tolerance, DOUBLE)
    incoming = torch.ones_like(cross)
    assert active_solve(gram, penalties, solution, incoming, DOUBLE).isfinite().all()


def test_least_norm_where_singular():
    gram = torch.ones(2, 2, dtype=torch.float64)
    ones = torch.ones(2, 1, dtype=torch.float64)
    for solver in (
        lambda *problem: active_solve(*problem, DOUBLE),
        solve_on_active_sets,
    ):
        solved = solver(gram, 0 * ones, ones, 2 * ones)
        torch.testing.assert_close(solved, ones)


@pytest.mark.gpu
@pytest.mark.parametrize("few", [0, 64])
def test_same_interface_on_a_gpu(make_problem, monkeypatch, few):
    """Whether the card solves it or, as a small problem, the CPU."""
    monkeypatch.setattr(solve, "_FEW", few)
    problem = make_problem(2, 64, 32, 200, 0.9, 12, 0.02)
    inputs = [t.cuda().requires_grad_() for t in problem]
    solution = solve_lasso(*inputs)
    assert solution.is_cuda
    torch.testing.assert_close(solution.cpu(), solve_lasso(*problem), rtol=0, atol=1e-8)
    gradients = torch.autograd.grad(solution.square().sum(), inputs)
    here = [t.clone().requires_grad_() for t in problem]
    expected = torch.autograd.grad(solve_lasso(*here).square().sum(), here)
    for one, other in zip(gradients, expected, strict=True):
        torch.testing.assert_close(one.cpu(), other, rtol=1e-6, atol=1e-8)

"""The batched solver runs on a GPU; its arithmetic is the same on the CPU and is tested there."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_sparsevar.lasso import optimality_residual, solve_lasso
from napari_sparsevar.lasso.batched import solve_batched
from napari_sparsevar.lasso.padded import active_solve
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.lasso.types import CONVERGED, UNBOUNDED, precision_of

DOUBLE = precision_of(torch.float64)


def solve(problem, initial=None):
    start = torch.zeros_like(problem[1]) if initial is None else initial
    coefficients, status = solve_batched(*problem, start, DOUBLE.tolerance, DOUBLE)
    assert (status == CONVERGED).all()
    return coefficients


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    n_columns=st.integers(1, 30),
    n_samples=st.integers(6, 80),
    correlation=st.sampled_from([0.0, 0.5, 0.95]),
    n_free=st.integers(0, 8),
    share=st.sampled_from([0.5, 0.1, 0.01]),
)
def test_solution_is_optimal(make_problem, seed, n_columns, n_samples, correlation, n_free, share):
    problem = make_problem(seed, n_columns, 4, n_samples, correlation, n_free, share)
    assert optimality_residual(*problem, solve(problem)).max() < 1e-8


def test_agrees_with_the_compiled_solver(make_problem):
    problem = make_problem(0, 64, 32, 200, 0.9, 12, 0.02)
    expected = solve_lasso(*problem)
    cold = solve(problem)
    torch.testing.assert_close(cold, expected, rtol=0, atol=1e-9)
    start = expected + torch.roll(expected, 1, dims=0)
    torch.testing.assert_close(solve(problem, start), expected, rtol=0, atol=1e-9)
    incoming = torch.randn(64, 32, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        active_solve(problem.gram, problem.penalty, expected, incoming, DOUBLE),
        solve_on_active_sets(problem.gram, problem.penalty, expected, incoming),
    )


@pytest.mark.parametrize("penalty", [0.0, 0.05, 100.0])
def test_collinear_and_constant_columns(make_problem, penalty):
    gram, cross, _ = make_problem(1, 12, 4, 40)
    twice = [*range(12), 2, 2, 5]
    gram, cross = gram[twice][:, twice], cross[twice]
    gram[7], gram[:, 7], cross[7] = 0, 0, 0
    problem = gram, cross, torch.full_like(cross, penalty)
    solution = solve(problem)
    assert optimality_residual(*problem, solution).max() < 1e-8
    assert (solution[7] == 0).all()
    incoming = torch.ones_like(cross)
    assert active_solve(gram, problem[2], solution, incoming, DOUBLE).isfinite().all()


def test_least_norm_where_singular():
    gram = torch.ones(2, 2, dtype=torch.float64)
    ones = torch.ones(2, 1, dtype=torch.float64)
    for solver in (
        lambda *problem: active_solve(*problem, DOUBLE),
        solve_on_active_sets,
    ):
        solved = solver(gram, 0 * ones, ones, 2 * ones)
        torch.testing.assert_close(solved, ones)


def test_objective_without_minimum_is_reported():
    gram = torch.ones(2, 2, dtype=torch.float64)
    cross = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    zeros = torch.zeros_like(cross)
    _, status = solve_batched(gram, cross, zeros, zeros, DOUBLE.tolerance, DOUBLE)
    assert (status == UNBOUNDED).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_same_interface_on_a_gpu(make_problem):
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

"""Every solver x structure x weights x type: the solution is optimal, and all solvers agree."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram
from torch import Tensor

from napari_sparsevar.lasso import lasso_paths, optimality_residual, solve_lasso
from napari_sparsevar.lasso.batched import solve_batched
from napari_sparsevar.lasso.solve import explain_failure
from napari_sparsevar.lasso.types import CONVERGED, precision_of

Solver = Callable[..., Tensor]


def working_set(gram: Tensor, cross: Tensor, penalty: Tensor, start: Tensor | None = None):
    return solve_lasso(gram, cross, penalty, initial=start)


def batched(gram: Tensor, cross: Tensor, penalty: Tensor, start: Tensor | None = None):
    """As on a GPU, whose arithmetic is the same."""
    precision = precision_of(gram.dtype)
    start = torch.zeros_like(cross) if start is None else start
    problem = (tensor.double() for tensor in (gram, cross, penalty, start))
    coefficients, status = solve_batched(*problem, precision.tolerance, precision)
    if (status != CONVERGED).any():
        raise ValueError(explain_failure(0, int(status[status != CONVERGED][0])))
    return coefficients.to(gram)


def homotopy(gram: Tensor, cross: Tensor, penalty: Tensor, start: Tensor | None = None):
    level = float(penalty.max()) if penalty.numel() else 0.0
    weights = penalty / level if level else torch.ones_like(penalty)
    paths = lasso_paths(gram, cross, weights=weights, min_penalty=level)
    return torch.stack([path.at(level) for path in paths], dim=1) if paths else 0 * cross


SOLVERS = {"working set": working_set, "batched": batched, "homotopy": homotopy}
STARTED = {name: SOLVERS[name] for name in ("working set", "batched")}
N_TARGETS = 4


def normal(*shape: int, seed: int = 0) -> Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=source, dtype=torch.float64)


def correlated(correlation: float, n_samples: int = 60) -> Tensor:
    """24 columns in groups of four."""
    common = normal(n_samples, 6, seed=1).repeat_interleave(4, dim=1)
    return (1 - correlation) ** 0.5 * normal(n_samples, 24) + correlation**0.5 * common


def collinear() -> Tensor:
    design = normal(30, 12)
    design[:, 5], design[:, 7] = design[:, 2], -design[:, 2]
    design[:, 3] = design[:, 0] + design[:, 1]
    return design


def with_zero_column() -> Tensor:
    design = collinear()
    design[:, 9] = 0
    return design


STRUCTURES: dict[str, Callable[[], Tensor]] = {
    "independent": lambda: correlated(0.0),
    "correlated": lambda: correlated(0.9),
    "nearly collinear": lambda: correlated(0.999),
    "collinear": collinear,
    "zero column": with_zero_column,
    "P > n": lambda: correlated(0.5, n_samples=15),
    "P > n, nearly collinear": lambda: correlated(0.999, n_samples=15),
    "ties": lambda: torch.eye(20, dtype=torch.float64),
    "coarse": lambda: normal(12, 30).sign(),
    "all the same": lambda: torch.ones(5, 5, dtype=torch.float64),
    "one column": lambda: normal(20, 1),
}
FULL_RANK = ["independent", "correlated", "nearly collinear", "ties", "one column"]

LOST_IN_ROUNDING = ["P > n, nearly collinear"]
"""Grams that rounding to float32 leaves without a minimum where there is no penalty."""

WEIGHTS: dict[str, Callable[[Tensor], Tensor]] = {
    "equal": torch.ones_like,
    "graded": lambda cross: torch.linspace(0.5, 2.0, len(cross)).to(cross)[:, None] + 0 * cross,
    "neighbours free": lambda cross: torch.stack(
        [
            torch.ones_like(column).index_fill(0, free_of(k, len(cross)), 0.0)
            for k, column in enumerate(cross.T)
        ],
        dim=1,
    ),
    "all free": torch.zeros_like,
}
SHARES = [2.0, 0.5, 0.1, 0.01, 0.0]
"""Of the largest |cross|, as penalty; below about 1e-3 it is lost in the rounding of float32."""


def free_of(target: int, n_columns: int) -> Tensor:
    return torch.arange(target, target + min(4, n_columns)) % n_columns


def moments(structure: str, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    design = STRUCTURES[structure]()
    n_samples, n_columns = design.shape
    truth = normal(n_columns, N_TARGETS, seed=2)
    observed = design @ truth + 0.5 * normal(n_samples, N_TARGETS, seed=3)
    return (
        (design.T @ design / n_samples).to(dtype),
        (design.T @ observed / n_samples).to(dtype),
    )


def penalties(cross: Tensor, weights: str, share: float) -> Tensor:
    return share * float(cross.abs().max()) * WEIGHTS[weights](cross)


def assert_optimal(problem: tuple[Tensor, Tensor, Tensor], solution: Tensor) -> None:
    """Check the conditions of optimality in float64, as far as the type of the gram can tell."""
    gram, cross, penalty = (tensor.double() for tensor in problem)
    violation = optimality_residual(gram, cross, penalty, solution.double()).max()
    size = float(cross.abs().max()) * max(1.0, float(solution.abs().max()))
    assert violation <= size * (1e-9 if problem[0].dtype == torch.float64 else 1e-4)


def assert_equivalent(
    problem: tuple[Tensor, Tensor, Tensor], one: Tensor, other: Tensor, tolerance: float
) -> None:
    """Check what is unique of minimisers even where columns are collinear: G b and the penalty."""
    gram, _, penalty = problem
    torch.testing.assert_close(gram @ one, gram @ other, rtol=tolerance, atol=tolerance)
    paid, paid_there = ((penalty * found.abs()).sum(dim=0) for found in (one, other))
    torch.testing.assert_close(paid, paid_there, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_solutions_are_optimal(
    solver: str, structure: str, weights: str, dtype: torch.dtype
) -> None:
    gram, cross = moments(structure, dtype)
    for share in SHARES:
        problem = gram, cross, penalties(cross, weights, share)
        if dtype == torch.float32 and structure in LOST_IN_ROUNDING and not problem[2].any():
            continue
        solution = SOLVERS[solver](*problem)
        assert solution.dtype == dtype
        assert_optimal(problem, solution)
        assert (solution[gram.diagonal() == 0] == 0).all()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_solvers_agree(structure: str, weights: str) -> None:
    gram, cross = moments(structure)
    for share in SHARES:
        problem = gram, cross, penalties(cross, weights, share)
        expected, *others = (solver(*problem) for solver in SOLVERS.values())
        for other in others:
            assert_equivalent(problem, expected, other, 1e-8)
            if structure in FULL_RANK:
                torch.testing.assert_close(other, expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("solver", STARTED)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_where_it_starts_does_not_matter(solver: str, structure: str) -> None:
    gram, cross = moments(structure)
    for weights in ("equal", "neighbours free"):
        problem = gram, cross, penalties(cross, weights, 0.05)
        cold = STARTED[solver](*problem)
        for start in (normal(*cross.shape, seed=4), cold, cold + cold.roll(1, dims=0)):
            warm = STARTED[solver](*problem, start)
            assert_optimal(problem, warm)
            assert_equivalent(problem, warm, cold, 1e-8)


@pytest.mark.parametrize("structure", ["independent", "correlated"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_order_sign_and_scale_of_columns_do_not_matter(solver: str, structure: str) -> None:
    gram, cross = moments(structure)
    penalty, solve = penalties(cross, "neighbours free", 0.1), SOLVERS[solver]
    solution = solve(gram, cross, penalty)

    def assert_same(found: Tensor, expected: Tensor) -> None:
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)

    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    assert_same(solve(gram[order][:, order], cross[order], penalty[order]), solution[order])
    scale = torch.linspace(-2, 3, 24, dtype=torch.float64)[:, None]
    scaled = solve(gram * scale * scale.T, cross * scale, penalty * scale.abs())
    assert_same(scaled * scale, solution)
    assert_same(solve(gram, 7 * cross, 7 * penalty), 7 * solution)
    assert_same(solve(gram, -cross, penalty), -solution)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_targets_do_not_influence_each_other(solver: str, structure: str) -> None:
    gram, cross = moments(structure)
    penalty, solve = penalties(cross, "neighbours free", 0.1), SOLVERS[solver]
    each = [solve(gram, cross[:, [k]], penalty[:, [k]]) for k in range(N_TARGETS)]
    together = solve(gram, cross, penalty)
    assert_equivalent((gram, cross, penalty), torch.cat(each, dim=1), together, 1e-10)


@pytest.mark.parametrize("share", [0.3, 0.05, 0.01])
@pytest.mark.parametrize("structure", ["independent", "correlated", "P > n"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_agrees_with_lars(solver: str, structure: str, share: float) -> None:
    gram, cross = moments(structure)
    penalty = penalties(cross, "equal", share)
    solution = SOLVERS[solver](gram, cross, penalty)
    for target in range(N_TARGETS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            *_, path = lars_path_gram(
                cross[:, target].numpy(),
                gram.numpy(),
                n_samples=1,
                alpha_min=float(penalty[0, 0]),
                method="lasso",
            )
        np.testing.assert_allclose(path[:, -1], solution[:, target].numpy(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("structure", FULL_RANK)
@pytest.mark.parametrize("solver", SOLVERS)
def test_penalty_zero_is_least_squares(solver: str, structure: str) -> None:
    gram, cross = moments(structure)
    found = SOLVERS[solver](gram, cross, 0 * cross)
    torch.testing.assert_close(found, torch.linalg.solve(gram, cross), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_nothing_to_explain(solver: str) -> None:
    gram, nothing = torch.eye(3, dtype=torch.float64), torch.zeros(3, 2, dtype=torch.float64)
    for singular in (gram, 0 * gram):
        assert (SOLVERS[solver](singular, nothing, nothing + 0.1) == 0).all()
    assert SOLVERS[solver](gram, nothing[:, :0], nothing[:, :0]).shape == (3, 0)


@pytest.mark.parametrize("penalty", [0.0, 0.1])
@pytest.mark.parametrize("solver", STARTED)
def test_an_objective_without_minimum_is_refused(solver: str, penalty: float) -> None:
    zero_column = torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64))
    ones = torch.ones(2, 1, dtype=torch.float64)
    twice = torch.ones(2, 2, dtype=torch.float64)
    apart = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    for gram, cross in ((zero_column, ones), (twice, apart)):
        with pytest.raises(ValueError, match="no minimum"):
            STARTED[solver](gram, cross, torch.full_like(cross, penalty))


@pytest.mark.parametrize("seed", range(60))
def test_ill_conditioned_designs_end_at_the_solution(make_problem, seed: int) -> None:
    n_samples, n_columns = 5 + seed % 40, 20 + seed % 41
    problem = make_problem(seed, n_columns, 3, n_samples, 0.999, seed % 9, 10.0 ** -(seed % 5))
    for solver in SOLVERS.values():
        assert_optimal(problem, solver(*problem))


def test_a_strongly_correlated_unpenalised_neighbourhood(make_problem) -> None:
    problem = make_problem(2, 200, 20, 400, 0.98, 40, 0.05)
    for solver in SOLVERS.values():
        solution = solver(*problem)
        assert_optimal(problem, solution)
        assert ((solution != 0) & (problem.penalty > 0)).any()


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.fixed_dictionaries(
        {
            "seed": st.integers(0, 1000),
            "n_columns": st.integers(1, 40),
            "n_targets": st.integers(1, 5),
            "n_samples": st.integers(5, 80),
            "correlation": st.sampled_from([0.0, 0.5, 0.95, 0.999]),
            "n_free": st.integers(0, 8),
            "share": st.sampled_from([0.5, 0.1, 0.01, 1e-4]),
        }
    )
)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_solutions_of_any_shape_are_optimal(
    make_problem, solver: str, dtype: torch.dtype, shape
) -> None:
    if dtype == torch.float32:
        shape = {**shape, "share": max(shape["share"], 0.01)}
    problem = [tensor.to(dtype) for tensor in make_problem(**shape)]
    assert_optimal(tuple(problem), SOLVERS[solver](*problem))

from __future__ import annotations

import threading
import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram

from napari_sparsevar.lasso import optimality_residual, penalty_max, solve_lasso

few = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
shapes = st.fixed_dictionaries(
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


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    return float((first - second).abs().max())


@few
@given(shape=shapes)
def test_solution_is_optimal(make_problem, shape):
    problem = make_problem(**shape)
    solution = solve_lasso(*problem)
    assert optimality_residual(*problem, solution).max() < 1e-8


@few
@given(shape=shapes)
def test_float32_solution_is_optimal_for_its_precision(make_problem, shape):
    # Below about 1e-3 of the largest, the penalty is lost in the rounding of a singular gram.
    shape["share"] = max(shape["share"], 0.01)
    problem = [tensor.float() for tensor in make_problem(**shape)]
    solution = solve_lasso(*problem)
    assert solution.dtype == torch.float32
    size = max(1.0, float(solution.abs().max()))
    violation = optimality_residual(*(t.double() for t in (*problem, solution))).max()
    assert violation < 1e-4 * size * float(problem[1].abs().max())


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize("share", [0.3, 0.05, 0.01])
def test_agrees_with_lars(make_problem, correlation, share):
    gram, cross, penalty = make_problem(1, 48, 6, 200, correlation, 0, share)
    solution = solve_lasso(gram, cross, float(penalty[0, 0]))
    for target in range(6):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, _, path = lars_path_gram(
                cross[:, target].numpy(),
                gram.numpy(),
                n_samples=1,
                alpha_min=float(penalty[0, 0]),
                method="lasso",
            )
        assert np.abs(path[:, -1] - solution[:, target].numpy()).max() < 1e-6


@pytest.mark.parametrize("seed", range(60))
def test_ill_conditioned_designs_end_at_the_solution(make_problem, seed):
    n_samples, n_columns = 5 + seed % 40, 20 + seed % 41
    problem = make_problem(seed, n_columns, 3, n_samples, 0.999, seed % 9, 10.0 ** -(seed % 5))
    assert optimality_residual(*problem, solve_lasso(*problem)).max() < 1e-8


def test_strongly_correlated_unpenalised_neighbourhood(make_problem):
    problem = make_problem(2, 200, 20, 400, 0.98, 40, 0.05)
    solution = solve_lasso(*problem)
    assert optimality_residual(*problem, solution).max() < 1e-8
    assert ((solution != 0) & (problem.penalty > 0)).any()


@few
@given(shape=shapes, seed=st.integers(0, 100))
def test_warm_start_gives_the_same_answer(make_problem, shape, seed):
    shape["n_samples"] = shape["n_columns"] + 20
    problem = make_problem(**shape)
    source = torch.Generator().manual_seed(seed)
    start = torch.randn(problem.cross.shape, generator=source, dtype=torch.float64)
    cold = solve_lasso(*problem)
    assert distance(cold, solve_lasso(*problem, initial=start)) < 1e-8
    assert distance(cold, solve_lasso(*problem, initial=cold)) < 1e-8


def test_order_sign_and_scale_of_columns_do_not_matter(make_problem):
    gram, cross, penalty = make_problem(3, correlation=0.8, n_free=4)
    solution = solve_lasso(gram, cross, penalty)
    order = torch.randperm(24, generator=torch.Generator().manual_seed(0))
    permuted = solve_lasso(gram[order][:, order], cross[order], penalty[order])
    assert distance(permuted, solution[order]) < 1e-10
    scale = torch.linspace(-2, 3, 24, dtype=torch.float64)
    scaled = solve_lasso(
        gram * scale * scale[:, None], cross * scale[:, None], penalty * scale.abs()[:, None]
    )
    assert distance(scaled * scale[:, None], solution) < 1e-10
    assert distance(solve_lasso(gram, 7 * cross, 7 * penalty), 7 * solution) < 1e-9
    assert distance(solve_lasso(gram, -cross, penalty), -solution) < 1e-10


def test_targets_do_not_influence_each_other(make_problem):
    gram, cross, penalty = make_problem(4, correlation=0.8)
    together = solve_lasso(gram, cross, penalty)
    alone = torch.cat([solve_lasso(gram, cross[:, [k]], penalty[:, [k]]) for k in range(5)], dim=1)
    assert distance(together, alone) < 1e-12


def test_penalty_zero_is_least_squares(make_problem):
    gram, cross, _ = make_problem(5)
    assert distance(solve_lasso(gram, cross, 0.0), torch.linalg.solve(gram, cross)) < 1e-9


def test_penalty_zero_with_more_columns_than_samples(make_problem):
    gram, cross, _ = make_problem(6, n_columns=40, n_samples=15)
    solution = solve_lasso(gram, cross, 0.0)
    assert optimality_residual(gram, cross, 0.0, solution).max() < 1e-8


def test_above_the_largest_penalty_everything_is_zero(make_problem):
    gram, cross, _ = make_problem(7)
    largest = penalty_max(gram, cross)
    assert (solve_lasso(gram, cross, 1.0001 * float(largest.max())) == 0).all()
    below = solve_lasso(gram, cross, (0.999 * largest).expand_as(cross).contiguous())
    assert ((below != 0).sum(dim=0) >= 1).all()


def test_largest_penalty_with_unpenalised_columns(make_problem):
    gram, cross, penalty = make_problem(8, n_free=4, correlation=0.7)
    weights = (penalty > 0).double()
    largest = penalty_max(gram, cross, weights)
    solution = solve_lasso(gram, cross, 1.0001 * largest * weights)
    assert (solution[weights > 0] == 0).all()
    solution = solve_lasso(gram, cross, 0.999 * largest * weights)
    assert ((solution * weights != 0).sum(dim=0) >= 1).all()


def collinear_design() -> torch.Tensor:
    source = torch.Generator().manual_seed(9)
    design = torch.randn(30, 12, generator=source, dtype=torch.float64)
    design[:, 5], design[:, 7] = design[:, 2], -design[:, 2]
    design[:, 3] = design[:, 0] + design[:, 1]
    design[:, 9] = 0
    return design


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("penalty", [0.0, 0.01, 0.1, 1.0, 100.0])
@pytest.mark.parametrize("n_free", [0, 4, 8])
def test_collinear_and_constant_columns(penalty, n_free, dtype):
    design = collinear_design()
    source = torch.Generator().manual_seed(0)
    truth = torch.randn(12, 4, generator=source, dtype=torch.float64)
    noise = torch.randn(30, 4, generator=source, dtype=torch.float64)
    gram = (design.T @ design / 30).to(dtype).requires_grad_()
    cross = (design.T @ (design @ truth + noise) / 30).to(dtype).requires_grad_()
    penalties = torch.full((12, 4), penalty, dtype=dtype)
    penalties[:n_free] = 0
    penalties.requires_grad_()
    solution = solve_lasso(gram, cross, penalties)
    tolerance = 1e-8 if dtype == torch.float64 else 1e-5
    assert optimality_residual(gram, cross, penalties, solution).max() < tolerance
    solution.square().sum().backward()
    for tensor in (gram, cross, penalties):
        assert tensor.grad.isfinite().all()
        assert (tensor.grad[9] == 0).all()
    assert (solution[9] == 0).all()


def test_nothing_to_explain():
    gram = torch.eye(3, dtype=torch.float64)
    assert (solve_lasso(gram, torch.zeros(3, 2, dtype=torch.float64), 0.1) == 0).all()
    assert solve_lasso(gram, torch.zeros(3, 0, dtype=torch.float64), 0.1).shape == (3, 0)
    assert (solve_lasso(0 * gram, torch.zeros(3, 2, dtype=torch.float64), 0.1) == 0).all()


def test_two_threads_may_solve_at_once(make_problem):
    problems = [make_problem(seed, 60, 40, 120, 0.8, 5, 0.05) for seed in (10, 11)]
    expected = [solve_lasso(*problem) for problem in problems]
    worst = [0.0, 0.0]

    def solve_often(which: int) -> None:
        for _ in range(30):
            worst[which] = max(
                worst[which], distance(solve_lasso(*problems[which]), expected[which])
            )

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        threads = [threading.Thread(target=solve_often, args=(which,)) for which in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        torch.set_num_threads(before)
    assert worst == [0.0, 0.0]


def bad(tensor: torch.Tensor, value: float) -> torch.Tensor:
    changed = tensor.clone()
    changed[1, 1] = value
    return changed


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda g, c, p: (bad(g, float("nan")), c, p), "gram contains values that are not finite"),
        (lambda g, c, p: (g, bad(c, float("inf")), p), "cross contains values that are not finite"),
        (lambda g, c, p: (g, c, bad(p, float("nan"))), "penalty contains values that are not"),
        (lambda g, c, p: (g, c, -0.1), "must not be negative"),
        (lambda g, c, p: (g, c, bad(p, -1.0)), "must not be negative"),
        (lambda g, c, p: (g[:5], c, p), "square matrix"),
        (lambda g, c, p: (g, c[:5], p), "to fit gram"),
        (lambda g, c, p: (g, c[:, 0], p), "to fit gram"),
        (lambda g, c, p: (g, c, p[:3]), "penalty must be a number"),
        (lambda g, c, p: (g, c.float(), p), "float32"),
        (lambda g, c, p: (g.half(), c.half(), p.half()), "float32 or float64"),
        (lambda g, c, p: (bad(g, -1.0), c, p), "negative diagonal"),
        (lambda g, c, p: (g + torch.triu(g, 1), c, p), "not symmetric"),
    ],
)
def test_bad_arguments_get_one_sentence(make_problem, change, sentence):
    with pytest.raises(ValueError, match=sentence):
        solve_lasso(*change(*make_problem(12)))


def test_bad_start(make_problem):
    problem = make_problem(13)
    with pytest.raises(ValueError, match="initial must be"):
        solve_lasso(*problem, initial=problem.gram)
    with pytest.raises(ValueError, match="initial contains"):
        solve_lasso(*problem, initial=problem.cross * float("nan"))


@pytest.mark.parametrize("penalty", [0.0, 0.1])
def test_objective_without_minimum_is_refused(penalty):
    gram = torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64))
    cross = torch.ones(2, 1, dtype=torch.float64)
    with pytest.raises(ValueError, match="no minimum"):
        solve_lasso(gram, cross, penalty)
    twice = torch.ones(2, 2, dtype=torch.float64)
    apart = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    with pytest.raises(ValueError, match="no minimum"):
        solve_lasso(twice, apart, penalty)

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram

from napari_sparsevar.lasso import (
    lasso_path,
    lasso_paths,
    optimality_residual,
    penalty_max,
    solve_lasso,
)


def violation_at_knots(path) -> float:
    n_knots = path.penalties.numel()
    return float(
        optimality_residual(
            path.gram,
            path.cross[:, None].expand(-1, n_knots),
            path.penalties * path.weights[:, None],
            path.coefficients,
        ).max()
    )


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
@pytest.mark.parametrize("n_samples", [120, 30])
def test_agrees_with_lars_knot_by_knot(make_problem, correlation, n_samples):
    gram, cross, _ = make_problem(0, 40, 4, n_samples, correlation)
    n_departures = 0
    for target in range(4):
        path = lasso_path(gram, cross[:, target])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            penalties, _, coefficients = lars_path_gram(
                cross[:, target].numpy(), gram.numpy(), n_samples=1, method="lasso"
            )
        assert path.penalties.numel() == len(penalties)
        assert np.abs(path.penalties.numpy() - penalties).max() < 1e-8
        assert np.abs(path.coefficients.numpy() - coefficients).max() < 1e-6
        n_departures += int(((path.coefficients != 0).sum(dim=0).diff() < 0).sum())
    if correlation == 0.95:
        assert n_departures > 0


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 1000),
    n_columns=st.integers(1, 30),
    n_samples=st.integers(5, 60),
    correlation=st.sampled_from([0.0, 0.9]),
    n_free=st.integers(0, 4),
    position=st.floats(0.01, 1.2),
)
def test_weighted_path_is_optimal_everywhere(
    make_problem, seed, n_columns, n_samples, correlation, n_free, position
):
    gram, cross, _ = make_problem(seed, n_columns, 1, n_samples, correlation)
    weights = torch.linspace(0.5, 2, n_columns, dtype=torch.float64)
    weights[:n_free] = 0
    path = lasso_path(gram, cross[:, 0], weights=weights)
    assert (path.penalties.diff() < 0).all()
    assert violation_at_knots(path) < 1e-8
    penalty = position * float(path.penalties[0])
    between = path.at(penalty)[:, None]
    assert optimality_residual(gram, cross, penalty * weights[:, None], between).max() < 1e-8


def test_path_begins_at_the_largest_penalty(make_problem):
    gram, cross, _ = make_problem(1, correlation=0.5)
    weights = torch.linspace(0, 2, 24, dtype=torch.float64)
    path = lasso_path(gram, cross[:, 0], weights=weights)
    assert path.penalties[0] == pytest.approx(float(penalty_max(gram, cross[:, 0], weights)))
    assert (path.coefficients[1:, 0] == 0).all()
    assert path.coefficients[0, 0] != 0


def test_differentiable_evaluation_equals_solve(make_problem):
    gram, cross, _ = make_problem(2, 20, 1, 60, 0.8)
    weights = torch.linspace(0, 2, 20, dtype=torch.float64)
    for share in (0.9, 0.3, 0.05, 1.5):
        inputs = [t.clone().requires_grad_() for t in (gram, cross)]
        path = lasso_path(inputs[0], inputs[1][:, 0], weights=weights)
        penalty = (share * path.penalties[0]).requires_grad_()
        on_path = path.at(penalty)
        solved = solve_lasso(*inputs, (penalty * weights)[:, None])[:, 0]
        torch.testing.assert_close(on_path, solved, rtol=0, atol=1e-10)
        incoming = torch.linspace(-1, 1, 20, dtype=torch.float64)
        first, second = (
            torch.autograd.grad(values, [*inputs, penalty], incoming)
            for values in (on_path, solved)
        )
        for one, other in zip(first, second, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def test_many_targets_and_where_to_end(make_problem):
    gram, cross, penalty = make_problem(3, correlation=0.5)
    weights = (penalty > 0).double()
    whole = lasso_paths(gram, cross, weights=weights)
    least = float(whole[0].penalties[6])
    for target, path in enumerate(lasso_paths(gram, cross, weights=weights, min_penalty=least)):
        n_same = path.penalties.numel() - 1
        assert float(path.penalties[-1]) == least
        torch.testing.assert_close(path.penalties[:n_same], whole[target].penalties[:n_same])
        torch.testing.assert_close(path.at(least), whole[target].at(least))
        with pytest.raises(ValueError, match="path ends at"):
            path.at(least / 2)
    short = lasso_paths(gram, cross, max_knots=3)
    assert all(path.penalties.numel() == 3 for path in short)


def test_end_above_the_first_knot(make_problem):
    gram, cross, _ = make_problem(4)
    path = lasso_path(gram, cross[:, 0], min_penalty=1e3)
    assert path.penalties.tolist() == [1e3]
    assert (path.coefficients == 0).all()


@pytest.mark.parametrize("integers", [False, True])
@pytest.mark.parametrize("kind", ["ties", "coarse", "duplicates", "constant", "all the same"])
def test_degenerate_designs_end(kind, integers):
    source = torch.Generator().manual_seed(5)
    random = torch.randn(30, 6, generator=source, dtype=torch.float64)
    design = {
        "ties": torch.eye(20, dtype=torch.float64),
        "coarse": torch.randint(-1, 2, (12, 30), generator=source).double(),
        "duplicates": random[:, [0, 1, 2, 0, 3, 4, 5, 1, 1]],
        "constant": torch.nn.functional.pad(random, (1, 1)),
        "all the same": torch.ones(5, 5, dtype=torch.float64),
    }[kind]
    n_samples = design.shape[0]
    observed = torch.randn(n_samples, generator=source, dtype=torch.float64)
    if integers:
        observed = torch.randint(-2, 3, (n_samples,), generator=source).double()
    gram, cross = design.T @ design, design.T @ observed
    path = lasso_path(gram, cross)
    assert violation_at_knots(path) < 1e-8
    for share in (0.0, 0.2, 0.7):
        penalty = share * float(path.penalties[0])
        violation = optimality_residual(gram, cross[:, None], penalty, path.at(penalty)[:, None])
        assert violation.max() < 1e-8


def test_float32_path(make_problem):
    gram, cross, _ = make_problem(6, correlation=0.5)
    single = lasso_path(gram.float(), cross[:, 0].float())
    double = lasso_path(gram, cross[:, 0])
    penalty = 0.1 * float(double.penalties[0])
    assert single.at(penalty).dtype == torch.float32
    torch.testing.assert_close(
        single.at(penalty).double(), double.at(penalty), rtol=1e-4, atol=1e-5
    )


def test_bad_arguments_get_one_sentence(make_problem):
    gram, cross, _ = make_problem(7)
    with pytest.raises(ValueError, match="cross must be"):
        lasso_path(gram, cross)
    with pytest.raises(ValueError, match="weights must be"):
        lasso_path(gram, cross[:, 0], weights=torch.ones(3, dtype=torch.float64))
    with pytest.raises(ValueError, match="min_penalty"):
        lasso_path(gram, cross[:, 0], min_penalty=-1.0)
    with pytest.raises(ValueError, match="max_knots"):
        lasso_path(gram, cross[:, 0], max_knots=0)
    with pytest.raises(ValueError, match="must not be negative"):
        lasso_path(gram, cross[:, 0]).at(-1.0)
    with pytest.raises(ValueError, match="no minimum"):
        lasso_path(torch.ones(2, 2), torch.tensor([1.0, -1.0]), weights=torch.zeros(2))

from __future__ import annotations

import threading

import pytest
import torch

from napari_sparsevar.lasso import penalty_max, solve_lasso


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    return float((first - second).abs().max())


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


def test_asymmetry_far_from_the_diagonal_is_noticed(make_problem):
    gram, cross, penalty = make_problem(3, n_columns=300, n_samples=600)
    gram = gram.clone()
    gram[299, 0] += 1e-3 * gram.diagonal().max()
    with pytest.raises(ValueError, match="not symmetric"):
        solve_lasso(gram, cross, penalty)


def test_how_a_problem_lies_in_memory_changes_nothing(make_problem):
    problem = make_problem(4, n_columns=150, n_targets=140, n_samples=400)
    turned = (each.T.contiguous().T for each in problem)
    assert torch.equal(solve_lasso(*problem), solve_lasso(*turned))

from __future__ import annotations

import pytest
import torch

from napari_sparsevar.lasso import solve_lasso


def solve_symmetric(gram, cross, penalty):
    return solve_lasso((gram + gram.T) / 2, cross, penalty)


@pytest.mark.parametrize("correlation", [0.0, 0.9])
@pytest.mark.parametrize("share", [0.3, 0.05])
def test_gradcheck_number(make_problem, correlation, share):
    gram, cross, penalty = make_problem(0, 8, 3, 40, correlation, 0, share)
    inputs = [t.requires_grad_() for t in (gram, cross, penalty[0, 0].clone())]
    assert torch.autograd.gradcheck(solve_symmetric, inputs)


@pytest.mark.parametrize("n_samples", [40, 7])
def test_gradcheck_weights_and_unpenalised(make_problem, n_samples):
    gram, cross, penalty = make_problem(1, 9, 3, n_samples, 0.5, 3, 0.1)
    weights = (penalty > 0) * torch.linspace(0.5, 2, 27, dtype=torch.float64).reshape(9, 3)

    def solve(gram, cross, penalty):
        return solve_symmetric(gram, cross, penalty * weights)

    inputs = [t.requires_grad_() for t in (gram, cross, penalty.max().expand(9, 3).clone())]
    assert torch.autograd.gradcheck(solve, inputs)


def test_gradcheck_least_squares(make_problem):
    gram, cross, _ = make_problem(2, 6, 2, 40)
    inputs = [gram.requires_grad_(), cross.requires_grad_()]
    assert torch.autograd.gradcheck(lambda g, c: solve_symmetric(g, c, 0.0), inputs)


def test_gradient_of_nothing_is_zero(make_problem):
    gram, cross, penalty = make_problem(3)
    inputs = [t.requires_grad_() for t in (gram, cross, 1e3 * penalty)]
    gradients = torch.autograd.grad(solve_lasso(*inputs).sum(), inputs)
    assert all((gradient == 0).all() for gradient in gradients)


def test_gradient_of_gram_is_symmetric_and_optional(make_problem):
    gram, cross, penalty = make_problem(4, correlation=0.7, n_free=3)
    gram.requires_grad_()
    (gradient,) = torch.autograd.grad(solve_lasso(gram, cross, penalty).square().sum(), gram)
    assert torch.equal(gradient, gradient.T)
    cross.requires_grad_()
    solution = solve_lasso(gram.detach(), cross, penalty)
    (gradient,) = torch.autograd.grad(solution.sum(), cross)
    assert gradient.shape == cross.shape


@pytest.mark.parametrize("share", [0.5, 0.001])
def test_sparse_and_dense_sums_agree_with_the_equation(make_problem, share):
    gram, cross, penalty = make_problem(5, correlation=0.5, share=share)
    inputs = [t.requires_grad_() for t in (gram, cross, penalty)]
    solution = solve_lasso(*inputs)
    incoming = torch.randn(24, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    d_gram, d_cross, d_penalty = torch.autograd.grad(solution, inputs, incoming)
    expected = torch.zeros_like(cross)
    for target in range(5):
        active = solution[:, target] != 0
        expected[active, target] = torch.linalg.solve(
            gram[active][:, active], incoming[active, target]
        )
    outer = expected @ solution.T
    torch.testing.assert_close(d_cross, expected)
    torch.testing.assert_close(d_gram, -(outer + outer.T) / 2)
    torch.testing.assert_close(d_penalty, -expected * solution.sign())


def test_float32_gradient(make_problem):
    problem = make_problem(6, correlation=0.5, n_free=3)
    gradients = []
    for dtype in (torch.float32, torch.float64):
        inputs = [t.to(dtype).requires_grad_() for t in problem]
        gradients.append(torch.autograd.grad(solve_lasso(*inputs).square().sum(), inputs))
        assert all(gradient.dtype == dtype for gradient in gradients[-1])
    for single, double in zip(*gradients, strict=True):
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("penalty", [0.0, 0.01, 0.1, 1.0, 100.0])
@pytest.mark.parametrize("n_free", [0, 4, 8])
def test_gradient_at_collinear_and_constant_columns_is_finite(make_problem, penalty, n_free, dtype):
    columns = [*range(12), 2, 2, 5]
    gram, cross, _ = make_problem(9, 12, 4, 30)
    gram, cross = gram[columns][:, columns], cross[columns]
    gram[9], gram[:, 9], cross[9] = 0, 0, 0
    penalties = torch.full_like(cross, penalty)
    penalties[:n_free] = 0
    inputs = [tensor.to(dtype).requires_grad_() for tensor in (gram, cross, penalties)]
    gradients = torch.autograd.grad(solve_lasso(*inputs).square().sum(), inputs)
    for gradient in gradients:
        assert gradient.isfinite().all()
        assert (gradient[9] == 0).all()


def test_a_second_derivative_is_refused(make_problem):
    gram, cross, penalty = make_problem(7)
    cross.requires_grad_()
    solution = solve_lasso(gram, cross, penalty)
    (gradient,) = torch.autograd.grad(solution.square().sum(), cross, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()

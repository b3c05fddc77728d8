r"""The exact derivative of the piecewise linear solution path, whatever solver found the solution.

On the active set A (nonzero or unpenalised coefficients) with signs s the solution is
:math:`b_A = G_{AA}^{-1} (C_A - \lambda_A s)` (Efron et al. 2004, Annals of Statistics 32:407), so
that for an incoming gradient g and :math:`u_A = G_{AA}^{-1} g_A`, zero elsewhere,

.. math:: dC = u, \quad dG = -\tfrac12 (u b' + b u'), \quad d\lambda_k = -u_k s_k .

Embedding an l1 regression in a network by this derivative: arXiv:2603.02899.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.lasso.types import Array, to_array

# Above this share of nonzero coefficients one dense product is faster than the scattered sum.
_DENSE_SHARE = 0.2


@compiled
def _add_outer_products(solved: Array, coefficients: Array, total: Array) -> None:
    """Subtract the sum over targets of solved x coefficients from ``total``, reading nonzeros."""
    n_columns = solved.shape[1]
    support = np.empty(n_columns, np.int64)
    for target in range(solved.shape[0]):
        size = 0
        for k in range(n_columns):
            if coefficients[target, k] != 0.0:
                support[size] = k
                size += 1
        for row in range(n_columns):
            value = solved[target, row]
            if value != 0.0:
                for m in range(size):
                    total[row, support[m]] -= value * coefficients[target, support[m]]


def _gram_gradient(solved: Tensor, coefficients: Tensor) -> Tensor:
    """Return -sym(sum_j u_j b_j') from (P, K) tensors."""
    share = torch.count_nonzero(coefficients).item() / max(coefficients.numel(), 1)
    if coefficients.is_cuda or share > _DENSE_SHARE:
        product = -(solved @ coefficients.T)
    else:
        total = np.zeros((solved.shape[0], solved.shape[0]))
        _add_outer_products(to_array(solved.T), to_array(coefficients.T), total)
        product = torch.from_numpy(total)
    return (product + product.T).mul_(0.5)


class PathDerivative(torch.autograd.Function):
    """Gives a solution of the lasso its derivative with respect to the problem."""

    @staticmethod
    def forward(
        ctx: Any, gram: Tensor, cross: Tensor, penalty: Tensor, coefficients: Tensor
    ) -> Tensor:
        """Return the coefficients (P, K); penalty is a scalar or (P, K)."""
        ctx.save_for_backward(gram, penalty, coefficients)
        return coefficients.view_as(coefficients)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, ...]:
        """Solve once a target on its active set."""
        gram, penalty, coefficients = ctx.saved_tensors
        solved = solve_on_active_sets(gram, penalty, coefficients, incoming)
        exact = coefficients.to(solved)
        d_gram = d_cross = d_penalty = None
        if ctx.needs_input_grad[0]:
            d_gram = _gram_gradient(solved, exact).to(gram)
        if ctx.needs_input_grad[1]:
            d_cross = solved.to(gram)
        if ctx.needs_input_grad[2]:
            d_penalty = exact.sign().mul_(solved).neg_()
            d_penalty = (d_penalty.sum() if penalty.ndim == 0 else d_penalty).to(gram)
        return d_gram, d_cross, d_penalty, None


def attach_derivative(gram: Tensor, cross: Tensor, penalty: Tensor, coefficients: Tensor) -> Tensor:
    """Return ``coefficients``, now differentiable in gram, cross and penalty.

    Parameters
    ----------
    gram
        (P, P)
    cross
        (P, K)
    penalty
        Scalar tensor or (P, K).
    coefficients
        (P, K), a solution: it must satisfy the optimality conditions.

    Returns
    -------
    Tensor
        (P, K)
    """
    result = PathDerivative.apply(gram, cross, penalty, coefficients)  # type: ignore[no-untyped-call]
    return cast(Tensor, result)

"""How far given coefficients are from solving the lasso."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.lasso.validation import check_penalty, check_problem, check_weights


def optimality_residual(
    gram: Tensor, cross: Tensor, penalty: float | Tensor, coefficients: Tensor
) -> Tensor:
    r"""Return the largest violation of the optimality (KKT) conditions, for each target.

    With r = cross - gram @ b, b solves the lasso if and only if :math:`r_k = \lambda_k s_k` where
    :math:`b_k \ne 0` and :math:`|r_k| \le \lambda_k` where :math:`b_k = 0`.

    Parameters
    ----------
    gram
        (P, P)
    cross
        (P, K)
    penalty
        Number, scalar tensor or (P, K).
    coefficients
        (P, K)

    Returns
    -------
    Tensor
        (K,), zero at a solution; in the units of ``cross``.
    """
    check_problem(gram, cross)
    bound = torch.as_tensor(penalty, dtype=cross.dtype, device=cross.device)
    check_penalty(bound, cross)
    residual = cross - gram @ coefficients
    at_zero = (residual.abs() - bound).clamp(min=0)
    nonzero = (residual - bound * coefficients.sign()).abs()
    return torch.where(coefficients == 0, at_zero, nonzero).amax(dim=0)


def penalty_max(gram: Tensor, cross: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Return the smallest penalty at which every penalised coefficient is zero.

    Without unpenalised columns this is :math:`\max_k |C_k| / w_k`; with them, C is replaced by
    what they leave of it.

    Parameters
    ----------
    gram
        (P, P)
    cross
        (P,) or (P, K)
    weights
        (P,) or like cross; the penalty of column k is penalty * weights_k, 0 = unpenalised.
        All 1 by default.

    Returns
    -------
    Tensor
        Scalar or (K,).
    """
    targets = cross if cross.ndim == 2 else cross[:, None]
    check_problem(gram, targets)
    columns = torch.ones_like(targets) if weights is None else weights.detach()
    if columns.ndim == 1:
        check_weights(columns, gram)
        columns = columns[:, None]
    columns = columns.expand_as(targets)
    check_penalty(columns, targets)
    # With all penalised coefficients at zero the active set holds the unpenalised ones.
    problem = gram.detach(), columns, torch.zeros_like(targets), targets.detach()
    free = solve_on_active_sets(*problem)
    residual = targets.detach().to(free) - gram.detach().to(free) @ free
    ratio = torch.where(columns == 0, 0.0, residual.abs() / columns.to(free))
    largest = ratio.amax(dim=0).to(gram)
    return largest if cross.ndim == 2 else largest[0]

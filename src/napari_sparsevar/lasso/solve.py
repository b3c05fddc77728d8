"""The lasso for many targets at once, differentiable in everything that defines it."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_sparsevar.lasso.batched import solve_batched
from napari_sparsevar.lasso.derivative import attach_derivative
from napari_sparsevar.lasso.types import CONVERGED, UNBOUNDED, precision_of, to_array
from napari_sparsevar.lasso.validation import check_initial, check_penalty, check_problem
from napari_sparsevar.lasso.working_set import solve_targets

_FEW = 1024
"""Columns up to which a problem on a GPU is solved on the CPU: there it takes less time than the
GPU needs to begin its many small steps."""

_AT_WORK = 1024
"""Targets that are copied and solved at a time."""


def solve_lasso(
    gram: Tensor,
    cross: Tensor,
    penalty: float | Tensor,
    *,
    initial: Tensor | None = None,
    tolerance: float | None = None,
) -> Tensor:
    r"""Solve an l1-regularised regression for every target, exactly.

    For every target j

    .. math:: b_j = \arg\min_b \tfrac12 b' G b - C_j' b + \sum_k \lambda_{kj} |b_k| .

    The derivative is that of the piecewise linear solution path (arXiv:2603.02899; Efron et al.
    2004, Annals of Statistics 32:407), see `derivative`. Where the minimiser is not unique
    (collinear columns), one of the minimisers is returned, with a finite derivative.

    Parameters
    ----------
    gram
        (P, P) G = X'X / n, float32 or float64, on any device. The work is done in float64;
        where G may be singular, also compute it in float64: rounded to float32 it may have
        negative eigenvalues, and then a tiny penalty may leave no minimum.
    cross
        (P, K) C = X'Y / n, one column a target.
    penalty
        One number or scalar tensor for all, or (P, K); 0 leaves a coefficient unpenalised.
    initial
        (P, K) coefficients to start from, such as the solution of a similar problem. They
        change how long it takes, not the result.
    tolerance
        Largest violation of the optimality conditions, as a share of the target's largest
        absolute C. By default 1e-10 for float64 and 1e-6 for float32, up to rounding.

    Returns
    -------
    Tensor
        (P, K) coefficients, zero where a column has no variance.

    Raises
    ------
    ValueError
        If the arguments do not fit, are not finite or negative where they must not be; or if
        the objective has no minimum, as ``cross`` cannot come from the columns of ``gram``.
    """
    if gram.is_cuda and len(gram) <= _FEW:
        start = None if initial is None else initial.cpu()
        at = penalty.cpu() if isinstance(penalty, Tensor) else penalty
        here = solve_lasso(gram.cpu(), cross.cpu(), at, initial=start, tolerance=tolerance)
        return here.to(gram.device)
    check_problem(gram, cross)
    penalties = torch.as_tensor(penalty, dtype=gram.dtype, device=gram.device)
    check_penalty(penalties, cross)
    if initial is None:
        initial = torch.zeros_like(cross)
    check_initial(initial, cross)
    with torch.no_grad():
        solution = _solve(gram, cross, penalties, initial, tolerance)
    return attach_derivative(gram, cross, penalties, solution)


def _solve(
    gram: Tensor, cross: Tensor, penalty: Tensor, initial: Tensor, tolerance: float | None
) -> Tensor:
    """Solve on the device of the problem, in float64 inside."""
    precision = precision_of(gram.dtype)
    tolerance = precision.tolerance if tolerance is None else tolerance
    penalty = penalty.expand_as(cross)
    if gram.is_cuda:
        coefficients, status = solve_batched(
            gram.double(), cross.double(), penalty.double(), initial.double(), tolerance, precision
        )
    else:
        coefficients, status = _solve_in_parts(gram, cross, penalty, initial, tolerance)
    failed = torch.nonzero(status != CONVERGED)
    if failed.numel():
        raise ValueError(explain_failure(int(failed[0]), int(status[failed[0]])))
    return coefficients.to(gram)


def _solve_in_parts(
    gram: Tensor, cross: Tensor, penalty: Tensor, initial: Tensor, tolerance: float
) -> tuple[Tensor, Tensor]:
    """Solve on the CPU; only the targets at work are held in float64."""
    columns = to_array(gram)
    solution = torch.empty(
        cross.T.shape, dtype=gram.dtype
    ).T  # a target's coefficients side by side
    status = torch.empty(cross.shape[1], dtype=torch.int64)
    for first in range(0, cross.shape[1], _AT_WORK):
        part = slice(first, first + _AT_WORK)
        problem = [to_array(each[:, part].T) for each in (cross, penalty, initial)]
        found, how = solve_targets(
            columns, problem[0], problem[1], problem[2], tolerance, precision_of(gram.dtype)
        )
        solution[:, part] = torch.from_numpy(found).T
        status[part] = torch.from_numpy(how)
    return solution, status


def explain_failure(target: int, status: int) -> str:
    """Return one sentence for a status that is not CONVERGED."""
    if status == UNBOUNDED:
        return (
            f"The objective of target {target} has no minimum: "
            "cross is not in the range of gram where the penalty is too small to bound it."
        )
    return f"No solution was reached for target {target}: gram is too ill-conditioned."

"""The same solutions by batched tensor operations: for a GPU, on which nothing leaves the device.

The alternating direction method of multipliers (Boyd et al. 2011) proposes active sets for all
targets from one factor of the Gram matrix; Newton steps on each active set, with a line search
over changes of sign, then make the solutions exact. Rows are targets in here: (K, P).
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_sparsevar.lasso.padded import (
    BatchedProblem,
    Block,
    gather_active,
    ridged_factor,
    split_targets,
    state_problem,
)
from napari_sparsevar.lasso.types import CONVERGED, NOT_CONVERGED, UNBOUNDED, Precision

_N_PROPOSALS = 150
_N_ADDED = 8


def solve_batched(
    gram: Tensor,
    cross: Tensor,
    penalty: Tensor,
    initial: Tensor,
    tolerance: float,
    precision: Precision,
) -> tuple[Tensor, Tensor]:
    """Solve for all targets together.

    Parameters
    ----------
    gram
        (P, P) float64, on any device.
    cross, penalty, initial
        (P, K)
    tolerance
        On the optimality conditions, as a share of the target's max |cross|.
    precision
        What counts as zero.

    Returns
    -------
    coefficients, status
        (P, K) and (K,).
    """
    problem = state_problem(gram, cross.T, penalty.T, precision)
    scale = problem.cross.abs().amax(dim=1, keepdim=True)
    coefficients = torch.where(problem.usable, initial.T, 0.0)
    status = torch.full((cross.shape[1],), NOT_CONVERGED, device=gram.device)
    if not coefficients.any():
        coefficients = _propose(problem)
    alive = torch.arange(cross.shape[1], device=gram.device)
    before = torch.full_like(scale, torch.inf)
    for _ in range(100 + 2 * gram.shape[0]):
        part = problem.rows(alive)
        moved, full = _newton_step(part, coefficients[alive], precision)
        residual = part.cross - moved @ gram
        ended, active_violation = _judge(
            part, moved, residual, full, before, scale[alive], tolerance, precision
        )
        going = ended == NOT_CONVERGED
        status[alive] = ended
        coefficients[alive] = moved
        alive, part, before = alive[going], part.rows(going), active_violation[going]
        if alive.numel() == 0:
            break
        coefficients[alive] = _add_violators(
            part, coefficients[alive], residual[going], full[going], tolerance * scale[alive]
        )
    lost = status == NOT_CONVERGED
    if initial.any() and lost.any():  # between collinear columns a start may lead in circles
        cold = torch.zeros_like(initial[:, lost])
        found, status[lost] = solve_batched(
            gram, cross[:, lost], penalty[:, lost], cold, tolerance, precision
        )
        coefficients[lost] = found.T
    return coefficients.T, status


def _propose(problem: BatchedProblem) -> Tensor:
    """Return approximate solutions whose zeros are exact, by a fixed number of ADMM steps."""
    gram, cross, penalty, usable, _ = problem
    weight = gram.diagonal().mean().clamp(min=1e-300)
    identity = torch.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
    factor, _ = torch.linalg.cholesky_ex(gram + weight * identity)
    inverse = torch.cholesky_inverse(factor)
    sparse = torch.zeros_like(cross)
    dual = torch.zeros_like(cross)
    for _ in range(_N_PROPOSALS):
        smooth = (cross + weight * (sparse - dual)) @ inverse
        relaxed = 1.6 * smooth - 0.6 * sparse + dual
        sparse = torch.nn.functional.relu(relaxed.abs() - penalty / weight) * relaxed.sign()
        dual = relaxed - sparse
    return torch.where(usable, sparse, 0.0).nan_to_num()


def _newton_step(
    problem: BatchedProblem, coefficients: Tensor, precision: Precision
) -> tuple[Tensor, Tensor]:
    """Move every target towards the minimum on its signed active set.

    Returns the coefficients (K, P) and whether the minimum itself was reached (K,).
    """
    moved = torch.empty_like(coefficients)
    full = torch.empty(coefficients.shape[0], dtype=torch.bool, device=coefficients.device)
    active = problem.free | (coefficients != 0)
    for part in split_targets(active):
        rows = BatchedProblem(problem.gram, *(tensor[part] for tensor in problem[1:]))
        block = gather_active(problem.gram, active[part])
        moved[part], full[part] = _newton_step_on(rows, coefficients[part], block, precision)
    return moved, full


def _newton_step_on(
    problem: BatchedProblem, coefficients: Tensor, block: Block, precision: Precision
) -> tuple[Tensor, Tensor]:
    start = torch.where(block.valid, coefficients.gather(1, block.positions), 0.0)
    penalty = torch.where(block.valid, problem.penalty.gather(1, block.positions), 0.0)
    cross = torch.where(block.valid, problem.cross.gather(1, block.positions), 0.0)
    gradient = cross - torch.einsum("kab,kb->ka", block.gram, start) - penalty * start.sign()
    gradient = torch.where(block.valid, gradient, 0.0)
    factor = ridged_factor(block.gram, precision)
    direction = torch.cholesky_solve(gradient[:, :, None], factor)[:, :, 0]
    end, full = _line_search(block.gram, start, penalty, gradient, direction)
    # A full step is solved for afresh: the error of the sum of two numbers is not left in it.
    refined = cross - torch.einsum("kab,kb->ka", block.gram, end) - penalty * end.sign()
    refined = torch.where(block.valid, refined, 0.0)
    better = end + torch.cholesky_solve(refined[:, :, None], factor)[:, :, 0]
    same_signs = ((penalty == 0) | (better.sign() == end.sign())).all(dim=1)
    end = torch.where((full & same_signs)[:, None], better, end)
    updated = torch.zeros_like(coefficients)
    updated.scatter_add_(1, block.positions, torch.where(block.valid, end, 0.0))
    return updated, full


def _line_search(
    block: Tensor, start: Tensor, penalty: Tensor, gradient: Tensor, direction: Tensor
) -> tuple[Tensor, Tensor]:
    """Go along ``direction``, at most to its end, to the minimum of a piecewise parabola.

    The slope jumps up by 2 penalty_k |d_k| where coefficient k changes sign; a minimum at such a
    point leaves coefficient k at exactly zero.
    """
    descent = (direction * gradient).sum(dim=1, keepdim=True)
    curvature = (direction * torch.einsum("kab,kb->ka", block, direction)).sum(1, keepdim=True)
    crossing = (penalty > 0) & ((start + direction) * start <= 0) & (start != 0)
    length = torch.where(crossing, -start / direction, torch.inf)
    length, order = length.sort(dim=1)
    jump = (2 * penalty * direction.abs()).gather(1, order)
    jump = torch.where(length.isfinite(), jump, 0.0)
    jumped = jump.cumsum(dim=1)
    bounded = torch.where(length.isfinite(), length, 1.0)
    gain_before = descent - bounded * curvature - (jumped - jump)
    stops = (gain_before - jump <= 0) & length.isfinite()
    first = stops.int().argmax(dim=1, keepdim=True)
    stopped = stops.any(dim=1, keepdim=True)
    at_zero = stopped & ((gain_before.gather(1, first) > 0) | (descent <= 0))
    before = jumped.gather(1, first) - jump.gather(1, first)
    spent = torch.where(stopped, before, jumped[:, -1:])
    inside = ((descent - spent) / curvature.clamp(min=1e-300)).clamp(0.0, 1.0)
    full = ~crossing.any(dim=1)
    step = torch.where(at_zero, length.gather(1, first), inside)
    step = torch.where(full[:, None], 1.0, step)
    end = start + step * direction
    hit = at_zero & (torch.arange(start.shape[1], device=start.device) == order.gather(1, first))
    return torch.where(hit, 0.0, end), full


def _judge(
    problem: BatchedProblem,
    coefficients: Tensor,
    residual: Tensor,
    full: Tensor,
    before: Tensor,
    scale: Tensor,
    tolerance: float,
    precision: Precision,
) -> tuple[Tensor, Tensor]:
    """Return the status (K,) of every target and the violation (K, 1) on its active set."""
    active = problem.free | (coefficients != 0)
    on_active = (residual - problem.penalty * coefficients.sign()).abs()
    on_active = torch.where(active, on_active, 0.0).amax(dim=1, keepdim=True)
    outside = torch.where(active, 0.0, residual.abs() - problem.penalty)
    pinned = torch.where(problem.usable, 0.0, outside).amax(dim=1, keepdim=True)
    outside = torch.where(problem.usable, outside, 0.0).amax(dim=1, keepdim=True)
    # Rounding may leave more than the tolerance on nearly dependent columns: it does not shrink.
    settled = (on_active <= tolerance * scale) | (on_active > 0.5 * before)
    settled &= full[:, None]
    limit = precision.slack * scale
    unbounded = (settled & (on_active > limit)) | (pinned > limit)
    status = torch.full_like(scale, NOT_CONVERGED, dtype=torch.int64)
    status[settled & (outside <= tolerance * scale)] = CONVERGED
    status[unbounded] = UNBOUNDED
    return status[:, 0], torch.where(full[:, None], on_active, torch.inf)


def _add_violators(
    problem: BatchedProblem, coefficients: Tensor, residual: Tensor, full: Tensor, tolerance: Tensor
) -> Tensor:
    """Let the columns that violate optimality most leave zero, one after the other.

    Only where the active set is at its minimum: else the violations mean little.
    """
    gram, _, penalty, usable, free = problem
    candidates = usable & ~free & (coefficients == 0) & full[:, None]
    excess = torch.where(candidates, residual.abs() - penalty - tolerance, -torch.inf)
    worst = excess.topk(min(_N_ADDED, excess.shape[1]), dim=1)
    coefficients, residual = coefficients.clone(), residual.clone()
    for positions, excesses in zip(worst.indices.T, worst.values.T, strict=True):
        column = positions[:, None]
        slope = residual.gather(1, column)
        size = (slope.abs() - penalty.gather(1, column)).clamp(min=0)
        value = slope.sign() * size / gram.diagonal()[column]
        value = torch.where(excesses[:, None] > 0, value, 0.0)
        coefficients.scatter_add_(1, column, value)
        residual -= value * gram[positions]
    return coefficients

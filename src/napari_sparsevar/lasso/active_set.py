"""Exact minimisation on a small set of columns: Newton steps on the signed active set."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.lasso.arrays import gather_block, residual_of
from napari_sparsevar.lasso.cholesky import extend_factor, regress_row, solve_factored
from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.coordinate_descent import descend
from napari_sparsevar.lasso.types import CONVERGED, NOT_CONVERGED, UNBOUNDED, Array

_FULL_STEP, _SHORT_STEP, _NO_MINIMUM = 0, 1, 2
_N_SWEEPS = 5
# Far from the solution, as with coefficients of other data, hundreds of signs change: a Newton step
# for each would cost a factorisation.
_N_SWEEPS_FAR = 10
# Far below the violation at which a column comes back, or it would come and go for ever.
_FLAT = 1e-3


@compiled
def _slide_to_zero(
    penalty: Array,
    coefficients: Array,
    residual: Array,
    active: Array,
    dependent: int,
    weights: Array,
    n_free: int,
    flat: float,
) -> bool:
    """Set one coefficient of a linearly dependent active set to zero without loss.

    Along v = e_dependent - sum_m weights_m e_m the fit does not change and the objective is
    linear between sign changes: go downhill until a penalised coefficient becomes zero.
    Returns False if none ever does (the objective has no minimum).
    """
    slope, length = 0.0, 0.0
    for m in range(dependent + 1):
        k = active[m]
        step = 1.0 if m == dependent else -weights[m]
        length += abs(step)
        slope += step * (residual[k] - penalty[k] * np.sign(coefficients[k]))
    direction = np.sign(slope)
    if abs(slope) <= flat * length:
        direction = -np.sign(coefficients[active[dependent]])
    shortest, first_zero = np.inf, -1
    for m in range(dependent + 1):
        k = active[m]
        step = direction * (1.0 if m == dependent else -weights[m])
        if k >= n_free and step * coefficients[k] < 0.0 and abs(step) > 1e-10 * length:
            distance = -coefficients[k] / step
            if distance < shortest:
                shortest, first_zero = distance, k
    if first_zero < 0:
        return False
    for m in range(dependent + 1):
        step = direction * (1.0 if m == dependent else -weights[m])
        coefficients[active[m]] += shortest * step
    coefficients[first_zero] = 0.0
    return True


@compiled
def _drop_free(coefficients: Array, active: Array, size: int, dropped: int, weights: Array) -> None:
    """Express an unpenalised dependent column by the columns before it and forget it."""
    value = coefficients[active[dropped]]
    for m in range(dropped):
        coefficients[active[m]] += weights[m] * value
    coefficients[active[dropped]] = 0.0
    for m in range(dropped, size - 1):
        active[m] = active[m + 1]


@compiled
def _line_search(
    penalty: Array,
    coefficients: Array,
    residual: Array,
    active: Array,
    size: int,
    n_free: int,
    goal: Array,
) -> int:
    """Go from the coefficients towards ``goal`` to the minimum along that line.

    The objective along the line is a parabola whose slope jumps up by 2 penalty_k |d_k| where
    coefficient k changes sign. A minimum at such a point leaves that coefficient at exactly zero.
    """
    crossings = np.empty(size)
    descent, n_crossings = 0.0, 0
    for m in range(size):
        k = active[m]
        change = goal[m] - coefficients[k]
        descent += change * (residual[k] - penalty[k] * np.sign(coefficients[k]))
        crossings[m] = np.inf
        if k >= n_free and goal[m] * coefficients[k] <= 0.0:
            crossings[m] = coefficients[k] / (coefficients[k] - goal[m])
            n_crossings += 1
    if n_crossings == 0:
        for m in range(size):
            coefficients[active[m]] = goal[m]
        return _FULL_STEP
    length, jumped, at_zero = 1.0, 0.0, -1
    for _ in range(n_crossings):
        m = int(np.argmin(crossings))
        k = active[m]
        if (1.0 - crossings[m]) * descent <= jumped:
            break
        length, at_zero = crossings[m], k
        jumped += 2.0 * penalty[k] * abs(goal[m] - coefficients[k])
        crossings[m] = np.inf
        if (1.0 - length) * descent <= jumped:
            break
        at_zero = -1
    if at_zero < 0:
        # Rounding can leave no descent at all: then take the first crossing after all.
        m = int(np.argmin(crossings))
        if descent > 0.0:
            length = 1.0 - jumped / descent
        elif crossings[m] < np.inf:
            length, at_zero = crossings[m], active[m]
    for m in range(size):
        k = active[m]
        coefficients[k] += length * (goal[m] - coefficients[k])
    if at_zero >= 0:
        coefficients[at_zero] = 0.0
    return _SHORT_STEP


@compiled
def _newton_step(
    gram: Array,
    cross: Array,
    penalty: Array,
    coefficients: Array,
    residual: Array,
    n_free: int,
    dependence: float,
    flat: float,
) -> int:
    """Move to the minimum on the active set and its signs, or to the first place that is lower.

    b_A = gram_AA^-1 (cross_A - penalty_A sign(b_A)); all unpenalised columns belong to A.
    """
    active = np.empty(cross.size, np.int64)
    size = 0
    for k in range(cross.size):
        if k < n_free or coefficients[k] != 0.0:
            active[size] = k
            size += 1
    block = gather_block(gram, active, size)
    lower = np.empty((size, size))
    done = 0
    while done < size:
        first_penalised = done
        while first_penalised < size and active[first_penalised] < n_free:
            first_penalised += 1
        done = extend_factor(block, lower, done, first_penalised, dependence)
        # A penalty settles what rounding leaves open: penalised columns are taken as they are.
        if done == first_penalised:
            done = extend_factor(block, lower, done, size, 0.0)
        if done == size:
            break
        weights = regress_row(lower, done)
        if active[done] >= n_free:
            slid = _slide_to_zero(
                penalty, coefficients, residual, active, done, weights, n_free, flat
            )
            return _SHORT_STEP if slid else _NO_MINIMUM
        _drop_free(coefficients, active, size, done, weights)
        size -= 1
        block = gather_block(gram, active, size)
    goal = np.empty(size)
    for m in range(size):
        k = active[m]
        goal[m] = cross[k] - penalty[k] * np.sign(coefficients[k])
    correction = goal.copy()
    solve_factored(lower, size, goal)
    # One step of iterative refinement: neighbouring columns are strongly correlated.
    for m in range(size):
        for k in range(size):
            correction[m] -= block[m, k] * goal[k]
    solve_factored(lower, size, correction)
    for m in range(size):
        goal[m] += correction[m]
    return _line_search(penalty, coefficients, residual, active, size, n_free, goal)


@compiled
def solve_small(
    gram: Array,
    cross: Array,
    penalty: Array,
    coefficients: Array,
    n_free: int,
    tolerance: float,
    dependence: float,
    settled: bool,
) -> int:
    """Solve a small problem exactly, in place: Newton steps, coordinate descent in between.

    Every step lowers the objective, and there are finitely many active sets with signs, each
    with one minimum: this ends at the solution (feature-sign search, Lee et al. 2006, with
    coordinate descent to propose the signs).

    Parameters
    ----------
    gram
        (m, m); the unpenalised columns first.
    cross, penalty, coefficients
        (m,); coefficients hold the start and receive the solution.
    n_free
        Number of unpenalised columns.
    tolerance
        Violation of the optimality conditions at which a column stays out.
    dependence
        See `Precision`.
    settled
        The coefficients are at their minimum but for columns that are to leave zero.

    Returns
    -------
    int
        CONVERGED, NOT_CONVERGED or UNBOUNDED.
    """
    residual = np.empty(cross.size)
    everything = np.empty(cross.size, np.int64)
    for k in range(cross.size):
        everything[k] = k
    residual_of(gram, cross, everything, coefficients, residual)
    descended = settled
    if settled:
        descend(gram, penalty, coefficients, residual, n_free, _N_SWEEPS, tolerance)
    for _ in range(100 + 10 * cross.size):
        step = _newton_step(
            gram, cross, penalty, coefficients, residual, n_free, dependence, _FLAT * tolerance
        )
        if step == _NO_MINIMUM:
            return UNBOUNDED
        residual_of(gram, cross, everything, coefficients, residual)
        if step == _SHORT_STEP:
            # Descending every time could bring back what a step has just set to zero, for ever.
            if not descended:
                descend(gram, penalty, coefficients, residual, 0, _N_SWEEPS_FAR, tolerance)
                descended = True
            continue
        optimal = True
        for k in range(n_free, cross.size):
            if coefficients[k] == 0.0 and abs(residual[k]) > penalty[k] + tolerance:
                optimal = False
        if optimal:
            return CONVERGED
        descend(gram, penalty, coefficients, residual, n_free, _N_SWEEPS, tolerance)
    return NOT_CONVERGED

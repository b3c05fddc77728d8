r"""The solution path of one target, knot by knot: least angle regression with changes of sign.

Between knots :math:`b_A = G_{AA}^{-1} (C_A - \lambda w_A s_A)` is linear in the penalty. A knot is
where the residual correlation of an inactive column reaches :math:`\lambda w_k` (it enters) or an
active coefficient reaches zero (it leaves). Efron et al. 2004, Annals of Statistics 32:407;
Osborne et al. 2000, IMA Journal of Numerical Analysis 20:389.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .cholesky import extend_factor, solve_factored
from .compiled import compiled
from .types import CONVERGED, NOT_CONVERGED, UNBOUNDED, Array
from .working_set import solve_target

_ENTERS, _LEAVES, _ENDS = 0, 1, 2
_NEGLIGIBLE = 1e-12
_MOST_SHORT_STEPS = 100
_SKIP_DEGENERATE = 1e-9
_REFRESH_EVERY = 16


class _Problem(NamedTuple):
    """gram (P, P), cross and weights (P,); ``penalised`` (P,): weight and variance are not 0.

    The limits are absolute, see `Precision`; below the penalty ``negligible`` events are rounding.
    """

    gram: Array
    cross: Array
    weights: Array
    penalised: Array
    dependence: float
    no_variance: float
    slack: float
    negligible: float


class _State(NamedTuple):
    """The active set (columns in ``active``, unpenalised first) and its Cholesky factor.

    ``signs`` (P,) of active coefficients, also of the one that left last; ``open`` (P,): may
    enter; ``barred`` (P,): dependent on the active set as it is; ``residual`` (P,):
    cross - gram @ coefficients.
    """

    active: Array
    signs: Array
    open: Array
    barred: Array
    residual: Array
    block: Array
    lower: Array


@compiled
def _factor_from(problem: _Problem, state: _State, start: int, size: int) -> bool:
    """Bring the Cholesky factor of gram_AA up to date from row ``start``; False if singular."""
    for row in range(start, size):
        for column in range(row + 1):
            state.block[row, column] = problem.gram[state.active[row], state.active[column]]
    return extend_factor(state.block, state.lower, start, size, problem.dependence) == size


@compiled
def _fitted(problem: _Problem, state: _State, values: Array) -> Array:
    """Return gram[:, A] @ values (P,)."""
    total = np.zeros(problem.cross.size)
    for m in range(values.size):
        row = problem.gram[state.active[m]]
        value = values[m]
        for k in range(total.size):
            total[k] += value * row[k]
    return total


@compiled
def _direction(problem: _Problem, state: _State, size: int) -> Array:
    """Return gram_AA^-1 (w_A s_A): how the coefficients change as the penalty falls."""
    direction = np.empty(size)
    for m in range(size):
        direction[m] = problem.weights[state.active[m]] * state.signs[state.active[m]]
    solve_factored(state.lower, size, direction)
    return direction


@compiled
def _values(problem: _Problem, state: _State, size: int, penalty: float) -> Array:
    """Return gram_AA^-1 (cross_A - penalty w_A s_A)."""
    values = np.empty(size)
    for m in range(size):
        k = state.active[m]
        values[m] = problem.cross[k] - penalty * problem.weights[k] * state.signs[k]
    solve_factored(state.lower, size, values)
    return values


@compiled
def _begin(problem: _Problem, state: _State) -> int:
    """Fit the unpenalised columns, leaving out dependent ones; return how many, -1 if none can."""
    size = 0
    inside = np.zeros(problem.cross.size, np.bool_)
    for k in range(problem.cross.size):
        if problem.weights[k] == 0.0 and problem.gram[k, k] > problem.no_variance:
            state.active[size] = k
            if _factor_from(problem, state, size, size + 1):
                inside[k] = True
                size += 1
    state.residual[:] = problem.cross - _fitted(problem, state, _values(problem, state, size, 0.0))
    for k in range(problem.cross.size):
        outside = not problem.penalised[k] and not inside[k]
        if outside and abs(state.residual[k]) > problem.slack:
            return -1
    return size


@compiled
def _first_to_enter(problem: _Problem, state: _State, least: float) -> tuple[float, int, float]:
    """Return the penalty at which the path begins, the column that enters there and its sign."""
    penalty, column, sign = least, -1, 0.0
    for k in range(problem.cross.size):
        if state.open[k] and abs(state.residual[k]) > penalty * problem.weights[k]:
            penalty, column = abs(state.residual[k]) / problem.weights[k], k
            sign = np.sign(state.residual[k])
    return penalty, column, sign


@compiled
def _enter(problem: _Problem, state: _State, size: int, column: int, sign: float) -> int:
    """Add a column to the active set unless it depends on it; return the new size."""
    state.active[size] = column
    state.open[column] = False
    if not _factor_from(problem, state, size, size + 1):
        state.barred[column] = True
        return size
    state.signs[column] = sign
    return size + 1


@compiled
def _leave(problem: _Problem, state: _State, size: int, place: int) -> int:
    """Take the column at a place out of the active set; return the new size."""
    state.open[state.active[place]] = True
    for m in range(place, size - 1):
        state.active[m] = state.active[m + 1]
    _factor_from(problem, state, place, size - 1)
    for k in range(state.barred.size):
        if state.barred[k]:
            state.barred[k] = False
            state.open[k] = True
    return size - 1


@compiled
def _solve_afresh(problem: _Problem, state: _State, n_free: int, penalty: float) -> int:
    """Set the active set to that of the solution at a penalty; return its size, -1 if it fails."""
    solution = np.zeros(problem.cross.size)
    status = solve_target(
        problem.gram,
        problem.cross,
        penalty * problem.weights,
        solution,
        _NEGLIGIBLE * np.max(np.abs(problem.cross)),
        problem.dependence,
        problem.no_variance,
        problem.slack,
    )
    size = n_free
    for k in range(solution.size):
        state.barred[k] = False
        state.open[k] = problem.penalised[k]
        if problem.penalised[k] and solution[k] != 0.0:
            state.open[k] = False
            state.active[size] = k
            state.signs[k] = np.sign(solution[k])
            size += 1
    if status != CONVERGED or not _factor_from(problem, state, n_free, size):
        return -1
    return size


@compiled
def _next_event(
    problem: _Problem,
    state: _State,
    values: Array,
    direction: Array,
    slope: Array,
    n_free: int,
    penalty: float,
    least: float,
    just_left: int,
) -> tuple[float, int, int, float]:
    """Return how far the penalty falls to the next event, its kind, its subject and its sign.

    The subject is a column if it enters and a place in the active set if it leaves. ``slope``
    (P,) is how the fit changes as the penalty falls. The column ``just_left`` lies on the bound
    that it came from: it can only come back with the other sign.
    """
    step, kind, subject, sign = penalty - least, _ENDS, -1, 0.0
    for m in range(n_free, values.size):
        if direction[m] * state.signs[state.active[m]] < 0.0:
            candidate = max(0.0, -values[m] / direction[m])
            if candidate < step:
                step, kind, subject = candidate, _LEAVES, m
    for k in range(slope.size):
        if not state.open[k]:
            continue
        weight = problem.weights[k]
        for side in (1.0, -1.0):
            closing = weight - side * slope[k]
            returns = k == just_left and side == state.signs[k]
            if closing <= _NEGLIGIBLE * weight or returns:
                continue
            candidate = max(0.0, (penalty * weight - side * state.residual[k]) / closing)
            if candidate < step:
                step, kind, subject, sign = candidate, _ENTERS, k, side
    if penalty - step <= problem.negligible:
        return penalty - least, _ENDS, -1, 0.0
    return step, kind, subject, sign


@compiled
def _store(
    columns: Array, stored: Array, filled: int, active: Array, values: Array
) -> tuple[Array, Array, int]:
    """Append the nonzero coefficients of a knot, in larger arrays where these are full."""
    if filled + values.size > stored.size:
        columns = np.concatenate((columns, np.empty(filled + values.size, np.int64)))
        stored = np.concatenate((stored, np.empty(filled + values.size)))
    for m in range(values.size):
        if values[m] != 0.0:
            columns[filled] = active[m]
            stored[filled] = values[m]
            filled += 1
    return columns, stored, filled


@compiled
def _state_problem(
    gram: Array, cross: Array, weights: Array, dependence: float, no_variance: float, slack: float
) -> _Problem:
    largest = 0.0
    for k in range(cross.size):
        largest = max(largest, gram[k, k])
    penalised = np.empty(cross.size, np.bool_)
    for k in range(cross.size):
        penalised[k] = weights[k] > 0.0 and gram[k, k] > no_variance * largest
    scale = np.max(np.abs(cross))
    # Rounding of gram is felt at a penalty of about the root of what counts as dependent.
    negligible = 1e-3 * np.sqrt(dependence) * scale / max(np.max(weights), 1e-300)
    return _Problem(
        gram,
        cross,
        weights,
        penalised,
        dependence,
        no_variance * largest,
        slack * scale,
        negligible,
    )


@compiled
def trace_path(
    gram: Array,
    cross: Array,
    weights: Array,
    least: float,
    max_knots: int,
    dependence: float,
    no_variance: float,
    slack: float,
) -> tuple[int, Array, Array, Array, Array]:
    """Follow the path of one target from the penalty at which nothing penalised is active.

    Parameters
    ----------
    gram
        (P, P)
    cross, weights
        (P,)
    least
        Penalty at which to end.
    max_knots
        Number of knots after which to end.
    dependence, no_variance, slack
        See `Precision`.

    Returns
    -------
    status, penalties, offsets, columns, values
        Knot i lies at penalties[i]; its nonzero coefficients are values[offsets[i]:offsets[i+1]]
        in the columns of the same places.
    """
    problem = _state_problem(gram, cross, weights, dependence, no_variance, slack)
    n_columns = cross.size
    state = _State(
        np.empty(n_columns, np.int64),
        np.zeros(n_columns),
        problem.penalised.copy(),
        np.zeros(n_columns, np.bool_),
        np.empty(n_columns),
        # Only the pages that are written to take memory.
        np.empty((n_columns, n_columns)),
        np.empty((n_columns, n_columns)),
    )
    penalties = np.empty(max_knots)
    offsets = np.zeros(max_knots + 1, np.int64)
    columns, stored = np.empty(256, np.int64), np.empty(256)
    n_free = _begin(problem, state)
    if n_free < 0:
        return UNBOUNDED, penalties[:0], offsets[:1], columns[:0], stored[:0]
    penalty, subject, sign = _first_to_enter(problem, state, least)
    kind = _ENTERS if subject >= 0 else _ENDS
    size, n_knots, n_short = n_free, 0, 0
    values = _values(problem, state, size, penalty)
    while True:
        if n_knots > 0 and penalty >= penalties[n_knots - 1] * (1.0 - _NEGLIGIBLE):
            n_knots -= 1  # an event at the same penalty: the same knot
        columns, stored, filled = _store(columns, stored, offsets[n_knots], state.active, values)
        penalties[n_knots] = penalty
        n_knots += 1
        offsets[n_knots] = filled
        if kind == _ENDS or n_knots == max_knots:
            knots = penalties[:n_knots], offsets[: n_knots + 1]
            return CONVERGED, knots[0], knots[1], columns[:filled], stored[:filled]
        before, just_left = size, -1
        if kind == _ENTERS:
            size = _enter(problem, state, size, subject, sign)
        else:
            just_left = state.active[subject]
            size = _leave(problem, state, size, subject)
        direction = _direction(problem, state, size)
        wrong_way = size > before and direction[before] * sign <= 0.0
        afresh = wrong_way or n_short > _MOST_SHORT_STEPS
        if afresh:
            # Several events at one penalty: go on from the solution just below it.
            penalty *= 1.0 - _SKIP_DEGENERATE
            size = _solve_afresh(problem, state, n_free, penalty)
            if size < 0:
                return NOT_CONVERGED, penalties[:0], offsets[:1], columns[:0], stored[:0]
            direction = _direction(problem, state, size)
            just_left, n_short = -1, 0
        values = _values(problem, state, size, penalty)
        if afresh or n_knots % _REFRESH_EVERY == 0:
            state.residual[:] = cross - _fitted(problem, state, values)
        slope = _fitted(problem, state, direction)
        step, kind, subject, sign = _next_event(
            problem, state, values, direction, slope, n_free, penalty, least, just_left
        )
        n_short = n_short + 1 if step <= _NEGLIGIBLE * penalty else 0
        penalty = least if kind == _ENDS else penalty - step
        state.residual[:] -= step * slope
        values = _values(problem, state, size, penalty)
        if kind == _LEAVES:
            values[subject] = 0.0

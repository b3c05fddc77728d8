r"""The solution path of one target, knot by knot: least angle regression with changes of sign.

Between knots :math:`b_A = G_{AA}^{-1} (C_A - \lambda w_A s_A)` is linear in the penalty. A knot is
where the residual correlation of an inactive column reaches :math:`\lambda w_k` (it enters) or an
active coefficient reaches zero (it leaves). Efron et al. 2004, Annals of Statistics 32:407;
Osborne et al. 2000, IMA Journal of Numerical Analysis 20:389.
"""

from __future__ import annotations

import numpy as np

from napari_sparsevar.lasso.arrays import extended, residual_of
from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.path_state import (
    PathProblem,
    PathState,
    active_direction,
    active_values,
    enter,
    fit_unpenalised,
    leave,
    refresh_residual,
    solve_afresh,
    state_problem,
)
from napari_sparsevar.lasso.types import CONVERGED, NOT_CONVERGED, UNBOUNDED, Array

_ENTERS, _LEAVES, _ENDS = 0, 1, 2
_NEGLIGIBLE = 1e-12
_MOST_SHORT_STEPS = 100
_SKIP_DEGENERATE = 1e-9
_REFRESH_EVERY = 16


@compiled
def _first_to_enter(
    problem: PathProblem, state: PathState, least: float
) -> tuple[float, int, float]:
    """Return the penalty at which the path begins, the column that enters there and its sign."""
    penalty, column, sign = least, -1, 0.0
    for k in range(problem.cross.size):
        if state.open[k] and abs(state.residual[k]) > penalty * problem.weights[k]:
            penalty, column = abs(state.residual[k]) / problem.weights[k], k
            sign = np.sign(state.residual[k])
    return penalty, column, sign


@compiled
def _next_event(
    problem: PathProblem,
    state: PathState,
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
    (P,) is how the residual changes as the penalty falls. The column ``just_left`` lies on the
    bound that it came from: it can only come back with the other sign.
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
            closing = weight + side * slope[k]
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
        room = 2 * (filled + values.size)
        columns = extended(columns, np.empty(room, np.int64))
        stored = extended(stored, np.empty(room))
    for m in range(values.size):
        if values[m] != 0.0:
            columns[filled] = active[m]
            stored[filled] = values[m]
            filled += 1
    return columns, stored, filled


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
    problem = state_problem(gram, cross, weights, dependence, no_variance, slack)
    n_columns = cross.size
    state = PathState(
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
    nothing, slope = np.zeros(n_columns), np.empty(n_columns)
    n_free = fit_unpenalised(problem, state)
    if n_free < 0:
        return UNBOUNDED, penalties[:0], offsets[:1], columns[:0], stored[:0]
    penalty, subject, sign = _first_to_enter(problem, state, least)
    kind = _ENTERS if subject >= 0 else _ENDS
    size, n_knots, n_short = n_free, 0, 0
    values = active_values(problem, state, size, penalty)
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
            size = enter(problem, state, size, subject, sign)
        else:
            just_left = state.active[subject]
            size = leave(problem, state, size, subject)
        direction = active_direction(problem, state, size)
        wrong_way = size > before and direction[before] * sign <= 0.0
        afresh = wrong_way or n_short > _MOST_SHORT_STEPS
        if afresh:
            # Several events at one penalty: go on from the solution just below it.
            penalty *= 1.0 - _SKIP_DEGENERATE
            size = solve_afresh(problem, state, n_free, penalty)
            if size < 0:
                return NOT_CONVERGED, penalties[:0], offsets[:1], columns[:0], stored[:0]
            direction = active_direction(problem, state, size)
            just_left, n_short = -1, 0
        values = active_values(problem, state, size, penalty)
        if afresh or n_knots % _REFRESH_EVERY == 0:
            refresh_residual(problem, state, values)
        residual_of(gram, nothing, state.active, direction, slope)
        step, kind, subject, sign = _next_event(
            problem, state, values, direction, slope, n_free, penalty, least, just_left
        )
        n_short = n_short + 1 if step <= _NEGLIGIBLE * penalty else 0
        penalty = least if kind == _ENDS else penalty - step
        for k in range(n_columns):
            state.residual[k] += step * slope[k]
        values = active_values(problem, state, size, penalty)
        if kind == _LEAVES:
            values[subject] = 0.0

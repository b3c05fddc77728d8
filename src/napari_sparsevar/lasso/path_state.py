"""The active set of a solution path: what enters it, what leaves it, and its Cholesky factor."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_sparsevar.lasso.arrays import largest_magnitude, largest_variance, residual_of
from napari_sparsevar.lasso.cholesky import extend_factor, solve_factored
from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.types import CONVERGED, Array
from napari_sparsevar.lasso.working_set import solve_target

_ACCURACY = 1e-12


class PathProblem(NamedTuple):
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


class PathState(NamedTuple):
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
def _factor_from(problem: PathProblem, state: PathState, start: int, size: int) -> bool:
    """Bring the Cholesky factor of gram_AA up to date from row ``start``; False if singular."""
    for row in range(start, size):
        for column in range(row + 1):
            state.block[row, column] = problem.gram[state.active[row], state.active[column]]
    return extend_factor(state.block, state.lower, start, size, problem.dependence) == size


@compiled
def refresh_residual(problem: PathProblem, state: PathState, values: Array) -> None:
    """Set the residual to cross - gram[:, A] @ values."""
    residual_of(problem.gram, problem.cross, state.active, values, state.residual)


@compiled
def active_direction(problem: PathProblem, state: PathState, size: int) -> Array:
    """Return gram_AA^-1 (w_A s_A): how the coefficients change as the penalty falls."""
    direction = np.empty(size)
    for m in range(size):
        direction[m] = problem.weights[state.active[m]] * state.signs[state.active[m]]
    solve_factored(state.lower, size, direction)
    return direction


@compiled
def active_values(problem: PathProblem, state: PathState, size: int, penalty: float) -> Array:
    """Return gram_AA^-1 (cross_A - penalty w_A s_A)."""
    values = np.empty(size)
    for m in range(size):
        k = state.active[m]
        values[m] = problem.cross[k] - penalty * problem.weights[k] * state.signs[k]
    solve_factored(state.lower, size, values)
    return values


@compiled
def fit_unpenalised(problem: PathProblem, state: PathState) -> int:
    """Fit the unpenalised columns, leaving out dependent ones; return how many, -1 if none can."""
    size = 0
    inside = np.zeros(problem.cross.size, np.bool_)
    for k in range(problem.cross.size):
        if problem.weights[k] == 0.0 and problem.gram[k, k] > problem.no_variance:
            state.active[size] = k
            if _factor_from(problem, state, size, size + 1):
                inside[k] = True
                size += 1
    refresh_residual(problem, state, active_values(problem, state, size, 0.0))
    for k in range(problem.cross.size):
        outside = not problem.penalised[k] and not inside[k]
        if outside and abs(state.residual[k]) > problem.slack:
            return -1
    return size


@compiled
def enter(problem: PathProblem, state: PathState, size: int, column: int, sign: float) -> int:
    """Add a column to the active set unless it depends on it; return the new size."""
    state.active[size] = column
    state.open[column] = False
    if not _factor_from(problem, state, size, size + 1):
        state.barred[column] = True
        return size
    state.signs[column] = sign
    return size + 1


@compiled
def leave(problem: PathProblem, state: PathState, size: int, place: int) -> int:
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
def solve_afresh(problem: PathProblem, state: PathState, n_free: int, penalty: float) -> int:
    """Set the active set to that of the solution at a penalty; return its size, -1 if it fails."""
    solution = np.zeros(problem.cross.size)
    status = solve_target(
        problem.gram,
        problem.cross,
        penalty * problem.weights,
        solution,
        _ACCURACY * largest_magnitude(problem.cross),
        problem.dependence,
        problem.no_variance,
        problem.slack,
    )
    size = n_free
    for k in range(solution.size):
        state.barred[k] = False
        state.open[k] = problem.penalised[k]
        if problem.penalised[k] and solution[k] != 0.0:
            size = enter(problem, state, size, k, np.sign(solution[k]))
    return size if status == CONVERGED else -1


@compiled
def state_problem(
    gram: Array, cross: Array, weights: Array, dependence: float, no_variance: float, slack: float
) -> PathProblem:
    """State what the path of one target is of, with absolute limits."""
    largest = largest_variance(gram)
    penalised = np.empty(cross.size, np.bool_)
    for k in range(cross.size):
        penalised[k] = weights[k] > 0.0 and gram[k, k] > no_variance * largest
    scale = largest_magnitude(cross)
    # Rounding of gram is felt at a penalty of about the root of what counts as dependent.
    negligible = 1e-3 * np.sqrt(dependence) * scale / max(largest_magnitude(weights), 1e-300)
    return PathProblem(
        gram,
        cross,
        weights,
        penalised,
        dependence,
        no_variance * largest,
        slack * scale,
        negligible,
    )

"""Exact solutions for many targets: each on a small working set of columns, checked on all."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.lasso.active_set import solve_small
from napari_sparsevar.lasso.arrays import (
    gather,
    gather_block,
    largest_magnitude,
    largest_variance,
    residual_of,
)
from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.lasso.types import CONVERGED, NOT_CONVERGED, UNBOUNDED, Array, Precision

_FEWEST_ADDED = 10


@compiled
def _choose_violators(excess: Array, candidates: Array, count: int, limit: int) -> int:
    """Keep the ``limit`` worst of the candidates (in place); return how many are left."""
    if count <= limit:
        return count
    for chosen in range(limit):
        worst = chosen
        for m in range(chosen + 1, count):
            if excess[m] > excess[worst]:
                worst = m
        excess[chosen], excess[worst] = excess[worst], excess[chosen]
        candidates[chosen], candidates[worst] = candidates[worst], candidates[chosen]
    return limit


@compiled
def solve_target(
    gram: Array,
    cross: Array,
    penalty: Array,
    coefficients: Array,
    tolerance: float,
    dependence: float,
    no_variance: float,
    slack: float,
) -> int:
    """Solve for one target, in place, starting from ``coefficients``.

    Parameters
    ----------
    gram
        (P, P)
    cross, penalty, coefficients
        (P,)
    tolerance, slack
        Absolute violations of the optimality conditions; see `Precision`.
    dependence
        Share of its variance, see `Precision`.
    no_variance
        Variance at or below which a column is left out.

    Returns
    -------
    int
        CONVERGED, NOT_CONVERGED or UNBOUNDED.
    """
    n_columns = cross.size
    working = np.empty(n_columns, np.int64)
    n_free = 0
    for k in range(n_columns):
        if penalty[k] == 0.0 and gram[k, k] > no_variance:
            working[n_free] = k
            n_free += 1
    size = n_free
    for k in range(n_columns):
        if gram[k, k] <= no_variance:
            coefficients[k] = 0.0
        elif penalty[k] > 0.0 and coefficients[k] != 0.0:
            working[size] = k
            size += 1
    inside = np.zeros(n_columns, np.bool_)
    residual = np.empty(n_columns)
    candidates = np.empty(n_columns, np.int64)
    excess = np.empty(n_columns)
    for turn in range(100 + n_columns):
        small = gather(coefficients, working, size)
        status = solve_small(
            gather_block(gram, working, size),
            gather(cross, working, size),
            gather(penalty, working, size),
            small,
            n_free,
            tolerance,
            dependence,
            turn > 0,
        )
        if status != CONVERGED:
            return status
        residual_of(gram, cross, working, small, residual)
        for k in range(n_columns):
            inside[k] = False
        kept = 0
        for m in range(size):
            k = working[m]
            coefficients[k] = small[m]
            if m < n_free or small[m] != 0.0:
                inside[k] = True
                working[kept] = k
                kept += 1
        count = 0
        for k in range(n_columns):
            violation = abs(residual[k]) - penalty[k]
            if violation <= tolerance or coefficients[k] != 0.0:
                continue
            if inside[k] or gram[k, k] <= no_variance:
                if violation > slack:
                    return UNBOUNDED
                continue
            candidates[count] = k
            excess[count] = violation
            count += 1
        if count == 0:
            return CONVERGED
        count = _choose_violators(excess, candidates, count, max(_FEWEST_ADDED, kept - n_free))
        for m in range(count):
            working[kept + m] = candidates[m]
        size = kept + count
    return NOT_CONVERGED


@compiled
def _solve_range(
    gram: Array,
    cross: Array,
    penalty: Array,
    coefficients: Array,
    status: Array,
    start: int,
    stop: int,
    tolerance: float,
    dependence: float,
    no_variance: float,
    slack: float,
) -> None:
    largest = largest_variance(gram)
    for target in range(start, stop):
        scale = largest_magnitude(cross[target])
        status[target] = solve_target(
            gram,
            cross[target],
            penalty[target],
            coefficients[target],
            tolerance * scale,
            dependence,
            no_variance * largest,
            slack * scale,
        )


def solve_targets(
    gram: Array,
    cross: Array,
    penalty: Array,
    initial: Array,
    tolerance: float,
    precision: Precision,
) -> tuple[Array, Array]:
    """Solve for all targets in parallel.

    Parameters
    ----------
    gram
        (P, P) float64.
    cross, penalty, initial
        (K, P) float64, one row a target.
    tolerance
        On the optimality conditions, as a share of the target's max |cross|.
    precision
        What counts as zero.

    Returns
    -------
    coefficients, status
        (K, P) and (K,).
    """
    coefficients = initial.copy()
    status = np.zeros(cross.shape[0], np.int64)

    def work(start: int, stop: int) -> None:
        _solve_range(
            gram,
            cross,
            penalty,
            coefficients,
            status,
            start,
            stop,
            tolerance,
            precision.dependence,
            precision.no_variance,
            precision.slack,
        )

    for_ranges(work, cross.shape[0])
    return coefficients, status

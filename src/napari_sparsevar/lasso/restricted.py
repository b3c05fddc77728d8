"""Linear systems on the active set of every target."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.lasso.arrays import gather, gather_block, largest_variance
from napari_sparsevar.lasso.cholesky import extend_factor, least_norm_solve, solve_factored
from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.lasso.padded import active_solve
from napari_sparsevar.lasso.types import Array, Precision, precision_of, to_array


@compiled
def _active_solve_range(
    gram: Array,
    penalty: Array,
    coefficients: Array,
    incoming: Array,
    solved: Array,
    start: int,
    stop: int,
    dependence: float,
    no_variance: float,
) -> None:
    """Set solved_A = gram_AA^-1 incoming_A for each target; least norm where that is singular."""
    n_columns = gram.shape[0]
    largest = largest_variance(gram)
    active = np.empty(n_columns, np.int64)
    for target in range(start, stop):
        size = 0
        for k in range(n_columns):
            free = penalty[target, k] == 0.0 and gram[k, k] > no_variance * largest
            if free or coefficients[target, k] != 0.0:
                active[size] = k
                size += 1
        block = gather_block(gram, active, size)
        vector = gather(incoming[target], active, size)
        lower = np.empty((size, size))
        if extend_factor(block, lower, 0, size, dependence) == size:
            solve_factored(lower, size, vector)
        else:
            vector = least_norm_solve(block, vector, dependence)
        for m in range(size):
            solved[target, active[m]] = vector[m]


def _active_solve_compiled(
    gram: Array, penalty: Array, coefficients: Array, incoming: Array, precision: Precision
) -> Array:
    """Solve on the active sets of all targets in parallel; arrays of targets are (K, P)."""
    solved = np.zeros_like(incoming)

    def work(start: int, stop: int) -> None:
        _active_solve_range(
            gram,
            penalty,
            coefficients,
            incoming,
            solved,
            start,
            stop,
            precision.dependence,
            precision.no_variance,
        )

    for_ranges(work, incoming.shape[0])
    return solved


def solve_on_active_sets(
    gram: Tensor, penalty: Tensor, coefficients: Tensor, right_side: Tensor
) -> Tensor:
    """Solve gram_AA u_A = right_side_A for every target; u is zero outside its active set A.

    A holds the nonzero and the unpenalised coefficients (of columns with any variance). Where
    gram_AA is singular, u_A is the least-norm least-squares solution.

    Parameters
    ----------
    gram
        (P, P)
    penalty
        Scalar tensor or (P, K); only whether it is zero matters.
    coefficients, right_side
        (P, K)

    Returns
    -------
    Tensor
        (P, K) float64.
    """
    precision = precision_of(gram.dtype)
    everywhere = penalty.expand_as(coefficients)
    if gram.is_cuda:
        return active_solve(gram.double(), everywhere, coefficients, right_side.double(), precision)
    by_target = _active_solve_compiled(
        to_array(gram),
        to_array(everywhere.T),
        to_array(coefficients.T),
        to_array(right_side.T),
        precision,
    )
    return torch.from_numpy(by_target).T

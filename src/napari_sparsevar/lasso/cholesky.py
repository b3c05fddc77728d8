"""Cholesky factors of the Gram matrix on an active set, grown row by row."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.types import Array

# A pivot below this share of its diagonal entry is computed again.
_DOUBTFUL = 1e-6
# Rounding of v'Gv as a share of |v|^2 max G (v in the sum norm): a few units in the last place.
_ROUNDING = 2e-15


@compiled
def regress_row(lower: Array, row: int) -> Array:
    """Return gram_AA^-1 gram_A,row for the rows A before ``row``, whose factor is computed."""
    weights = np.empty(row)
    for k in range(row):
        weights[k] = lower[row, k]
    for k in range(row - 1, -1, -1):
        weights[k] /= lower[k, k]
        for m in range(k):
            weights[m] -= lower[k, m] * weights[k]
    return weights


@compiled
def _careful_pivot(matrix: Array, lower: Array, row: int) -> float:
    """Return the squared pivot as v'Gv, v = e_row - sum_m weights_m e_m; 0 if that is rounding.

    The difference that the factorisation takes is off by about 1e-16 |v|^2, which for strongly
    correlated columns hides that nothing is left.
    """
    weights = regress_row(lower, row)
    length, largest, curvature = 1.0, matrix[row, row], matrix[row, row]
    for m in range(row):
        length += abs(weights[m])
        largest = max(largest, matrix[m, m])
        curvature += weights[m] * (weights[m] * matrix[m, m] - 2.0 * matrix[row, m])
        for k in range(m):
            curvature += 2.0 * weights[m] * weights[k] * matrix[m, k]
    return curvature if curvature > _ROUNDING * length * length * largest else 0.0


@compiled
def extend_factor(matrix: Array, lower: Array, start: int, size: int, dependence: float) -> int:
    """Compute rows ``start`` to ``size`` of the Cholesky factor of ``matrix``.

    Parameters
    ----------
    matrix
        Symmetric matrix, at least (size, size); the lower triangle is read.
    lower
        Receives the factor; rows before ``start`` must hold it already.
    start, size
        Range of rows.
    dependence
        A row whose squared pivot is at most this share of its diagonal entry counts as
        linearly dependent on the rows before it.

    Returns
    -------
    int
        ``size``, or the first dependent row (its pivot is left undefined).
    """
    for row in range(start, size):
        this = lower[row]
        for column in range(row):
            other = lower[column]
            total = 0.0
            for k in range(column):
                total += this[k] * other[k]
            this[column] = (matrix[row, column] - total) / other[column]
        total = 0.0
        for k in range(row):
            total += this[k] * this[k]
        pivot = matrix[row, row] - total
        if not pivot > _DOUBTFUL * matrix[row, row]:
            pivot = _careful_pivot(matrix, lower, row)
        if not pivot > dependence * matrix[row, row]:
            return row
        this[row] = np.sqrt(pivot)
    return size


@compiled
def solve_factored(lower: Array, size: int, vector: Array) -> None:
    """Solve L L' x = vector in place, for the leading (size, size) block of ``lower``."""
    for row in range(size):
        total = 0.0
        for k in range(row):
            total += lower[row, k] * vector[k]
        vector[row] = (vector[row] - total) / lower[row, row]
    for row in range(size - 1, -1, -1):
        value = vector[row] / lower[row, row]
        vector[row] = value
        for k in range(row):
            vector[k] -= lower[row, k] * value


@compiled
def least_norm_solve(matrix: Array, vector: Array, dependence: float) -> Array:
    """Return the least-norm least-squares solution of a symmetric positive semidefinite system."""
    values, vectors = np.linalg.eigh(matrix)
    inverse = np.zeros_like(values)
    floor = values.size * dependence * values[-1]
    for k in range(values.size):
        if values[k] > floor:
            inverse[k] = 1.0 / values[k]
    solution = np.zeros(values.size)
    for k in range(values.size):
        total = 0.0
        for row in range(values.size):
            total += vectors[row, k] * vector[row]
        for row in range(values.size):
            solution[row] += vectors[row, k] * (inverse[k] * total)
    return solution

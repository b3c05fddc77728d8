"""Cholesky factors of the Gram matrix on an active set, grown row by row."""

from __future__ import annotations

import numpy as np

from .compiled import compiled
from .types import Array


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

"""Parts of arrays, by plain loops: these compile in a fraction of the time of numpy's indexing."""

from __future__ import annotations

import numpy as np

from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.types import Array


@compiled
def gather_block(gram: Array, positions: Array, size: int) -> Array:
    """Return gram[positions, positions] for the first ``size`` positions, contiguously."""
    block = np.empty((size, size))
    for row in range(size):
        source = gram[positions[row]]
        for column in range(size):
            block[row, column] = source[positions[column]]
    return block


@compiled
def gather(vector: Array, positions: Array, size: int) -> Array:
    """Return vector[positions] for the first ``size`` positions."""
    values = np.empty(size)
    for m in range(size):
        values[m] = vector[positions[m]]
    return values


@compiled
def largest_magnitude(vector: Array) -> float:
    """Return max |vector|, 0 if it is empty."""
    largest = 0.0
    for k in range(vector.size):
        largest = max(largest, abs(vector[k]))
    return largest


@compiled
def largest_variance(gram: Array) -> float:
    """Return the largest diagonal entry of a Gram matrix."""
    largest = 0.0
    for k in range(gram.shape[0]):
        largest = max(largest, gram[k, k])
    return largest


@compiled
def residual_of(gram: Array, cross: Array, columns: Array, values: Array, residual: Array) -> None:
    """Set residual = cross - gram[:, columns] @ values, skipping zeros among the values."""
    for k in range(residual.size):
        residual[k] = cross[k]
    for m in range(values.size):
        value = values[m]
        if value != 0.0:
            row = gram[columns[m]]
            for k in range(residual.size):
                residual[k] -= value * row[k]


@compiled
def extended(vector: Array, larger: Array) -> Array:
    """Copy a vector to the beginning of a larger one and return that."""
    for k in range(vector.size):
        larger[k] = vector[k]
    return larger

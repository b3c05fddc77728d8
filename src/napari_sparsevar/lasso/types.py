"""Types and numerical constants that the parts of the solver share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

Array = npt.NDArray[Any]

CONVERGED, NOT_CONVERGED, UNBOUNDED = 0, 1, 2

STRIPE = 128
"""Rows or columns of a matrix that are looked at at a time beside those of its transpose."""


class Precision(NamedTuple):
    """What counts as zero, given the precision in which the Gram matrix was computed.

    Attributes
    ----------
    dependence
        A column is linearly dependent on others when less than this share of its variance
        is left after regressing on them.
    no_variance
        A column has no variance when it is below this share of the largest one.
    slack
        Violation of optimality, as a share of max |cross|, that rounding alone may leave on
        dependent columns; above it the objective has no minimum.
    tolerance
        Default tolerance on the optimality conditions, as a share of max |cross|.
    """

    dependence: float
    no_variance: float
    slack: float
    tolerance: float


_PRECISION = {
    torch.float64: Precision(1e-14, 1e-15, 1e-6, 1e-10),
    torch.float32: Precision(1e-6, 1e-10, 1e-3, 1e-6),
}


def precision_of(dtype: torch.dtype) -> Precision:
    """Return the constants for a floating point type (float32 or float64)."""
    return _PRECISION[dtype]


def to_array(tensor: torch.Tensor) -> Array:
    """Return a tensor as a contiguous float64 array in main memory (shared where possible)."""
    array: Array = tensor.detach().to("cpu", torch.float64).numpy()
    if array.ndim != 2 or array.strides[0] >= array.strides[1]:
        return np.ascontiguousarray(array)
    turned = np.empty(array.shape)
    for first in range(0, array.shape[1], STRIPE):  # what is read stays in the cache
        stripe = slice(first, first + STRIPE)
        turned[:, stripe] = array[:, stripe]
    return turned

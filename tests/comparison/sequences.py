"""Sequences with known dynamics for the tests of comparisons; loaded by ``conftest.py``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def coupling(p: int = 8, extra: tuple[int, int] | None = None, strength: float = 0.4) -> Array:
    """Own history of 0.5, an edge from 0 to 1, and another one if asked for."""
    matrix = 0.5 * np.eye(p)
    matrix[0, 1] = 0.4
    if extra is not None:
        matrix[extra] = strength
    return matrix


def var(matrix: Array, frames: int, seed: int, noise: float = 1.0) -> Array:
    """Return a VAR(1) of ``frames`` frames."""
    rng = np.random.default_rng(seed)
    values = np.zeros((frames + 50, len(matrix)))
    for t in range(1, len(values)):
        values[t] = values[t - 1] @ matrix + noise * rng.standard_normal(len(matrix))
    return values[50:]

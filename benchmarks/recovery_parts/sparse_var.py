"""The sparse VAR all simple rivals share: one lag, standardised traces, a universal penalty."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.embedded_var import (
    LaggedPairs,
    lagged_pairs,
    sequences,
    universal_penalty,
)
from napari_sparsevar.model.temporal import estimate_dynamics
from recovery_parts.answer import FloatArray

RIDGE = 1e-3  # neighbours overlap: without it the unpenalised block is close to singular


def fit_sparse_var(
    traces: NDArray[np.floating],
    free: NDArray[np.bool_],
    penalty_constant: float,
    *,
    drives: bool = False,
) -> FloatArray:
    """Fit every trace from the frame before, and return the coefficients.

    Parameters
    ----------
    traces : ndarray, shape (T, units)
    free : ndarray of bool, shape (units, units)
        Where a source (row) and a target (column) belong together: not penalised, and set to 0 in
        what is returned.
    penalty_constant : float
        In units of sqrt(2 log(units) / frames).
    drives : bool
        Take the traces' own decay and noise out first, as our method does.

    Returns
    -------
    ndarray, shape (units, units)
        From source (row) to target (column), in standard deviations.
    """
    centred = traces.astype(np.float64) - traces.mean(axis=0, dtype=np.float64)
    deviation = centred.std(axis=0)
    values = torch.from_numpy(centred / np.where(deviation > 0, deviation, 1.0))
    past, following = _as_drives(values) if drives else (values[:-1], values[1:])
    n_rows, n_units = past.shape
    gram = past.T @ past / n_rows + RIDGE * torch.eye(n_units, dtype=past.dtype)
    penalty = penalty_constant * universal_penalty(n_units, n_rows)
    weights = torch.from_numpy(np.where(free, 0.0, 1.0))
    coefficients = solve_lasso(gram, past.T @ following / n_rows, penalty * weights)
    return np.where(free, 0.0, coefficients.numpy())


def _as_drives(values: Tensor) -> LaggedPairs:
    """Return drives of the past and innovations that followed, (T - 1, units) each."""
    series, good = values[None], torch.ones(1, len(values), dtype=torch.bool)
    found = sequences(series, good, estimate_dynamics(series, good))
    return lagged_pairs(found, good, 1)


def own_history(n_units: int) -> NDArray[np.bool_]:
    """Free only each unit's own past."""
    return np.eye(n_units, dtype=bool)

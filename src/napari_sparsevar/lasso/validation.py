"""What a lasso problem must look like; every refusal is one sentence."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_sparsevar.lasso.types import STRIPE

_DTYPES = (torch.float32, torch.float64)
_ASYMMETRY = 1e-4


def check_problem(gram: Tensor, cross: Tensor) -> None:
    """Raise ValueError unless gram is (P, P), symmetric, and cross (P, K) fits it.

    Parameters
    ----------
    gram
        (P, P)
    cross
        (P, K)
    """
    if gram.ndim != 2 or gram.shape[0] != gram.shape[1]:
        raise ValueError(f"gram must be a square matrix, not {tuple(gram.shape)}.")
    if cross.ndim != 2 or cross.shape[0] != gram.shape[0]:
        raise ValueError(
            f"cross must be ({gram.shape[0]}, K) to fit gram, not {tuple(cross.shape)}."
        )
    if gram.dtype not in _DTYPES:
        raise ValueError(f"gram must be float32 or float64, not {gram.dtype}.")
    _check_alike("cross", cross, gram)
    for name, tensor in (("gram", gram), ("cross", cross)):
        if not _all_finite(tensor):
            raise ValueError(f"{name} contains values that are not finite.")
    if gram.numel() == 0:
        raise ValueError("gram has no columns.")
    diagonal = gram.detach().diagonal()
    if (diagonal < 0).any():
        raise ValueError("gram has a negative diagonal entry: it is not a matrix X'X.")
    if _asymmetry(gram.detach()) > _ASYMMETRY * diagonal.max():
        raise ValueError("gram is not symmetric.")


def check_penalty(penalty: Tensor, cross: Tensor, name: str = "penalty") -> None:
    """Raise ValueError unless penalty is a scalar or like cross, finite and not negative."""
    if penalty.ndim != 0 and penalty.shape != cross.shape:
        raise ValueError(
            f"{name} must be a number or {tuple(cross.shape)}, not {tuple(penalty.shape)}."
        )
    _check_alike(name, penalty, cross)
    if not _all_finite(penalty):
        raise ValueError(f"{name} contains values that are not finite.")
    if penalty.numel() and penalty.min() < 0:
        raise ValueError(f"{name} must not be negative.")


def check_initial(initial: Tensor, cross: Tensor) -> None:
    """Raise ValueError unless initial is finite and shaped like cross."""
    if initial.shape != cross.shape:
        raise ValueError(f"initial must be {tuple(cross.shape)}, not {tuple(initial.shape)}.")
    if not _all_finite(initial):
        raise ValueError("initial contains values that are not finite.")


def check_weights(weights: Tensor, gram: Tensor) -> None:
    """Raise ValueError unless weights are (P,), finite and not negative."""
    if weights.shape != gram.shape[:1]:
        raise ValueError(f"weights must be ({gram.shape[0]},), not {tuple(weights.shape)}.")
    if not _all_finite(weights) or (weights < 0).any():
        raise ValueError("weights must be finite and not negative.")


def _asymmetry(gram: Tensor) -> Tensor:
    """Return the largest difference to the transpose, some rows at a time."""
    stripes = zip(gram.split(STRIPE), gram.T.split(STRIPE), strict=True)
    # Each difference is there with both signs.
    return torch.stack([(rows - others).max() for rows, others in stripes]).max()


def _check_alike(name: str, tensor: Tensor, other: Tensor) -> None:
    if tensor.dtype != other.dtype:
        raise ValueError(f"{name} is {tensor.dtype} but the problem is {other.dtype}.")
    if tensor.device != other.device:
        raise ValueError(f"{name} is on {tensor.device} but the problem is on {other.device}.")


def _all_finite(tensor: Tensor) -> bool:
    # One fast pass: the sum is finite only if all are. A sum that overflows is looked at closely.
    values = tensor.detach()
    return bool(values.sum().isfinite()) or bool(values.isfinite().all())

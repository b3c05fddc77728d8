"""stub."""

from __future__ import annotations
from torch import Tensor
from .types import Precision


def solve_batched(
    gram: Tensor,
    cross: Tensor,
    penalty: Tensor,
    initial: Tensor,
    tolerance: float,
    precision: Precision,
) -> tuple[Tensor, Tensor]:
    raise NotImplementedError


def active_solve(
    gram: Tensor, penalty: Tensor, coefficients: Tensor, incoming: Tensor, precision: Precision
) -> Tensor:
    raise NotImplementedError

"""Least squares of many targets, each on its own set of predictors."""

from __future__ import annotations

import torch
from torch import Tensor

_TARGETS_TOGETHER = 64


def refitted(gram: Tensor, cross: Tensor, active: Tensor) -> Tensor:
    r"""Return coefficients without shrinkage, :math:`b_A = G_{AA}^{-1} C_A`, zero elsewhere.

    Targets are grouped by the size of their active set, padded with the identity and solved
    together.

    Parameters
    ----------
    gram : Tensor, shape (P, P)
        Positive definite.
    cross : Tensor, shape (P, p)
    active : Tensor of bool, shape (P, p)

    Returns
    -------
    Tensor, shape (P, p)
    """
    coefficients = torch.zeros_like(cross)
    sizes = active.sum(dim=0)
    for group in torch.split(torch.argsort(sizes), _TARGETS_TOGETHER):
        widest = int(sizes[group].max())
        if widest == 0:
            continue
        chosen = active[:, group].T
        index = torch.argsort(chosen.int(), dim=1, descending=True, stable=True)[:, :widest]
        used = torch.gather(chosen, 1, index)
        block = gram[index[:, :, None], index[:, None, :]]
        pair = used[:, :, None] & used[:, None, :]
        block = torch.where(pair, block, torch.eye(widest, dtype=gram.dtype, device=gram.device))
        right = torch.gather(cross[:, group].T, 1, index) * used
        # Not torch.linalg.solve: with two threads its batched LU fails on wide active sets.
        solved = torch.cholesky_solve(right[:, :, None], torch.linalg.cholesky(block))[:, :, 0]
        found = torch.zeros_like(cross[:, group]).T.contiguous().scatter_(1, index, solved * used)
        coefficients[:, group] = found.T
    return coefficients

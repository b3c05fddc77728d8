"""Stacked linear systems on the active sets of many targets, padded to one size."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from napari_sparsevar.lasso.types import Precision

_MOST_BLOCK_ENTRIES = 2**26  # of the stacked gram_AA: 0.5 GB
_RIDGE = 10.0  # times `Precision.dependence`


class BatchedProblem(NamedTuple):
    """gram (P, P), the rest (K, P); ``usable`` marks columns with any variance."""

    gram: Tensor
    cross: Tensor
    penalty: Tensor
    usable: Tensor
    free: Tensor

    def rows(self, index: Tensor) -> BatchedProblem:
        """Keep some of the targets."""
        return BatchedProblem(self.gram, *(tensor[index] for tensor in self[1:]))


class Block(NamedTuple):
    """Active columns of every target, padded to the largest number a of them.

    ``positions`` (K, a), ``valid`` (K, a) and gram_AA (K, a, a), the identity in the padding.
    """

    positions: Tensor
    valid: Tensor
    gram: Tensor


def state_problem(
    gram: Tensor, cross: Tensor, penalty: Tensor, precision: Precision
) -> BatchedProblem:
    """Mark what is unpenalised or without variance; cross and penalty are (K, P)."""
    diagonal = gram.diagonal()
    usable = (diagonal > precision.no_variance * diagonal.max()).expand_as(cross)
    return BatchedProblem(gram, cross, penalty, usable, usable & (penalty == 0))


def gather_active(gram: Tensor, active: Tensor) -> Block:
    """Gather gram_AA for the mask ``active`` (K, P)."""
    size = max(int(active.sum(dim=1).max()), 1)
    positions = torch.argsort(active, dim=1, descending=True, stable=True)[:, :size]
    valid = active.gather(1, positions)
    block = gram[positions[:, :, None], positions[:, None, :]]
    block = torch.where(valid[:, :, None] & valid[:, None, :], block, 0.0)
    block.diagonal(dim1=1, dim2=2)[~valid] = 1.0
    return Block(positions, valid, block)


def split_targets(active: Tensor) -> list[slice]:
    """Split the targets such that a stack of gram_AA stays small."""
    size = max(int(active.sum(dim=1).max()), 1) if active.numel() else 1
    step = max(1, _MOST_BLOCK_ENTRIES // size**2)
    return [slice(start, start + step) for start in range(0, active.shape[0], step)]


def ridged_factor(block: Tensor, precision: Precision) -> Tensor:
    """Return Cholesky factors of gram_AA plus a ridge that is just large enough to have one.

    With the ridge a Newton step is a proximal step: the minimum does not move, and collinear
    columns need no case of their own.
    """
    diagonal = block.diagonal(dim1=1, dim2=2)
    ridge = _RIDGE * precision.dependence * diagonal.amax(dim=1, keepdim=True)
    while True:
        ridged = block + torch.diag_embed(ridge.expand_as(diagonal))
        factor: Tensor
        factor, failed = torch.linalg.cholesky_ex(ridged)
        if not failed.any():
            return factor
        ridge = torch.where(failed[:, None] > 0, 100.0 * ridge, ridge)


def active_solve(
    gram: Tensor, penalty: Tensor, coefficients: Tensor, right_side: Tensor, precision: Precision
) -> Tensor:
    """Solve gram_AA u_A = right_side_A for every target, least norm where gram_AA is singular.

    Parameters
    ----------
    gram
        (P, P) float64.
    penalty, coefficients, right_side
        (P, K)
    precision
        What counts as zero.

    Returns
    -------
    Tensor
        (P, K), zero outside the active sets.
    """
    problem = state_problem(gram, right_side.T, penalty.T, precision)
    active = problem.free | (coefficients.T != 0)
    solved = torch.zeros_like(problem.cross)
    for part in split_targets(active):
        block = gather_active(gram, active[part])
        vector = torch.where(block.valid, problem.cross[part].gather(1, block.positions), 0.0)
        factor, failed = torch.linalg.cholesky_ex(block.gram)
        left = factor.diagonal(dim1=1, dim2=2) ** 2 / block.gram.diagonal(dim1=1, dim2=2)
        singular = (failed > 0) | ~(left > precision.dependence).all(dim=1)
        solution = torch.cholesky_solve(vector[:, :, None], factor)[:, :, 0]
        if singular.any():
            solution[singular] = _least_norm(block.gram[singular], vector[singular], precision)
        solved[part].scatter_add_(1, block.positions, torch.where(block.valid, solution, 0.0))
    return solved.T


def _least_norm(matrix: Tensor, vector: Tensor, precision: Precision) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    floor = matrix.shape[-1] * precision.dependence * values[:, -1:]
    inverse = torch.where(values > floor, 1 / values, 0.0)
    coordinates = inverse * torch.einsum("kab,ka->kb", vectors, vector)
    return torch.einsum("kab,kb->ka", vectors, coordinates)

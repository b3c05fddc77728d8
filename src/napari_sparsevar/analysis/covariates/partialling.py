r"""Covariates partialled out of a regression (Frisch & Waugh 1933, Lovell 1963).

In :math:`Y = X B + Z A + E` the estimate of B, penalised or not, is that of the regression of what
Z leaves of Y on what it leaves of X, where A has no penalty. Z is of the frame that is explained,
also for drives of the frames before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.covariates.covariates import Design
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.embedded_var import LaggedPairs

ROWS_A_COLUMN = 10
"""Rows that a column takes: with fewer, covariates would explain chance."""

_SMALLEST = 1e-10
"""Share of the largest eigenvalue below which columns say the same."""


@dataclass(frozen=True, eq=False)
class Partial:
    """What covariates explain of the rows of a regression.

    Attributes
    ----------
    columns : Tensor, shape (T, K + 1)
        Of a ``Design``, and 1 for the level.
    past : Tensor, shape (K + 1, P)
        What a unit of each column adds to the drives of a row.
    following : Tensor, shape (K + 1, n)
        To its innovations.
    shares : Tensor, shape (c, n)
        Share of each innovation's variance that is told by this covariate and by no other, less
        what as many columns of chance would tell.
    """

    columns: Tensor
    past: Tensor
    following: Tensor
    shares: Tensor

    def left(self, pairs: LaggedPairs, frames: Tensor) -> LaggedPairs:
        """Return what is left of rows; ``frames`` are those that they explain."""
        columns = self.columns[frames]
        return LaggedPairs(
            pairs.past - (columns @ self.past).to(pairs.past),
            pairs.following - (columns @ self.following).to(pairs.following),
        )

    def scaled(self, past: Tensor, following: Tensor) -> Partial:
        """Return it for rows that are divided by scales (P,) and (n,)."""
        return Partial(self.columns, self.past / past, self.following / following, self.shares)


def columns_of(design: Design) -> Tensor:
    """Return the columns of a design and 1 for the level, (T, K + 1)."""
    columns = torch.from_numpy(design.columns)
    return torch.cat([columns, torch.ones_like(columns[:, :1])], dim=1)


def inverse_of(gram: Tensor) -> Tensor:
    """Return the pseudo-inverse of a gram matrix (K, K), whatever the units of its columns."""
    scale = gram.diagonal().sqrt().clamp_min(1e-12)
    units = torch.outer(scale, scale)
    inverse: Tensor = torch.linalg.pinv(gram / units, rtol=_SMALLEST, hermitian=True) / units
    return inverse


class PartialSums:
    """Sums over rows from which comes what covariates explain of them."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.columns = columns_of(design)
        size = self.columns.shape[1]
        self.n = 0
        self.gram = torch.zeros(size, size, dtype=torch.float64)
        self.cross: list[Tensor] = []
        self.squares: list[Tensor] = []

    def add(self, pairs: LaggedPairs, frames: Tensor) -> None:
        """Add rows that explain these frames."""
        columns = self.columns[frames]
        values = [part.double() for part in pairs]
        if not self.cross:
            self.cross = [columns.new_zeros(columns.shape[1], v.shape[1]) for v in values]
            self.squares = [v.new_zeros(v.shape[1]) for v in values]
        self.n += len(frames)
        self.gram += columns.T @ columns
        for cross, squares, part in zip(self.cross, self.squares, values, strict=True):
            cross += columns.T @ part
            squares += part.square().sum(dim=0)

    def partial(self) -> Partial:
        """Return what the columns explain.

        Raises
        ------
        UserError
            If there are too few rows for so many columns.
        """
        size = len(self.gram) - 1
        if self.n < ROWS_A_COLUMN * size:
            raise UserError(
                f"{self.design.n_covariates} covariates with their past take {size} columns, "
                f"and there are {self.n} frames for them: bring fewer covariates, or a longer "
                "recording or window."
            )
        past, following = (self._solved(np.arange(size + 1)) @ cross for cross in self.cross)
        return Partial(self.columns, past, following, self._shares())

    def left(self) -> tuple[Tensor, Tensor]:
        """Return which share of the squares is left of drives, (P,), and innovations, (n,)."""
        every = np.arange(len(self.gram))
        found = [
            1.0 - self._explained(every, cross) / squares.clamp_min(1e-12)
            for cross, squares in zip(self.cross, self.squares, strict=True)
        ]
        return found[0].clamp_min(1e-6), found[1].clamp_min(1e-6)

    def _shares(self) -> Tensor:
        size, cross = len(self.gram) - 1, self.cross[1]
        level = np.array([size])
        variance = (self.squares[1] - self._explained(level, cross)).clamp_min(1e-12)
        whole = self._explained(np.arange(size + 1), cross)
        unexplained = (self.squares[1] - whole) / max(self.n - size - 1, 1)
        found = []
        for covariate in range(self.design.n_covariates):
            others = np.append(np.flatnonzero(self.design.owner != covariate), level)
            chance = (size + 1 - len(others)) * unexplained
            found.append((whole - self._explained(others, cross) - chance) / variance)
        return torch.stack(found).clamp_min(0.0)

    def _explained(self, chosen: np.ndarray, cross: Tensor) -> Tensor:
        part = cross[chosen]
        return (part * (self._solved(chosen)[chosen][:, chosen] @ part)).sum(dim=0)

    def _solved(self, chosen: np.ndarray) -> Tensor:
        """Return the inverse of the gram matrix of some columns, 0 elsewhere, (K + 1, K + 1)."""
        found = torch.zeros_like(self.gram)
        found[np.ix_(chosen, chosen)] = inverse_of(self.gram[chosen][:, chosen])
        return found

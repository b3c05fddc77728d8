r"""How much residuals vary in each row, as covariates tell it.

While an animal runs all cells are busier: without a common mean they still vary most in the same
moments, and meet more often by chance than at any shift of one against the other. Mean squares that
follow the covariates,

.. math:: \hat\sigma^2_{tk} = z_t' g_k, \quad g_k = \arg\min_g \sum_t (N_{tk}^2 - z_t' g)^2,

say what classical deviation a score has, aligned, :math:`\sum_t \hat\sigma^2_{tk} \hat\tau^2_{tj}`,
and at each shift.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_sparsevar.analysis.covariates.partialling import inverse_of

_LEAST = 0.1
"""Of the mean square of a series: a prediction below is not believed."""

_ROWS_TOGETHER = 4096


@dataclass(frozen=True, eq=False)
class Volatility:
    """Mean squares of residuals that follow covariates.

    Attributes
    ----------
    columns : Tensor, shape (n, K), float32
        Of covariates, in each row.
    source : Tensor, shape (K, P), float32
    target : Tensor, shape (K, p), float32
        What a unit of each column adds to the square of a residual.
    least_source, least_target : Tensor, shape (P,) and (p,), float32
    """

    columns: Tensor
    source: Tensor
    target: Tensor
    least_source: Tensor
    least_target: Tensor

    @classmethod
    def of(cls, source: Tensor, target: Tensor, columns: Tensor) -> Volatility:
        """Fit squares of residuals (n, P) and (n, p) to columns (n, K)."""
        columns = columns.to(source.device)
        inverse = inverse_of((columns.T @ columns).double())
        fits, least = [], []
        for residual in (source, target):
            cross = columns.new_zeros(columns.shape[1], residual.shape[1]).double()
            for rows in range(0, len(residual), _ROWS_TOGETHER):
                piece = slice(rows, rows + _ROWS_TOGETHER)
                cross += columns[piece].double().T @ residual[piece].double().square()
            fits.append((inverse @ cross).float())
            mean = columns.double().mean(dim=0) @ (inverse @ cross)
            least.append((_LEAST * mean).float())
        return cls(columns.float(), *fits, *least)

    def of_sources(self, rows: Tensor) -> Tensor:
        """Return the mean squares of sources in some rows, (rows, P)."""
        return torch.maximum(self.columns[rows] @ self.source, self.least_source)

    def of_targets(self, rows: Tensor) -> Tensor:
        """Return the mean squares of targets in rows of any shape, (..., p)."""
        return torch.maximum(self.columns[rows] @ self.target, self.least_target)

    def aligned(self) -> Tensor:
        """Return the mean product of both over all rows, (P, p)."""
        n = len(self.columns)
        total = self.source.new_zeros(self.source.shape[1], self.target.shape[1])
        for rows in torch.arange(n, device=self.columns.device).split(_ROWS_TOGETHER):
            total.addmm_(self.of_sources(rows).T, self.of_targets(rows))
        return total / n

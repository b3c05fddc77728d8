"""The sparse VAR fitted to the latents of the whole movie, at any penalty."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.model.embedded_var import (
    Moments,
    fit_var,
    lagged_pairs,
    moments,
    standardiser,
    universal_penalty,
)

PENALTY_STEPS = np.geomspace(3.0, 0.4, 12)
"""Penalties tried for the default choice, in units of ``universal_penalty``."""

EBIC_GAMMA = 0.5
"""How much the extended BIC charges for the number of candidate edges (Chen & Chen 2008)."""

COLUMNS = ["penalty", "edges", "ebic"]
"""Of the table of penalties tried."""


@dataclass(frozen=True, eq=False)
class FittedVar:
    """A sparse VAR on standardised latents and the moments it was fitted to.

    Attributes
    ----------
    statistics : Moments
        Of standardised latents, float64.
    weights : Tensor, shape (P, p)
        Penalty weights; 0 marks a target's own neighbourhood.
    lags : int
    mean, deviation : Tensor, shape (p,)
        Standardisation of the latents.
    penalty : float
    coefficients : Tensor, shape (P, p)
        Lag-major rows: row ``(lag - 1) * p + source``, column target.
    """

    statistics: Moments
    weights: Tensor
    lags: int
    mean: Tensor
    deviation: Tensor
    penalty: float
    coefficients: Tensor

    @property
    def n_latents(self) -> int:
        """Number of latents p."""
        return int(self.coefficients.shape[1])

    def at_penalty(self, penalty: float) -> FittedVar:
        """Return the same VAR elsewhere on its solution path."""
        coefficients = fit_var(self.statistics, self.weights, penalty, self.coefficients)
        return FittedVar(
            self.statistics,
            self.weights,
            self.lags,
            self.mean,
            self.deviation,
            float(penalty),
            coefficients,
        )

    def distant(self) -> npt.NDArray[np.float64]:
        """Return the coefficients between different places, (lags, source, target).

        Coefficients inside a target's own neighbourhood are the dynamics of one cell, not one cell
        driving another, and are zero here.
        """
        distant = self.coefficients.masked_fill(self.weights == 0, 0.0)
        array: npt.NDArray[np.float64] = distant.cpu().numpy()
        return array.reshape(self.lags, self.n_latents, self.n_latents)


def latent_moments(latents: Tensor, good: Tensor, lags: int) -> tuple[Moments, Tensor, Tensor]:
    """Standardise latents (T, p) over good frames; return moments, mean and deviation (float64)."""
    pieces, usable = latents.double()[None], good[None]
    standard = standardiser(pieces, usable)
    statistics = moments(lagged_pairs(standard.forward(pieces), usable, lags))
    return statistics, standard.mean, standard.deviation


def fit_whole(
    latents: Tensor, good: Tensor, weights: Tensor, lags: int
) -> Generator[float, None, tuple[FittedVar, pd.DataFrame]]:
    """Fit the VAR to all frames at the penalty the extended BIC prefers; yield the fraction done.

    Returns
    -------
    fitted : FittedVar
    criterion : DataFrame
        ``penalty``, ``edges`` (between different places), ``ebic`` for every penalty tried.
    """
    statistics, mean, deviation = latent_moments(latents, good, lags)
    unit = universal_penalty(statistics.gram.shape[0], statistics.n)
    rows, best, coefficients = [], None, None
    for index, step in enumerate(PENALTY_STEPS):
        penalty = float(step) * unit
        coefficients = fit_var(statistics, weights, penalty, coefficients)
        edges = int(((coefficients != 0) & (weights > 0)).sum())
        criterion = extended_bic(statistics, coefficients)
        rows.append({"penalty": penalty, "edges": edges, "ebic": criterion})
        if best is None or criterion < best[0]:
            best = criterion, penalty, coefficients
        yield (index + 1) / len(PENALTY_STEPS)
    assert best is not None  # there is at least one penalty
    fitted = FittedVar(statistics, weights, lags, mean, deviation, best[1], best[2])
    return fitted, pd.DataFrame(rows, columns=COLUMNS)


def extended_bic(statistics: Moments, coefficients: Tensor) -> float:
    r"""Return the extended BIC of a sparse VAR, summed over targets.

    .. math:: \sum_j n \log RSS_j / n + df_j (\log n + 2 \gamma \log P)

    with RSS of the active set refitted without shrinkage, so that the criterion compares edges and
    not how much the penalty shrank them.
    """
    residual = refitted_residual(statistics, coefficients)
    active = (coefficients != 0).sum(dim=0)
    n, predictors = statistics.n, statistics.gram.shape[0]
    price = np.log(n) + 2.0 * EBIC_GAMMA * np.log(predictors)
    return float((n * torch.log(residual) + active * price).sum())


def refitted_residual(statistics: Moments, coefficients: Tensor) -> Tensor:
    """Return each target's mean squared residual after least squares on its active set, (p,).

    Least squares on the active set A leaves ``variance - C_A' G_AA^-1 C_A``. Targets are grouped by
    the size of their active set, padded with the identity and solved together.
    """
    gram, cross = statistics.gram, statistics.cross
    active = coefficients != 0
    sizes = active.sum(dim=0)
    explained = torch.zeros_like(statistics.variance)
    order = torch.argsort(sizes)
    for group in torch.split(order, 64):
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
        solution = torch.linalg.solve(block, right)
        explained[group] = (solution * right).sum(dim=1)
    return (statistics.variance - explained).clamp_min(1e-10)

"""What speaks for which penalty: edges, extended BIC and cross-validated error along the path."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.cross_validation import cross_validation
from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.analysis.solution_path import SolutionPath
from napari_sparsevar.model.embedded_var import Moments, universal_penalty

FloatArray = npt.NDArray[np.float64]

COLUMNS = ["penalty", "edges", "ebic", "cv_error", "cv_se"]
"""Of the table of penalties tried, the largest first."""

N_STEPS = 17
"""Penalties tried, equally spaced on a logarithmic scale."""

WIDEST = 3.0
"""Penalties above it, in units of ``universal_penalty``, are not looked at closely."""

EBIC_GAMMA = 0.5
"""How much the extended BIC charges for the number of candidate edges (Chen & Chen 2008)."""


def criterion_table(
    fitted: FittedVar, path: SolutionPath, blocks: list[Moments]
) -> Generator[float, None, pd.DataFrame]:
    """Say for penalties along the solution path what speaks for them; yield the fraction done.

    Parameters
    ----------
    fitted : FittedVar
        Its penalty is one of those tried.
    path : SolutionPath
        Of the same VAR.
    blocks : list of Moments
        Its rows, consecutive in time, from ``block_moments``.

    Returns
    -------
    DataFrame
        ``penalty``; ``edges`` between different places; ``ebic``; ``cv_error``, the share of the
        variance left by the own place that is left in held-out time (``cross_validation``), and
        ``cv_se``, its standard error over folds. The last two are NaN where the movie is too short.
    """
    unit = universal_penalty(path.n_predictors, fitted.statistics.n)
    penalties = tried_penalties(path, fitted.penalty, unit)
    rows = [_whole(fitted, path, float(penalty)) for penalty in penalties]
    scores = yield from cross_validation(blocks, fitted.weights, penalties)
    table = pd.DataFrame(rows)
    table["cv_error"], table["cv_se"] = _mean_and_error(scores)
    return table[COLUMNS]


def tried_penalties(path: SolutionPath, kept: float, unit: float) -> FloatArray:
    """Return penalties from where no edge is left to the end of the path, (m,), descending.

    Parameters
    ----------
    path : SolutionPath
    kept : float
        Takes the place of the one nearest to it.
    unit : float
        The universal penalty.
    """
    empty = path.largest * (1.0 + 1e-6)  # at its knot the last edge is there or not, by rounding
    start = min(max(empty, unit), WIDEST * unit)
    penalties = np.geomspace(start, path.least, N_STEPS)
    penalties[np.abs(np.log(penalties / kept)).argmin()] = kept
    # Strong edges last longer than any sensible choice: only where the last one goes is told.
    return np.append(empty, penalties) if empty > start else penalties


def _whole(fitted: FittedVar, path: SolutionPath, penalty: float) -> dict[str, float]:
    """Return the columns that come from the whole movie."""
    statistics, active = fitted.statistics, path.at(penalty) != 0
    residual = residual_variance(statistics, path.refitted(penalty))
    return {
        "penalty": penalty,
        "edges": int((active & (fitted.weights > 0)).sum()),
        "ebic": extended_bic(residual, active.sum(dim=0), statistics.n, path.n_predictors),
    }


def residual_variance(statistics: Moments, refitted: Tensor) -> Tensor:
    """Return each target's mean squared residual after least squares, ``variance - b'C``, (p,)."""
    return (statistics.variance - (refitted * statistics.cross).sum(dim=0)).clamp_min(1e-10)


def extended_bic(residual: Tensor, n_active: Tensor, n_rows: int, n_predictors: int) -> float:
    r"""Return the extended BIC of a sparse VAR, summed over targets.

    .. math:: \sum_j n \log RSS_j / n + df_j (\log n + 2 \gamma \log P)

    with RSS of the active set refitted without shrinkage, so that the criterion compares edges and
    not how much the penalty shrank them.

    Parameters
    ----------
    residual : Tensor, shape (p,)
        RSS / n of each target.
    n_active : Tensor, shape (p,)
        Nonzero coefficients of each target.
    n_rows, n_predictors : int
    """
    price = math.log(n_rows) + 2.0 * EBIC_GAMMA * math.log(n_predictors)
    return float((n_rows * torch.log(residual) + n_active * price).sum())


def _mean_and_error(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean over folds (folds, m) and its standard error; NaN without folds."""
    if not len(scores):
        return np.full(scores.shape[1], np.nan), np.full(scores.shape[1], np.nan)
    return scores.mean(axis=0), scores.std(axis=0, ddof=1) / math.sqrt(len(scores))


def cross_validation_minimum(criterion: pd.DataFrame) -> float:
    """Return the penalty with the smallest cross-validated error; NaN if there is none."""
    return _penalty_of_least(criterion, "cv_error")


def ebic_minimum(criterion: pd.DataFrame) -> float:
    """Return the penalty with the smallest extended BIC; NaN if there is none."""
    return _penalty_of_least(criterion, "ebic")


def one_standard_error_choice(criterion: pd.DataFrame) -> float:
    """Return the largest penalty as good as the best, within its standard error.

    That is the fewest edges whose cross-validated error is at most the smallest one plus its
    standard error (Breiman et al. 1984); NaN without cross-validation.
    """
    known = criterion[criterion["cv_error"].notna()]
    if known.empty:
        return math.nan
    best = known.loc[known["cv_error"].idxmin()]
    limit = best["cv_error"] + np.nan_to_num(best["cv_se"])
    return float(known.loc[known["cv_error"] <= limit, "penalty"].max())


def _penalty_of_least(criterion: pd.DataFrame, column: str) -> float:
    known = criterion[criterion[column].notna()]
    least = known.loc[known[column] == known[column].min(), "penalty"]
    return float(least.max())  # of equals the one with fewer edges; NaN of none

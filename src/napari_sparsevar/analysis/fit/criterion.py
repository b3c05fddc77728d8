"""What speaks for which penalty: edges, extended BIC and cross-validated error along the path."""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.cross_validation import cross_validation, mean_and_error
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.penalty_grid import SURE, Descent, Targets, descended
from napari_sparsevar.analysis.fit.solution_path import PathEnds, of_targets, path_ends
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.model.embedded_var import Moments, universal_penalty
from napari_sparsevar.progress import part

FloatArray = npt.NDArray[np.float64]

COLUMNS = ["penalty", "edges", "ebic", "cv_error", "cv_se"]
"""Of the table of penalties tried, the largest first."""

N_STEPS = 17
"""Penalties tried, equally spaced on a logarithmic scale."""

_SHARE_OF_WHOLE = 0.2
"""Of the time the table takes."""

WIDEST = 3.0
"""Penalties above it, in units of ``universal_penalty``, are not looked at closely."""

EBIC_GAMMA = 0.5
"""How much the extended BIC charges for the number of candidate edges (Chen & Chen 2008)."""


def criterion_table(
    fitted: FittedVar, blocks: list[Moments]
) -> Generator[float, None, pd.DataFrame]:
    """Say for penalties along the solution path what speaks for them; yield the fraction done.

    Everything is of all targets where a choice is open. Further down, where edges are many and
    most are chance, ``SPACED`` of the targets say how the curves go on, scaled to all. The edges
    at the penalty of ``fitted`` are always those that there are, and with at most ``SPACED``
    targets nothing is estimated.

    Parameters
    ----------
    fitted : FittedVar
        Its penalty is one of those tried.
    blocks : list of Moments
        Its rows, consecutive in time, from ``block_moments``.

    Returns
    -------
    DataFrame
        One row a penalty:

        ======== ===========================================================================
        Column   Meaning
        ======== ===========================================================================
        penalty  Tried, the largest first.
        edges    How many lie between different places.
        ebic     Extended BIC, ``extended_bic``.
        cv_error Share of the variance left by the own place that is left in held-out time,
                 ``cross_validation``; NaN where the recording is too short.
        cv_se    Its standard error over folds; NaN where the recording is too short.
        ======== ===========================================================================
    """
    unit = universal_penalty(fitted.weights.shape[0], fitted.statistics.n)
    ends = path_ends(fitted.statistics, fitted.weights)
    penalties = tried_penalties(ends, fitted.penalty, unit)
    table = yield from part(_whole(fitted, penalties), 0.0, _SHARE_OF_WHOLE)
    scoring = cross_validation(blocks, fitted.weights, penalties)
    scores = yield from part(scoring, _SHARE_OF_WHOLE, 1.0)
    table["cv_error"], table["cv_se"] = mean_and_error(scores)
    return table[COLUMNS]


def tried_penalties(ends: PathEnds, kept: float, unit: float) -> FloatArray:
    """Return penalties from where no edge is left to the end of the path, (m,), descending.

    Parameters
    ----------
    ends : PathEnds
    kept : float
        Takes the place of the one nearest to it.
    unit : float
        The universal penalty.
    """
    empty = ends.largest * (1.0 + 1e-6)  # at its knot the last edge is there or not, by rounding
    start = min(max(empty, unit), WIDEST * unit)
    penalties = np.geomspace(start, ends.least, N_STEPS)
    penalties[np.abs(np.log(penalties / kept)).argmin()] = kept
    # Strong edges last longer than any sensible choice: only where the last one goes is told.
    return np.append(empty, penalties) if empty > start else penalties


def _whole(fitted: FittedVar, penalties: FloatArray) -> Generator[float, None, pd.DataFrame]:
    """Return the columns that come from the whole movie; yield the fraction done."""
    statistics, weights = fitted.statistics, fitted.weights
    n_predictors, n_targets = weights.shape

    def counted(coefficients: Tensor, targets: Targets) -> FloatArray:
        of_those, active = of_targets(statistics, targets), coefficients != 0
        edges = float((active & (weights[:, targets] > 0)).sum())
        refitted = solve_on_active_sets(
            statistics.gram, weights[:, targets], coefficients, of_those.cross
        )
        left = residual_variance(of_those, refitted)
        ebic = extended_bic(left, active.sum(dim=0).double(), statistics.n, n_predictors)
        return np.array([edges, ebic])

    def settled(found: FloatArray) -> bool:
        return bool(found[0, -1, 1] > found[0, :, 1].min())

    descents = [Descent(statistics, weights, counted)]
    sure = SURE * universal_penalty(n_predictors, statistics.n)
    found = yield from descended(descents, n_targets, penalties, sure, settled)
    edges = np.where(penalties == fitted.penalty, fitted.n_edges, found[0, :, 0].round())
    return pd.DataFrame({"penalty": penalties, "edges": edges.astype(int), "ebic": found[0, :, 1]})


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

r"""Effects of places with standard errors: the debiased lasso for time series.

The lasso shrinks, and what it selects has no simple distribution. For the predictors X (n x P) and
the targets E (n x p), one row a frame, the debiased lasso corrects one coefficient at a time by the
part :math:`N_k` of predictor k that the other places do not predict:

.. math:: \hat\beta_{kj} = \frac{N_k' (E_j - \sum_{m \notin c(k)} x_m b_{mj})}{N_k' x_k},

where c(k) holds the predictors near k at any lag: they measure the same cell and are neither
conditioned on nor told apart from it. See Zhang & Zhang 2014 (J. R. Stat. Soc. B 76:217), van de
Geer et al. 2014 (Ann. Stat. 42:1166), and for time series Adamek, Smeekes & Wilms 2023
(J. Econom. 235:1114).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import NamedTuple

import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.volatility import Volatility
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.embedded_var import RIDGE, universal_penalty

NODE_PENALTY = 0.75
"""Penalty of the regressions among predictors, in units of the largest chance correlation."""

FORBIDDEN = 1e6
"""Penalty that keeps a predictor out; correlations are at most 1."""

LARGEST_LEVERAGE = 0.9
"""A row that decides the fit on its own keeps a finite weight."""

INSEPARABLE = 0.02
"""A source with less variance of its own than this, of 1, has no effect to speak of."""

_ROWS_TOGETHER = 2048
"""Rows that are taken to double precision together."""


@dataclass(frozen=True, eq=False)
class PlaceEffects:
    r"""Effect of every place on every distant target, given all other places.

    Arrays of shape (P, p) have lag-major rows, ``(lag - 1) * p + source``. They are NaN for pairs
    of the same cell and for sources that cannot be told apart from the target's own cell.

    Attributes
    ----------
    estimate : Tensor, shape (P, p)
        Standard deviations of the target for one of the source's cell.
    standard_error : Tensor, shape (P, p)
        The larger of the robust and the classical one: the first knows a variance that changes
        over time, the second is steadier when a few bursts decide.
    z : Tensor, shape (P, p)
        Scores over their robust standard deviation, to be compared with ``PairedScores``. Not
        ``estimate / standard_error``: smaller where the target's own cell explains the source.
    coincidence : Tensor, shape (P, p), float32
        Root of the mean product of both squared residuals over the product of their mean squares:
        above 1 where source and target vary most in the same moments, such as bursts.
    source_residual : Tensor, shape (n, P), float32
        Part of each predictor that other places do not predict.
    target_residual : Tensor, shape (n, p), float32
        What the VAR leaves of each target, inflated by leverage (HC3).
    decorrelation : int
        Rows after which the predictors' mean autocorrelation is below 1/e.
    volatility : Volatility, optional
        How much residuals vary with covariates.
    """

    estimate: Tensor
    standard_error: Tensor
    z: Tensor
    coincidence: Tensor
    source_residual: Tensor
    target_residual: Tensor
    decorrelation: int
    volatility: Volatility | None = None


def interval(
    estimate: Tensor, standard_error: Tensor, level: float = 0.95
) -> tuple[Tensor, Tensor]:
    """Return lower and upper ends of normal confidence intervals, each for itself.

    Parameters
    ----------
    estimate, standard_error : Tensor
        Of one shape, which is that of both ends.
    level : float
    """
    reach = NormalDist().inv_cdf(0.5 + level / 2) * standard_error
    return estimate - reach, estimate + reach


def place_effects(
    predictors: Tensor, targets: Tensor, coefficients: Tensor, weights: Tensor, near: Tensor
) -> PlaceEffects:
    r"""Debias a sparse VAR; return effects and standard errors.

    With nodewise lasso coefficients :math:`\Gamma` (column k explains predictor k by those not near
    it), :math:`N = X (I - \Gamma)` and the residual R of the lasso, whose unpenalised columns
    project on the complement of the target's own cell (:math:`Q_j`),

    .. math::
        \hat\beta_{kj} = \frac{N_k'R_j + \sum_{m \in c(k)} N_k'Q_j x_m b_{mj}}{N_k'Q_j x_k}, \qquad
        z_{kj} = \frac{N_k'R_j + \ldots}{\sqrt{\sum_t N_{tk}^2 R_{tj}^2 / (1 - h_{tj})^2}}

    with the leverage h of row t on the active set of target j. The target must be an innovation, so
    that the scores :math:`N_{tk} R_{tj}` follow each other without correlation. B enters as the
    lasso leaves it: refitted without shrinkage, its false selections fit chance and make the
    estimates of the others too sure. For the same reason it is fitted anew, at a penalty that does
    not look at the data but for the variance of the scores.

    Parameters
    ----------
    predictors : Tensor, shape (n, P)
        Rows in the order of time, mean 0 and variance 1. Their precision is that of residuals;
        sums over rows are of double precision anyway.
    targets : Tensor, shape (n, p)
        What followed, mean 0 and variance 1.
    coefficients, weights : Tensor, shape (P, p)
        Of the fitted VAR; weight 0 marks a target's own neighbourhood. Its coefficients stay in the
        residual's fit but never count as the effect of a source that is near them. Coefficients
        are where the fit starts.
    near : Tensor of bool, shape (p, p)
        Which latents measure the same cell.
    """
    n, predictor_count = predictors.shape
    lags = predictor_count // near.shape[0]
    same_cell = near.repeat(lags, lags)
    gram = mean_products(predictors, predictors)
    correlations = autocorrelation(predictors)
    apart = _unexplained(gram, same_cell, n / chance_inflation(correlations))
    fitted = _refitted(predictors, targets, gram, coefficients, weights)
    overlap = _overlap(apart.T @ gram, gram, apart, fitted, weights, same_cell)
    # With thousands of cells an array of rows takes 400 MB: each is made as late, and goes as soon,
    # as it can.
    residual = targets - predictors @ fitted.to(predictors.dtype)
    active = [torch.nonzero(column)[:, 0] for column in fitted.T]
    del gram, fitted
    source = predictors @ apart.to(predictors.dtype)
    del apart
    score = mean_products(source, residual).add_(overlap.restored)
    own, norm = overlap.own, overlap.norm
    del overlap
    inflate(residual, predictors, active)
    source_residual, inflated = source.float(), residual.float()
    del source, residual
    robust = robust_deviation(source_residual, inflated)
    meaningful = (weights > 0) & (own > INSEPARABLE) & (robust > 0)
    # In place from here on, for the same reason: robust becomes z, and score the estimate.
    size, left = mean_square(source_residual).sqrt(), mean_square(inflated).sqrt()
    coincidence = robust.float().div_(size[:, None].clamp_min(1e-10)).div_(left.clamp_min(1e-10))
    root = norm.sqrt_()
    deviation = (robust * root).div_(size[:, None])
    torch.maximum(deviation, root.mul_(left), out=deviation)
    deviation.div_(own).div_(math.sqrt(n))
    z = torch.div(score, robust, out=robust).mul_(math.sqrt(n))
    estimate = score.div_(own)
    for values in (estimate, deviation, z):
        values.masked_fill_(~meaningful, torch.nan)
    return PlaceEffects(
        estimate,
        deviation,
        z,
        coincidence,
        source_residual,
        inflated,
        decorrelation_time(correlations),
    )


def mean_products(first: Tensor, second: Tensor) -> Tensor:
    """Return the mean over rows of the products of all columns, float64."""
    total = torch.zeros(first.shape[1], second.shape[1], dtype=torch.float64, device=first.device)
    for rows in range(0, len(first), _ROWS_TOGETHER):
        piece = slice(rows, rows + _ROWS_TOGETHER)
        total.addmm_(first[piece].double().T, second[piece].double())
    return total.div_(len(first))


def mean_square(values: Tensor) -> Tensor:
    """Return the mean square of each column, float64."""
    pieces = [piece.double().square_().sum(dim=0) for piece in values.split(_ROWS_TOGETHER)]
    return torch.stack(pieces).sum(dim=0) / len(values)


def robust_deviation(source: Tensor, target: Tensor) -> Tensor:
    """Return sqrt(mean over rows of source squared times target squared), (P, p)."""
    products = torch.zeros(source.shape[1], target.shape[1], device=source.device)
    for rows in range(0, len(source), _ROWS_TOGETHER):
        piece = slice(rows, rows + _ROWS_TOGETHER)
        products.addmm_(source[piece].float().square().T, target[piece].float().square())
    return (products / source.shape[0]).sqrt().double()


def _refitted(
    predictors: Tensor, targets: Tensor, gram: Tensor, start: Tensor, weights: Tensor
) -> Tensor:
    r"""Return lasso coefficients with penalties in proportion to the spread of each score, (P, p).

    .. math::
        \lambda_{kj} = w_{kj} \sqrt{2 \log P / n}\; \max(1, \sqrt{\sum_t (x_{tk} e_{tj})^2 / n})

    (Belloni et al. 2012, Econometrica 80:2369). When everything is active together, a single
    penalty lets chance in; where bursts have hardly ever met, a smaller one would.
    """
    n, size = predictors.shape
    penalty = robust_deviation(predictors, targets).clamp_min_(1.0)
    penalty.mul_(universal_penalty(size, n)).mul_(weights)
    cross = mean_products(predictors, targets)
    return solve_lasso(_ridged(gram), cross, penalty, initial=start)


def _ridged(gram: Tensor) -> Tensor:
    """Return a gram matrix that has an inverse."""
    ridged = gram.clone()  # not a sum with an identity: of thousands of cells it takes gigabytes
    ridged.diagonal().add_(RIDGE)
    return ridged


class Overlap(NamedTuple):
    r"""Products of source residuals after projection :math:`Q_j` off the target's own cell, (P, p).

    ``own`` is :math:`N_k'Q_j x_k / n`, ``norm`` is :math:`N_k'Q_j N_k / n`, and ``restored``
    :math:`\sum_{m \in c(k)} N_k'Q_j x_m b_{mj} / n`.
    """

    own: Tensor
    norm: Tensor
    restored: Tensor


def _overlap(
    shared: Tensor,
    gram: Tensor,
    apart: Tensor,
    coefficients: Tensor,
    weights: Tensor,
    same_cell: Tensor,
) -> Overlap:
    """Project off each target's own cell; ``shared`` is N'X / n."""
    n_targets = weights.shape[1]
    # A row a target: each is written from end to end.
    own = shared.diagonal().repeat(n_targets, 1)
    norm = (shared * apart.T).sum(dim=1).repeat(n_targets, 1)
    counted = coefficients * (weights > 0)
    restored = ((shared * same_cell) @ counted).T.contiguous()
    sources, near_ones = _by_column(same_cell)
    columns = shared.T.contiguous()
    for target in range(n_targets):
        cell = torch.nonzero(weights[:, target] == 0)[:, 0]
        block = gram[cell][:, cell].clone()
        block.diagonal().add_(RIDGE)
        part = columns[cell]
        # Few rows and thousands of columns: a product with the inverse is ten times as fast.
        solved = torch.cholesky_inverse(torch.linalg.cholesky(block)) @ part
        own[target] -= (solved * gram[cell]).sum(dim=0)
        norm[target] -= (solved * part).sum(dim=0)
        active = torch.nonzero(counted[:, target])[:, 0]
        k = torch.cat([sources[near_ones[m] : near_ones[m + 1]] for m in active.tolist()] or [cell])
        m = active.repeat_interleave(near_ones[active + 1] - near_ones[active])
        if m.numel():
            explained = (solved[:, k] * gram[cell][:, m]).sum(dim=0)
            restored[target].index_add_(0, k, -explained * counted[m, target])
    return Overlap(own.T, norm.T.clamp_min(0.0), restored.T)


def _by_column(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the rows at which a mask (P, P) is True, column by column, and where each begins."""
    column, row = torch.nonzero(mask.T, as_tuple=True)
    counts = torch.bincount(column, minlength=mask.shape[1])
    return row, torch.cat([counts.new_zeros(1), counts.cumsum(dim=0)])


def _unexplained(gram: Tensor, same_cell: Tensor, rows: float) -> Tensor:
    r"""Return :math:`I - \Gamma` (P, P) from a lasso of every predictor on those not near it."""
    size = gram.shape[0]
    penalty = torch.full_like(gram, NODE_PENALTY * universal_penalty(size, 1) / math.sqrt(rows))
    penalty[same_cell] = FORBIDDEN
    apart = solve_lasso(_ridged(gram), gram, penalty).neg_()
    apart.diagonal().add_(1.0)
    return apart


def autocorrelation(series: Tensor) -> list[float]:
    """Return the mean autocorrelation of series (n, P) at lags 1, 2, ... while it exceeds 0.05."""
    n = series.shape[0]
    total = float(series.square().sum())
    found: list[float] = []
    for lag in range(1, n // 2):
        product = float((series[lag:] * series[:-lag]).sum())
        if product <= 0.05 * total:
            break
        found.append(product / total)
    return found


def chance_inflation(correlations: list[float]) -> float:
    r"""Return :math:`1 + 2 \sum_l \rho_l^2`.

    Chance correlations of two independent series with autocorrelation :math:`\rho` have this many
    times the variance 1/n of white ones (Bartlett 1935).
    """
    return 1.0 + 2.0 * sum(value**2 for value in correlations)


def decorrelation_time(correlations: list[float]) -> int:
    """Return the first lag at which the autocorrelation is below 1/e."""
    below = (lag for lag, value in enumerate(correlations, 1) if value < math.exp(-1))
    return next(below, len(correlations) + 1)


def inflate(residual: Tensor, predictors: Tensor, active: Sequence[Tensor]) -> None:
    r"""Divide residuals (n, p), in place, by 1 less how much each row decides its own fit.

    .. math:: h_{tj} = x_{tA}' G_{AA}^{-1} x_{tA} / n

    on the active set A of target j, at most ``LARGEST_LEVERAGE``. Bursts of activity make few rows
    decide; this undoes what the fit took from them (HC3, MacKinnon & White 1985, J. Econom.
    29:305).

    Parameters
    ----------
    residual : Tensor, shape (n, p)
    predictors : Tensor, shape (n, P)
    active : sequence of Tensor
        Numbers of the predictors in the active set of each target.
    """
    n = len(predictors)
    for target, chosen in enumerate(active):
        if chosen.numel() == 0:
            continue
        columns = predictors[:, chosen]
        block = mean_products(columns, columns)
        block.diagonal().add_(RIDGE)
        inverse = torch.cholesky_inverse(torch.linalg.cholesky(block)).to(predictors.dtype)
        leverage = (columns @ inverse).mul_(columns).sum(dim=1).div_(n)
        residual[:, target].div_(leverage.clamp_(max=LARGEST_LEVERAGE).neg_().add_(1.0))

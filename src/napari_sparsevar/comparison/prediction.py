r"""How well the model of one window predicts the other.

The sparse VAR is fitted to one window without a fold, and predicts the fold and all of the other
window. What counts is the share of the innovations' variance that it explains,

.. math:: R^2 = 1 - \frac{\sum_t \lVert y_t - \hat y_t \rVert^2}{\sum_t \lVert y_t \rVert^2},

in latents, or in decoded pixels with :math:`\lVert y \rVert^2 = y' S F F' S y` for footprints F and
scales S. Shares do not depend on how strong activity or noise is in
either window. Their intervals are normal, from ratios of sums over blocks.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.comparison.blocks import block_numbers
from napari_sparsevar.comparison.pooled import Centred, centre, fit_sparse
from napari_sparsevar.comparison.result import Interval, Prediction
from napari_sparsevar.comparison.rows import Rows

FOLDS = 4
"""Stretches of time of a window that are held out in turn."""

OWN_WEIGHT = 0.5
"""Penalty of a target's own neighbourhood, of 1: free, its many coefficients predict worse."""

_REACH = NormalDist().inv_cdf(0.975)


def prediction(
    rows: Sequence[Rows], weights: Tensor, length: int, metric: Tensor | None
) -> Generator[float, None, Prediction]:
    """Predict each window with the model of either; yield the fraction done.

    Parameters
    ----------
    rows : sequence of Rows
        Of A and of B.
    weights : Tensor, shape (P, p)
    length : int
        Rows of a block, the unit of the intervals.
    metric : Tensor, shape (p, p), or None
        What a standardised innovation weighs in pixels; None for latents.
    """
    windows = centre(rows)
    penalised = weights.clamp_min(OWN_WEIGHT)
    blocks = [block_numbers(window.piece, length) for window in rows]
    power = [_squares(window.following, metric) for window in windows]
    errors = [[torch.zeros_like(size) for size in power] for _ in windows]
    start: Tensor | None = None
    for model, fold in np.ndindex(2, FOLDS):
        other = 1 - model
        out = torch.from_numpy(blocks[model] * FOLDS // (blocks[model].max() + 1) == fold)
        kept = Centred(windows[model].past[~out], windows[model].following[~out])
        start = fit_sparse([kept], penalised, start)
        held = _squares(_residual(windows[model], start)[out], metric)
        errors[model][model][:, out] = held
        errors[model][other] += _squares(_residual(windows[other], start), metric) / FOLDS
        yield (model * FOLDS + fold + 1) / (2 * FOLDS)
    latents, pixels = (_shares(errors, power, blocks, kind) for kind in (0, 1))
    return Prediction(latents[0], pixels[0], latents[1], pixels[1])


def _residual(window: Centred, coefficients: Tensor) -> Tensor:
    return window.following - window.past @ coefficients.float()


def _squares(values: Tensor, metric: Tensor | None) -> Tensor:
    """Return squared lengths of rows (n, p) in latents and in pixels, (2, n)."""
    latents = values.square().sum(dim=1)
    pixels = latents if metric is None else ((values @ metric) * values).sum(dim=1)
    return torch.stack([latents, pixels]).double()


def _shares(
    errors: Sequence[Sequence[Tensor]],
    power: Sequence[Tensor],
    blocks: Sequence[npt.NDArray[np.int64]],
    kind: int,
) -> tuple[npt.NDArray[np.float64], tuple[Interval, Interval]]:
    """Return explained shares (2, 2) and by how much each model does worse on the other window."""
    shares, variances = np.empty((2, 2)), np.empty((2, 2))
    for model, data in np.ndindex(2, 2):
        missed = np.bincount(blocks[data], errors[model][data][kind].numpy())
        whole = np.bincount(blocks[data], power[data][kind].numpy())
        ratio = missed.sum() / whole.sum()
        shares[model, data] = 1.0 - ratio
        variances[model, data] = ((missed - ratio * whole) ** 2).sum() / whole.sum() ** 2
    losses = []
    for model in (0, 1):
        value = float(shares[model, model] - shares[model, 1 - model])
        reach = _REACH * math.sqrt(variances[model, model] + variances[model, 1 - model])
        losses.append(Interval(value, value - reach, value + reach))
    return shares, (losses[0], losses[1])

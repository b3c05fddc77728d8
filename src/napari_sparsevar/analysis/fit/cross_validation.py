"""Blocked cross-validation over time: how well a sparse VAR predicts a stretch it has not seen."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.fit.lagged_rows import pool
from napari_sparsevar.analysis.fit.penalty_grid import SURE, Descent, Targets, descended
from napari_sparsevar.analysis.fit.solution_path import of_targets
from napari_sparsevar.lasso.compiled import compiled, for_ranges
from napari_sparsevar.model.embedded_var import Moments, universal_penalty

FloatArray = npt.NDArray[np.float64]

N_FOLDS = 5
"""Stretches of time that are held out, one after the other."""

_LEAST_ROWS = 10
"""Fewer held-out rows say nothing about an error."""


class Fold(NamedTuple):
    """Moments of the rows a VAR is fitted to, and of those it is scored on (without ridge)."""

    fitted: Moments
    held_out: Moments


def folds(blocks: list[Moments]) -> Generator[Fold, None, None]:
    """Hold out one stretch of consecutive blocks after the other; none if there is too little.

    Parameters
    ----------
    blocks : list of Moments
        Consecutive in time, from ``block_moments``.
    """
    stretches = np.array_split(np.arange(len(blocks)), N_FOLDS)
    rows = [sum(blocks[index].n for index in stretch) for stretch in stretches]
    if min(rows) < _LEAST_ROWS:
        return
    for stretch in stretches:
        rest = [block for index, block in enumerate(blocks) if index not in stretch]
        yield Fold(pool(rest), pool([blocks[index] for index in stretch], ridge=0.0))


def cross_validation(
    blocks: list[Moments], weights: Tensor, penalties: FloatArray
) -> Generator[float, None, FloatArray]:
    r"""Score penalties on stretches of time that were not fitted; yield the fraction done.

    The score of a fold is

    .. math:: \sum_j E_j(\lambda) \, / \, \sum_j E_j(\infty), \qquad
              E_j = \operatorname{var}_j - 2 b_j'C_j + b_j'Gb_j,

    with the coefficients b of all other rows and the variance, C and G of the held-out ones:
    :math:`E_j` is the mean squared error of target j. At an infinite penalty a target is
    predicted from its own neighbourhood alone. The score is thus the share of the innovations'
    variance left by the own place that is still left when other places may help: 1 if they do
    not, above 1 if they do harm. Innovations have variance 1, so all targets count alike, and a
    fold in which everything is larger counts no more than others.

    Errors are those of all targets down to where their mean over folds has left its minimum by
    more than a standard error, and at least down to ``SURE``: no choice changes below. From there
    on the curve is carried on by ``spaced_targets``.

    Latents and their own dynamics are those of the whole movie; what is validated is which
    edges there are. Penalties grow as chance correlations do in fewer rows.

    Parameters
    ----------
    blocks : list of Moments
        Consecutive in time, from ``block_moments``.
    weights : Tensor, shape (P, p)
    penalties : ndarray, shape (m,)
        For all rows, descending.

    Returns
    -------
    ndarray, shape (folds, m)
        No folds if there are too few rows.
    """
    n, n_targets = sum(block.n for block in blocks), weights.shape[1]
    descents = [_descent(fold, weights, n) for fold in folds(blocks)]
    if not descents:
        return np.empty((0, len(penalties)))
    alone = np.array([float(descent.sums()[0]) for descent in descents])[:, None]
    alone[alone <= 0] = np.nan  # nothing happens in the held-out rows

    def settled(errors: FloatArray) -> bool:
        mean, error = mean_and_error(errors[..., 0] / alone)
        best = int(mean.argmin())
        return bool(mean[-1] > mean[best] + error[best])

    sure = SURE * universal_penalty(len(weights), n)
    errors = yield from descended(descents, n_targets, penalties, sure, settled)
    return np.asarray(errors[..., 0] / alone)


def _descent(fold: Fold, weights: Tensor, n: int) -> Descent:
    """Begin the way of a fold, whose sum is the held-out error."""

    def error(coefficients: Tensor, targets: Targets) -> FloatArray:
        return held_out_error(of_targets(fold.held_out, targets), coefficients).sum()[None].numpy()

    return Descent(fold.fitted, weights, error, math.sqrt(n / fold.fitted.n))


def mean_and_error(scores: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean over folds (folds, m) and its standard error; NaN without folds."""
    if not len(scores):
        return np.full(scores.shape[1], np.nan), np.full(scores.shape[1], np.nan)
    return scores.mean(axis=0), scores.std(axis=0, ddof=1) / math.sqrt(len(scores))


def held_out_error(held_out: Moments, coefficients: Tensor) -> Tensor:
    """Return each target's mean squared error, ``variance - 2 b'C + b'Gb``, (p,).

    Parameters
    ----------
    held_out : Moments
        Of the rows to predict, without ridge.
    coefficients : Tensor, shape (P, p)
        Sparse; fitted to other rows.
    """
    gram, cross = held_out.gram.numpy(), np.ascontiguousarray(held_out.cross.numpy())
    by_target = np.ascontiguousarray(coefficients.T.numpy())
    added = np.empty(len(by_target))

    def work(start: int, stop: int) -> None:
        _added(gram, cross, by_target, added, start, stop)

    for_ranges(work, len(by_target))
    return held_out.variance + torch.from_numpy(added)


@compiled
def _added(
    gram: FloatArray,
    cross: FloatArray,
    by_target: FloatArray,
    added: FloatArray,
    start: int,
    stop: int,
) -> None:
    """Write ``b'Gb - 2 b'C`` of targets ``start`` to ``stop``; only what is not zero is read."""
    for target in range(start, stop):
        active = np.flatnonzero(by_target[target])
        total = 0.0
        for i in active:
            along = -2.0 * cross[i, target]
            for j in active:
                along += gram[i, j] * by_target[target, j]
            total += by_target[target, i] * along
        added[target] = total

"""What the drive of each place reaches by chance: the scale of the contribution map."""

from __future__ import annotations

import math
from statistics import NormalDist

import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.level import LEVEL


def drive_of_scores(scores: Tensor, amplitude: Tensor, threshold: float) -> Tensor:
    r"""Return how strongly places drive others, read from scores: (..., P, p) to (..., p).

    .. math:: A_k = \sum_{j, \text{lag}} a_j [\max(z_{kj} - \tau, 0)^2 - \max(-z_{kj} - \tau, 0)^2]
              \Big/ \sum_j a_j

    is what the lasso at penalty :math:`\lambda = \tau / \sqrt n` leaves of correlations
    :math:`z / \sqrt n` among predictors that have nothing to do with each other, which is what they
    are by chance: soft thresholding. The contribution map shows the root of :math:`A_k / n`.

    Parameters
    ----------
    scores : Tensor, shape (..., P, p)
    amplitude : Tensor, shape (p,)
        What each target counts.
    threshold : float
    """
    excess = scores - scores.clamp(-threshold, threshold)
    excess.mul_(excess.abs())
    by_lag = excess @ (amplitude / amplitude.sum())
    return by_lag.reshape(*scores.shape[:-2], -1, scores.shape[-1]).sum(dim=-2)


class ChanceReach:
    """A ``Collector`` of what a statistic of every place does by chance.

    Parameters
    ----------
    near : Tensor of bool, shape (p, p)
        Places that measure the same cell, and so do the same by chance: their draws are pooled.
    """

    def __init__(self, near: Tensor) -> None:
        self._near = near.float()
        self._draws: list[Tensor] = []

    def add(self, null: Tensor) -> None:
        """Take in draws (D, p)."""
        self._draws.append(null.float().clamp_min(0.0))

    def reach(self, level: float = LEVEL) -> Tensor:
        """Return the root of the statistic that some place exceeds in a share ``level`` of draws.

        (p,), float32: the same share of each place's own root mean square, so that a place at which
        chance does more (bursts, slow activity) has to reach more.
        """
        draws = torch.cat(self._draws)
        pooled = self._near @ draws.mean(dim=0) / self._near.sum(dim=1)
        usual = (0.5 * (pooled + pooled.mean())).sqrt().clamp_min(1e-12)
        largest = (draws.sqrt() / usual).amax(dim=1).sort().values
        return usual * largest[_rank(len(largest), level)]


class Excess:
    """A ``Collector`` that says how far a statistic exceeds what chance does anywhere.

    Parameters
    ----------
    observed : Tensor, shape (m,)
    """

    def __init__(self, observed: Tensor) -> None:
        self._observed = observed
        self._sum = torch.zeros_like(observed)
        self._largest: list[Tensor] = []

    def add(self, null: Tensor) -> None:
        """Take in draws (D, m)."""
        self._sum += null.sum(dim=0)
        self._largest.append(null.amax(dim=1))

    def evidence(self, level: float = LEVEL) -> Tensor:
        r"""Return how sure each is, (m,), float32: 1 at what a share ``level`` of draws exceeds.

        .. math:: \sqrt{\max(T_k - \bar T^0, 0) / (T^* - \bar T^0)}

        with the mean over draws and hypotheses :math:`\bar T^0` and the limit :math:`T^*` for the
        largest of all. It is above 1 where a single-step max-T test rejects.
        """
        largest = torch.cat(self._largest).sort().values
        limit = largest[_rank(len(largest), level)]
        usual = self._sum.mean() / len(largest)
        return ((self._observed - usual).clamp_min(0.0) / (limit - usual)).sqrt().float()


def _rank(draws: int, level: float) -> int:
    """Return which of the sorted draws a share ``level`` exceeds; of 19 draws the largest."""
    return min(math.ceil((1.0 - level) * (draws + 1)), draws) - 1


def relaxed(threshold: float, before: float) -> float:
    r"""Return how much further chance reaches at a threshold than at the one before, at least 1.

    The ratio of the roots of :math:`E \max(z - \tau, 0)^2` of normal scores. At higher thresholds
    chance reaches less; 1 is returned, because the strongest of a field shrinks less than most.
    """
    return max(1.0, math.sqrt(_mean_excess(threshold) / max(_mean_excess(before), 1e-300)))


def _mean_excess(threshold: float) -> float:
    normal = NormalDist()
    tail = normal.cdf(-threshold)
    return (1.0 + threshold**2) * tail - threshold * normal.pdf(threshold)

"""Adjustments of p-values for how many hypotheses are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import false_discovery_control
from torch import Tensor

from napari_sparsevar.analysis.evidence.tail import LargestOfDraws

MOST_COMPETING = 2**16
"""Of more hypotheses, only those with the largest statistics are told apart."""

BINS, LARGEST = 2048, 32.0
"""Of the histogram of null statistics."""


class StepDown:
    """Family-wise p-values: the observed against the largest statistic of each draw.

    Hypotheses are taken in the order of their statistics, and each competes only with those that
    are not ahead of it: step-down max-T (Westfall & Young 1993, algorithm 4.1; Romano & Wolf 2005,
    Econometrica 73:1237), without a word about normal tails.

    Beyond the ``MOST_COMPETING`` largest the p-value is 1, as nearly every draw's largest statistic
    beats one that so many others exceed; there they still compete with those ahead of them.

    Parameters
    ----------
    observed : Tensor, shape (m,)
    beyond : bool
        Whether what exceeds all draws is told apart by ``LargestOfDraws``; else its p-value is
        1 / (draws + 1).
    """

    def __init__(self, observed: Tensor, *, beyond: bool = False) -> None:
        self._size = len(observed)
        self._observed = observed
        self._largest = LargestOfDraws() if beyond else None
        found = torch.topk(observed, min(self._size, MOST_COMPETING), largest=True, sorted=True)
        self._order, self._sorted = found.indices.flip(0), found.values.flip(0)
        self._beaten = torch.zeros_like(self._order)
        self._draws = 0

    def add(self, null: Tensor) -> None:
        """Count draws (D, m)."""
        for draw in null:
            ahead = draw[self._order]
            if len(ahead) < self._size and len(ahead):
                others = draw.index_fill(0, self._order, -torch.inf).amax()
                ahead[0] = torch.maximum(ahead[0], others)
            largest = torch.cummax(ahead, dim=0).values
            self._beaten += largest >= self._sorted
        self._draws += null.shape[0]
        if self._largest is not None:
            self._largest.add(null)

    def p_values(self) -> Tensor:
        """Return adjusted p-values (m,), float64, larger statistics never above smaller ones."""
        raw = (1.0 + self._beaten.double()) / (1.0 + self._draws)
        adjusted = raw.new_ones(self._size)
        adjusted[self._order] = torch.cummax(raw.flip(0), dim=0).values.flip(0)
        if self._largest is None:
            return adjusted
        return self._largest.refined(adjusted, self._observed)


class PooledTail:
    """The null statistics of all hypotheses and draws as one histogram."""

    def __init__(self) -> None:
        self._counts = torch.zeros(BINS, dtype=torch.float64)

    def add(self, null: Tensor) -> None:
        """Count statistics of any shape; negative ones only in the total."""
        inside = null.clamp(0.0, LARGEST * (1 - 1e-6))
        self._counts += torch.histc(inside.float(), BINS, 0.0, LARGEST).double().cpu()

    def p_values(self, observed: Tensor) -> Tensor:
        """Return the share of the null at least as large as each observed one, float64."""
        at_least = self._counts.flip(0).cumsum(0).flip(0)
        index = (observed.cpu() / LARGEST * BINS).clamp(0, BINS - 1).long()
        return ((1.0 + at_least[index]) / (1.0 + at_least[0])).to(observed.device)


class FalseDiscovery:
    """False discovery rates (Benjamini & Hochberg 1995) of p-values from the pooled null.

    Parameters
    ----------
    observed : Tensor, shape (m,)
    """

    def __init__(self, observed: Tensor) -> None:
        self._observed, self._tail = observed, PooledTail()

    def add(self, null: Tensor) -> None:
        """Count draws (D, m)."""
        self._tail.add(null)

    def p_values(self) -> Tensor:
        """Return adjusted p-values (m,), float64."""
        return false_discovery_rates(self._tail.p_values(self._observed))


class SmallestP:
    """One p-value for several statistics: the smallest of each draw is ranked among the draws.

    Each statistic is ranked among its draws, so that they need no common scale (Westfall & Young
    1993).

    Parameters
    ----------
    observed : Tensor, shape (m,)
    """

    def __init__(self, observed: Tensor) -> None:
        self._statistics = [observed[None]]

    def add(self, null: Tensor) -> None:
        """Keep draws (D, m)."""
        self._statistics.append(null)

    def ranked(self) -> Tensor:
        """Return the p-value of each statistic alone, (1 + draws, m), the observed first."""
        statistics = torch.cat(self._statistics).T.contiguous()
        ordered = torch.sort(statistics, dim=1).values.contiguous()
        below = torch.searchsorted(ordered, statistics)
        return ((statistics.shape[1] - below).double() / statistics.shape[1]).T

    def p_values(self) -> Tensor:
        """Return the one p-value, (1,), float64."""
        best = self.ranked().amin(dim=1)
        return ((best <= best[0]).sum().double() / len(best))[None]


def false_discovery_rates(p_values: Tensor) -> Tensor:
    """Return p-values (m,) adjusted for the false discovery rate."""
    return torch.from_numpy(false_discovery_control(p_values.cpu().numpy())).to(p_values.device)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number, valid whatever their dependence (Holm 1979)."""
    order = np.argsort(p_values)
    ranked = np.asarray(p_values)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(ranked), 1.0)
    return [float(value) for value in adjusted]

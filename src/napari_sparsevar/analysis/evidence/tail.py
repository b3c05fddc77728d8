r"""What chance does beyond the draws: the tail of their largest values goes on as it begins.

Beyond a high threshold u, whatever the distribution, excesses are nearly generalised Pareto
(Pickands 1975, Ann. Stat. 3:119),

.. math:: P(x > u + y \mid x > u) = (1 + \xi y / \sigma)^{-1 / \xi}

as used for p-values of permutations by Knijnenburg et al. 2009 (Bioinformatics 25:i161) and Winkler
et al. 2016 (NeuroImage 141:502). A few dozen excesses hardly tell :math:`\xi`, and an estimate that
is too small makes p-values far too small. Hence nothing is estimated: the tail is the mean over all
:math:`\xi` and :math:`\sigma`, each as likely as it makes the excesses (a prior flat in :math:`\xi`
and :math:`\log \sigma`). Tails that end (:math:`\xi < 0`) are not believed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FloatArray = npt.NDArray[np.float64]

LEAST = 1e-6
"""No p-value is smaller: nobody has seen chance do that much."""

FEWEST = 14
"""Excesses from which a tail is told, a quarter of 59 draws. From fewer it is not."""

_SHAPES = np.linspace(0.0, 1.5, 31)[:, None, None]

_SCALES = np.geomspace(0.25, 4.0, 33)[:, None]
"""In units of the mean excess."""

_TOGETHER = 1024


class Tail:
    """The share of chance that reaches a value above all that was drawn.

    Parameters
    ----------
    largest : ndarray, shape (k + 1,)
        The largest draws. The threshold lies between the smallest two.
    drawn : int
        Draws in all.
    """

    def __init__(self, largest: FloatArray, drawn: int) -> None:
        ordered = np.sort(np.asarray(largest, dtype=np.float64))
        self._largest = float(ordered[-1])
        self._counted = 1.0 / (drawn + 1)
        self._threshold = float(ordered[:2].mean())
        excess = ordered[1:] - self._threshold
        self._unit = float(excess.mean())
        # Values that many draws have in common are no tail.
        self.told = bool(
            len(excess) >= FEWEST
            and np.isfinite(ordered).all()
            and len(np.unique(excess)) > len(excess) / 2
        )
        if not self.told:
            return
        reach = _minus_log(excess / self._unit)
        logarithm = -(reach * (1.0 + _SHAPES)).sum(axis=-1) - len(excess) * np.log(_SCALES[:, 0])
        weight = np.exp(logarithm - logarithm.max())
        self._weight = len(excess) / (drawn + 1) * weight / weight.sum()

    def share(self, values: FloatArray) -> FloatArray:
        """Return the share of chance that reaches each value, at most 1 / (draws + 1).

        Just that where the tail is not told: the largest draws are fewer than ``FEWEST``, not
        finite, or mostly the same. Meant for values above all draws.
        """
        found = np.full(len(values), self._counted)
        if not self.told:
            return found
        excess = (np.asarray(values, dtype=np.float64) - self._threshold) / self._unit
        for first in range(0, len(values), _TOGETHER):
            some = slice(first, first + _TOGETHER)
            reach = _minus_log(np.maximum(excess[some], 0.0))
            tail = np.einsum("xs,xsv->v", self._weight, np.exp(-reach))
            found[some] = np.minimum(found[some], tail)
        return found


class LargestOfDraws:
    """A ``Collector`` that tells how surprising it is to exceed all draws.

    It keeps the largest statistic of each draw, whatever the number of hypotheses, so that what it
    tells is adjusted for all of them. Of these the largest quarter is the beginning of the tail.
    """

    def __init__(self) -> None:
        self._largest: list[Tensor] = []

    def add(self, null: Tensor) -> None:
        """Take in draws (D, m)."""
        if null.shape[1]:
            self._largest.append(null.amax(dim=1).double().cpu())

    def p_values(self, observed: Tensor) -> Tensor:
        """Return shares of draws whose largest reaches each value (m,), told by the tail beyond."""
        largest = torch.cat(self._largest).sort().values
        reached = len(largest) - torch.searchsorted(largest, observed.double().cpu())
        p_values = (1 + reached).double() / (len(largest) + 1)
        return self.refined(p_values.to(observed), observed)

    def refined(self, p_values: Tensor, observed: Tensor) -> Tensor:
        """Return smaller p-values (m,), down to ``LEAST``, where all draws are exceeded.

        Elsewhere, and where the tail is not told (``Tail``), they are as they came.
        """
        if not self._largest:
            return p_values
        largest = torch.cat(self._largest).sort().values
        beyond = observed.cpu() > largest[-1]
        excesses = len(largest) // 4
        if not beyond.any() or excesses < FEWEST:
            return p_values
        tail = Tail(largest[-excesses - 1 :].numpy(), len(largest))
        share = torch.from_numpy(tail.share(observed[beyond].double().cpu().numpy()))
        refined = p_values.clone()
        beyond = beyond.to(p_values.device)
        refined[beyond] = torch.minimum(refined[beyond], share.clamp(min=LEAST).to(refined))
        return refined


def _minus_log(excess: FloatArray) -> FloatArray:
    """Return minus the logarithm of the share beyond excesses (v,), (shapes, scales, v)."""
    relative = excess / _SCALES
    heavy = np.log1p(_SHAPES[1:] * relative) / _SHAPES[1:]
    return np.concatenate([np.broadcast_to(relative, (1, *relative.shape)), heavy])

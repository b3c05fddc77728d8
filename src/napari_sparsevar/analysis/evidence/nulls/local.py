r"""Local permutation: sources meet targets of another moment at which the field is as busy.

Where everything is active together now and then, source and target vary most in the same moments.
Two series that have nothing else in common then meet more often than at any shift of one against
the other, and shifts promise too little chance. Rows are exchanged with rows of a like busyness

.. math:: l_t = -\frac1p \sum_j \log s_{tj}

with the share s of the rows in which series j is as far from its median, smoothed over ``SMOOTHED``
rows: so draws and what is observed have it in common (Kim, Neykov, Balakrishnan & Wasserman 2022,
Ann. Stat. 50:3388). An event counts for as much as it is rare, however large it is. Innovations do
not resemble those before them, so rows need not stay in order. How much series vary at each
busyness goes into the deviation of every score: ``Volatility``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import uniform_filter1d
from scipy.stats import rankdata
from torch import Tensor
from torch.nn.functional import one_hot

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.nulls.pairing import Paired
from napari_sparsevar.analysis.evidence.volatility import Volatility

TOGETHER = 0.1
"""Mean correlation of how busy two series are, from which on a field bursts.

Simulated movies, with running, bursts and stimuli too, have at most 0.07, series of 500 rows that
burst each by itself 0.03. At 0.05 shifts still hold their level, at 0.25 they do not."""

SMOOTHED = 11
"""Rows over which busyness is averaged: of a single row it is mostly chance."""

_MOST, _FEWEST, _NUMBERS = 256, 32, 2**22
"""Series whose busyness is looked at: fewer in a long recording, but not too few."""

_BUSIER = (0.5, 0.8, 0.9, 0.95)
"""Shares of rows that are less busy than each class that may vary more."""

_NEAREST = 20


@dataclass(frozen=True, eq=False)
class LocalPermutation:
    """A ``Pairing`` that exchanges rows among those next to each other in rank.

    Attributes
    ----------
    rank : ndarray of float64, shape (n,)
        How busy each row is, from 1 to n; equal ones share the mean of their ranks.
    """

    rank: npt.NDArray[np.float64]

    @property
    def n_rows(self) -> int:
        """Rows of the recording."""
        return len(self.rank)

    @property
    def needed(self) -> int:
        """A recording of fewer rows is refused: rows among which to choose."""
        return 10 * _NEAREST

    def most_draws(self) -> int:
        """Return how many permutations there are: enough."""
        return 2**31

    def batches(self, draws: int, together: int, width: int, seed: int) -> Iterator[Paired]:
        """Yield so many draws of all rows: fewer would hold other bursts than the whole."""
        rng, rows = np.random.default_rng(seed), torch.arange(self.n_rows)
        for first in range(0, draws, together):
            some = [self._partners(rng) for _ in range(min(together, draws - first))]
            yield Paired(rows, torch.from_numpy(np.stack(some, axis=1)))

    def _partners(self, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Return the row of the targets that each row of sources meets, each once."""
        reach = max(_NEAREST, math.sqrt(self.n_rows))
        sources, targets = (
            np.argsort(self.rank + reach * rng.random(self.n_rows)) for _ in range(2)
        )
        partners = np.empty(self.n_rows, np.int64)
        partners[sources] = targets
        return partners

    def centred(self, values: Tensor) -> Tensor:
        """Return rows as they are: nothing is kept."""
        return values


class Busyness(NamedTuple):
    """How busy a field is.

    Attributes
    ----------
    rows : ndarray of float64, shape (n,)
        How far series are from their median, around each row.
    shared : float
        Mean correlation of it between series that are tested against each other.
    """

    rows: npt.NDArray[np.float64]
    shared: float


def busyness(residual: Tensor, tested: Tensor) -> Busyness:
    """Return how busy the rows of series (n, p) are; ``tested`` (p, p) says which pairs count."""
    n_rows, size = residual.shape
    looked_at = min(size, int(np.clip(_NUMBERS // n_rows, _FEWEST, _MOST)))
    chosen = torch.linspace(0, size - 1, looked_at).long().to(residual.device)
    values = residual[:, chosen].cpu().numpy()
    away = np.abs(values - np.median(values, axis=0))
    rarer = (rankdata(away, axis=0) - 0.5) / len(away)
    busy = uniform_filter1d(-np.log1p(-rarer), SMOOTHED, axis=0, mode="nearest")
    rows = busy.mean(axis=1)
    busy -= busy.mean(axis=0)
    busy /= np.maximum(np.sqrt(np.square(busy).sum(axis=0)), 1e-12)
    counted = tested[chosen][:, chosen].cpu().numpy()
    shared = float((busy.T @ busy)[counted].mean()) if counted.any() else 0.0
    return Busyness(rows, shared)


def busyness_of(effects: PlaceEffects) -> Busyness:
    """Return how busy the targets of effects are, each with the sources that are tested."""
    size = effects.z.shape[1]
    tested = effects.z.isfinite().reshape(-1, size, size).any(dim=0)
    return busyness(effects.target_residual, tested)


def among_alike(
    effects: PlaceEffects, busy: npt.NDArray[np.float64]
) -> tuple[PlaceEffects, LocalPermutation]:
    """Return effects whose deviations follow how busy each row is (n,), and the null of it.

    What deviations follow already, such as covariates, they go on to follow.
    """
    classes = np.searchsorted(np.quantile(busy, _BUSIER), busy, side="right")
    columns = one_hot(torch.from_numpy(classes), len(_BUSIER) + 1).float()
    columns = columns[:, columns.any(dim=0)]
    if effects.volatility is not None:
        columns = torch.cat([columns, effects.volatility.columns.cpu()], dim=1)
    volatility = Volatility.of(effects.source_residual, effects.target_residual, columns)
    return replace(effects, volatility=volatility), LocalPermutation(rankdata(busy))

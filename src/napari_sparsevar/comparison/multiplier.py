r"""The null distribution of many studentised sums of blocks: random signs.

Under the null hypothesis every block of a sum is as likely positive as negative. With random signs
:math:`\xi` (one for each block, the same for all edges),

.. math:: T_e = \frac{\sum_b s_{be}}{\sqrt{\sum_b s_{be}^2}}, \qquad
          T^*_e = \frac{\sum_b \xi_b s_{be}}{\sqrt{\sum_b s_{be}^2}},

the largest :math:`|T^*|` of each draw makes the null distribution of a whole family of edges
(Westfall & Young 1993; block multipliers: Zhang & Cheng 2014, arXiv:1406.4373). Signs leave the
denominator as it is, so that heavy tails do no harm; with Gaussian multipliers, p-values of
heavy-tailed scores were far too large.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from scipy.stats import norm
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjusted_p_values import NOTABLE, place_statistic
from napari_sparsevar.analysis.evidence.adjustments import (
    PooledTail,
    StepDown,
    false_discovery_rates,
)
from napari_sparsevar.analysis.evidence.testing import Null

_NUMBERS_TOGETHER = 2**22
_CANDIDATES = 50
_CANDIDATES_AT_MOST = 8192
_DRAWS_OF_TAIL = 64


class EdgeTests(NamedTuple):
    """What random signs say about a family of edges.

    Attributes
    ----------
    statistic : float
        The larger of two, each in standard deviations of its null distribution: the largest edge,
        and the largest place, which adds up its edges. One edge that changed a lot shows in the
        first, many that changed a little in the second.
    p_value : float
    null : Tensor, shape (draws,)
        Of the statistic.
    largest : Tensor, shape (draws,)
        Largest statistic of an edge in each draw.
    adjusted : Tensor, shape (P, p)
        Family-wise (step-down) adjusted p-values, NaN where not tested.
    fdr : Tensor, shape (P, p)
        Benjamini & Hochberg 1995, from the null statistics of all edges together.
    places : Tensor, shape (p,)
        Family-wise adjusted p-values of places as sources.
    place_statistic : Tensor, shape (p,)
    place_balance : Tensor, shape (p,)
        From -1, all of the place statistic from edges that fell, to 1, all from edges that rose.
    place_chance : float
        What the largest ``place_statistic`` exceeds in half of the draws.
    """

    statistic: float
    p_value: float
    null: Tensor
    largest: Tensor
    adjusted: Tensor
    fdr: Tensor
    places: Tensor
    place_statistic: Tensor
    place_balance: Tensor
    place_chance: float


class SignedSums:
    """Collects edges target by target and draws their null as they come; each is seen once.

    Parameters
    ----------
    tested : Tensor of bool, shape (P, p)
    null : Null
        Draws are factors of blocks, (D, blocks): ``RandomSigns``.
    """

    def __init__(self, tested: Tensor, null: Null) -> None:
        self._null = null
        self._tested = tested
        self._statistic = torch.zeros(tested.shape)
        self._rest = torch.zeros(null.draws)
        self._places = torch.zeros(null.draws, tested.shape[1])
        self._tail = PooledTail()
        self._candidates: list[tuple[Tensor, Tensor]] = []
        family = max(int(tested.sum()), 1)
        self._cut = float(norm.isf(min(0.25, _CANDIDATES / family / 2)))
        self._room = _CANDIDATES_AT_MOST

    def add(self, blocks: Tensor, targets: slice) -> tuple[Tensor, Tensor]:
        """Take the block sums (blocks, P, targets) of some targets; they are overwritten.

        Returns
        -------
        total, spread : Tensor, shape (P, targets)
            Sum over blocks and root of the summed squares.
        """
        tested = self._tested[:, targets]
        total = blocks.sum(dim=0)
        spread = torch.linalg.vector_norm(blocks, dim=0)
        blocks /= spread.clamp_min(1e-30)
        blocks *= tested
        statistic = blocks.sum(dim=0)
        self._statistic[:, targets] = statistic
        chosen = self._choose(statistic)
        self._draw(blocks.flatten(1), chosen, tested.shape)
        row, column = chosen // tested.shape[1], chosen % tested.shape[1]
        where = torch.stack([row, column + targets.start])
        for factors in self._null.batches(self._null.draws):
            self._candidates.append((where, (factors @ blocks.flatten(1)[:, chosen]).abs_()))
        return total, spread

    def _choose(self, statistic: Tensor) -> Tensor:
        """Return the flat index of edges that may turn out significant."""
        flat = statistic.abs().flatten()
        chosen = torch.nonzero(flat > self._cut)[:, 0]
        if len(chosen) > self._room:
            chosen = torch.topk(flat, self._room).indices
        self._room -= len(chosen)
        return chosen

    def _draw(self, scaled: Tensor, chosen: Tensor, shape: tuple[int, ...]) -> None:
        n_places = self._tested.shape[1]
        used = (scaled != 0).any(dim=0)  # not where nothing is tested or nothing ever changes
        together = max(1, _NUMBERS_TOGETHER // max(scaled.shape[1], 1))
        start = 0
        for factors in self._null.batches(together):
            batch = slice(start, start + len(factors))
            null = (factors @ scaled).abs_()
            if start < _DRAWS_OF_TAIL:
                self._tail.add(null[: _DRAWS_OF_TAIL - start][:, used])
            kept = null[:, chosen]
            null[:, chosen] = 0.0
            torch.maximum(self._rest[batch], null.amax(dim=1), out=self._rest[batch])
            null[:, chosen] = kept
            excess = null.sub_(NOTABLE).clamp_min_(0.0).square_()
            excess = excess.reshape(len(null), -1, n_places, shape[1])
            self._places[batch] += excess.sum(dim=(1, 3))
            start = batch.stop

    def results(self) -> EdgeTests:
        """Return all p-values, once every target has been added."""
        where = torch.cat([index for index, _ in self._candidates], dim=1)
        null = torch.cat([values for _, values in self._candidates], dim=1)
        statistic = self._statistic.abs()
        largest = torch.maximum(self._rest, null.amax(dim=1)) if null.numel() else self._rest
        draws = len(largest)
        adjusted = self._adjusted(statistic, where[0], where[1], null)
        edge = torch.full(statistic.shape, math.nan, dtype=torch.float64)
        edge[self._tested] = adjusted[self._tested]
        fdr = edge.clone()
        pooled = self._tail.p_values(statistic[self._tested])
        fdr[self._tested] = false_discovery_rates(pooled)
        place = place_statistic(statistic)
        places = StepDown(place)
        places.add(self._places)
        by_edge = torch.cat([statistic.max()[None], largest])
        by_place = torch.cat([place.max()[None], self._places.amax(dim=1)])
        combined = torch.maximum(_standard(by_edge), _standard(by_place.log1p()))
        beaten = int((combined[1:] >= combined[0]).sum())
        return EdgeTests(
            float(combined[0]),
            (1 + beaten) / (1 + draws),
            combined[1:],
            largest,
            edge,
            fdr,
            places.p_values(),
            place,
            _balance(self._statistic, place),
            float(self._places.amax(dim=1).median()),
        )

    def _adjusted(self, statistic: Tensor, row: Tensor, column: Tensor, null: Tensor) -> Tensor:
        """Step down through the candidates; the rest competes with each of them and with itself."""
        draws = len(self._rest)
        ordered = torch.sort(self._rest).values
        beaten = draws - torch.searchsorted(ordered, statistic.flatten()).reshape(statistic.shape)
        adjusted = (1.0 + beaten.double()) / (1.0 + draws)
        if not len(row):
            return adjusted
        # The largest of the rest is one more competitor, which none is ahead of.
        stepping = StepDown(torch.cat([torch.tensor([-math.inf]), statistic[row, column]]))
        stepping.add(torch.cat([self._rest[:, None], null], dim=1))
        stepped = stepping.p_values()[1:]
        adjusted.clamp_min_(float(stepped.max()))
        adjusted[row, column] = stepped
        return adjusted


def _standard(values: Tensor) -> Tensor:
    return (values - values.mean()) / values.std().clamp_min(1e-12)


def _balance(statistic: Tensor, place: Tensor) -> Tensor:
    """Return the share of rising edges less that of falling ones, 0 for a place with neither."""
    risen = place_statistic(statistic.clamp_min(0.0))
    return (2.0 * risen - place) / place.clamp_min(1e-12)

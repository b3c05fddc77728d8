r"""Who leads: whether sources foretell their targets more than these foretell them.

A noisy source leaves some of its past for its follower to tell; two places that share light, or are
reached by something in the same frame, foretell each other. Both are beyond chance, and neither
says who drives whom. But all series are filtered alike, so that whatever two of them share in the
same frame makes the sums over frames of drives d and innovations e

.. math:: S_{kj} = \sum_t d_{tk} e_{t+l,j}, \qquad
          D_{kj} = (S_{kj} - S_{jk}) \Big/
                   \sqrt{\sum_t d_{tk}^2 e_{t+l,j}^2 + d_{tj}^2 e_{t+l,k}^2}

the same in both directions, and D is 0 but for chance. Only who leads makes it larger. It is the
test against the reversed recording (Haufe et al. 2013, NeuroImage 64:120; Winkler et al. 2016, IEEE
Trans. Signal Process. 64:2746). Two cells that drive each other equally are not told apart by it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from scipy.stats import false_discovery_control
from torch import Tensor
from torch.nn.functional import pad

from napari_sparsevar.analysis.evidence.adjusted_p_values import AdjustedPValues
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.nulls.pairing import Paired, Pairing, partner_values
from napari_sparsevar.analysis.evidence.tail import LargestOfDraws
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.model.embedded_var import LaggedPairs

NOTABLE = 3.0
"""The net flow of a place counts the targets with which it has this much to do, both ways together:
what is chosen by its sum says nothing of its difference."""

_BLOCK = 30
"""Rows over which flow is added up before its deviation is taken: what many places do together
lasts, and rows one after the other say the same."""

_FEWEST_DRAWS, _MOST_DRAWS, _PLACES_DRAWN, _EDGES_DRAWN = 3, 199, 2**16, 2**14
"""Draws: so many that about as many places are drawn; fewer for edges, pooled over all pairs."""

_TOLD_DRAWS, _TOLD_PLACES = 59, 512
"""So many draws at least, of edges up to so many places: what exceeds all can be told apart. Those
of places alone cost little."""

_ROWS_TOGETHER, _NUMBERS_TOGETHER = 128 * _BLOCK, 2**22


@dataclass(frozen=True, eq=False)
class Asked:
    """Edges and places whose direction is asked for, because they are beyond chance.

    Attributes
    ----------
    edges : Tensor of bool, shape (P, p)
    places : Tensor of bool, shape (p,)
    sign : Tensor, shape (P, p)
        Whether each effect is positive or negative.
    negative : Tensor of bool, shape (P, p), optional
        Pairs of which a negative effect counts for the place; by default all.
    fewest : int, optional
        Directions that are adjusted for, at least. By default all that could be asked for: all
        places, and all pairs that have notably to do with each other.
    unclear : Tensor of bool, shape (p, p), optional
        Pairs of which the target is read before the source in every frame: what happens to both at
        once between the two seems to come from the source. They are no targets of each other.
    """

    edges: Tensor
    places: Tensor
    sign: Tensor
    negative: Tensor | None = None
    fewest: int | None = None
    unclear: Tensor | None = None

    @property
    def anything(self) -> bool:
        """Whether there is a direction to be asked for."""
        return bool(self.edges.any() or self.places.any())


class Leading(NamedTuple):
    """How surely the source leads, where that was asked for; NaN elsewhere.

    Attributes
    ----------
    edge, edge_fdr : Tensor, shape (P, p)
        P-values adjusted for all edges asked for: family-wise, and for the false discovery rate.
    place : Tensor, shape (p,)
        Family-wise: that a place leads no more than it follows.
    """

    edge: Tensor
    edge_fdr: Tensor
    place: Tensor


def leading(
    pairs: LaggedPairs, near: Tensor, asked: Asked, pairing: Pairing, seed: int = 0
) -> Generator[float, None, Leading]:
    """Test who leads; yield the fraction done.

    P-values are shares of the same statistics of all pairs, or places, when drives are paired with
    innovations of another time: heavy tails are theirs as well. Those asked for were chosen because
    they foretell much, some of them by chance: others count in the adjustment too (``fewest``).

    Parameters
    ----------
    pairs : LaggedPairs
        Drives (n, P) and innovations (n, p), of each series in one unit.
    near : Tensor of bool, shape (p, p)
        Places that measure the same cell: they are no targets of each other.
    asked : Asked
    pairing : Pairing
        The null.
    seed : int
    """
    p = pairs.following.shape[1]
    pairs = LaggedPairs(*(pairing.centred(each) for each in pairs))
    aligned = torch.arange(len(pairs.past))
    as_it_is = Paired(aligned, aligned[:, None])
    apart = ~near.repeat(len(asked.edges) // p, 1)
    observed = _sums(pairs, as_it_is)
    clear = apart if asked.unclear is None else apart & ~_at_each_lag(asked.unclear, apart)
    together = _together(observed)
    weights = _weights(together, clear, asked.negative)
    both = torch.sign(together)
    # Positive only where the effect and what the two have in common have its sign.
    lead = _asymmetry(observed)
    lead = torch.minimum(lead * asked.sign, lead * both)
    flows = _NetFlow(pairs, weights)
    flow = flows.of(as_it_is)
    draws = int(np.clip(_PLACES_DRAWN // p, _TOLD_DRAWS, _MOST_DRAWS))
    draws = min(draws, pairing.most_draws())
    least = _TOLD_DRAWS if p <= _TOLD_PLACES else _FEWEST_DRAWS
    of_edges = min(draws, max(_EDGES_DRAWN // p, least))
    edges, places = Exceeding(lead[asked.edges]), Exceeding(flow[asked.places])
    for done, paired in enumerate(pairing.batches(draws, 1, pairing.n_rows, seed), 1):
        if done <= of_edges:
            edges.add(_asymmetry(_sums(pairs, paired))[apart])
        places.add(flows.of(paired))
        yield done / draws
    notable = (together.abs() >= NOTABLE) & apart
    return _adjusted(asked, edges, places, int(notable.sum()), int(apart.sum()))


def _adjusted(
    asked: Asked, edges: Exceeding, places: Exceeding, notable: int, pairs: int
) -> Leading:
    """Adjust what was asked for others, given how many pairs are notable and how many there are."""
    edge, edge_fdr = (torch.full(asked.edges.shape, torch.nan) for _ in range(2))
    place = torch.full(asked.places.shape, torch.nan)
    if asked.fewest is None:
        edge[asked.edges] = edges.family_wise(notable)
        place[asked.places] = places.among_largest()
    else:
        edge[asked.edges] = edges.family_wise(min(asked.fewest, pairs))
        place[asked.places] = places.family_wise(min(asked.fewest, len(asked.places)))
    edge_fdr[asked.edges] = _false_discovery(edges.share())
    return Leading(edge, edge_fdr, place)


def led(
    found: AdjustedPValues,
    sign: Tensor,
    read_rows: Callable[[], LaggedPairs],
    fitted: FittedVar,
    *,
    fewest: int | None = None,
    negative: Tensor | None = None,
    unclear: Tensor | None = None,
    seed: int = 0,
) -> Generator[float, None, AdjustedPValues]:
    """Ask who leads wherever something is beyond chance; the larger of both p-values counts.

    What is beyond chance and unclear has no p-value (NaN).

    Parameters
    ----------
    found : AdjustedPValues
    sign : Tensor, shape (P, p)
        Of the effects.
    read_rows : callable
        Gives the rows that were tested; called only if there is something to ask.
    fitted : FittedVar
    fewest, negative, unclear : int and Tensor
        See ``Asked``.
    seed : int
    """
    edges = (found.edge <= LEVEL) | (found.edge_fdr <= LEVEL)
    if unclear is not None:
        unknown = edges & _at_each_lag(unclear, edges)
        edges = edges & ~unknown
        found = replace(
            found,
            edge=found.edge.masked_fill(unknown, torch.nan),
            edge_fdr=found.edge_fdr.masked_fill(unknown, torch.nan),
        )
    asked = Asked(edges, found.place <= LEVEL, sign.float(), negative, fewest, unclear)
    if not asked.anything:
        return found
    pairs, near = _in_one_unit(read_rows(), fitted), torch.from_numpy(fitted.near)
    leads = yield from leading(pairs, near, asked, found.pairing, seed)
    return replace(
        found,
        edge=_larger(found.edge, leads.edge),
        edge_fdr=_larger(found.edge_fdr, leads.edge_fdr),
        place=_larger(found.place, leads.place),
    )


def _at_each_lag(pairs: Tensor, like: Tensor) -> Tensor:
    """Return what holds of pairs (p, p) at every lag, (P, p)."""
    return pairs.repeat(len(like) // len(pairs), 1)


def _in_one_unit(pairs: LaggedPairs, fitted: FittedVar) -> LaggedPairs:
    """Return rows whose drives and innovations of a series have the same unit."""
    unit = (fitted.own.drive_scale / fitted.own.scale).to(pairs.past)
    return LaggedPairs(pairs.past * unit.repeat(fitted.lags), pairs.following)


def _larger(p_values: Tensor, leads: Tensor) -> Tensor:
    """Return the larger of both p-values where the direction was asked for."""
    return torch.where(leads.isnan(), p_values, torch.maximum(p_values, leads.to(p_values)))


class _Sums(NamedTuple):
    """Over rows of drives times innovations, and of their squares, (P, p) both."""

    score: Tensor
    square: Tensor


def _sums(pairs: LaggedPairs, paired: Paired) -> _Sums:
    shape = pairs.past.shape[1], pairs.following.shape[1]
    score, square = pairs.past.new_zeros(shape), pairs.past.new_zeros(shape)
    for rows, partners in _pieces(paired):
        drives, innovations = pairs.past[rows], partner_values(pairs.following, partners)
        score.addmm_(drives.T, innovations)
        square.addmm_(drives.square_().T, innovations.square_())
    return _Sums(score, square)


def _pieces(paired: Paired) -> Iterator[tuple[Tensor, Tensor]]:
    """Return some rows and their partners at a time: squares of all would be two more copies."""
    both = paired.rows, paired.partners[:, 0]
    return zip(*(each.split(_ROWS_TOGETHER) for each in both), strict=True)


def _reversed(values: Tensor) -> Tensor:
    """Return what holds from target to source at the same lag, (P, p)."""
    p = values.shape[1]
    return values.reshape(-1, p, p).transpose(1, 2).reshape(values.shape)


def _spread(sums: _Sums) -> Tensor:
    """Return the standard deviation of the scores of both directions together, (P, p)."""
    return (sums.square + _reversed(sums.square)).clamp_min_(1e-20).sqrt_()


def _asymmetry(sums: _Sums) -> Tensor:
    return (sums.score - _reversed(sums.score)).div_(_spread(sums))


def _together(sums: _Sums) -> Tensor:
    """Return how much pairs have to do with each other, whoever leads, (P, p)."""
    return (sums.score + _reversed(sums.score)).div_(_spread(sums))


def _weights(together: Tensor, apart: Tensor, negative: Tensor | None) -> Tensor:
    """Return which targets count in the net flow of each place, (P, p): the same both ways."""
    sign = torch.sign(together)
    if negative is not None:
        sign = sign.where((sign > 0) | negative, torch.zeros_like(sign))
    return sign * ((together.abs() >= NOTABLE) & apart)


class _NetFlow:
    """How much more each place leads its notable targets than they lead it.

    What the targets of a place do together is the same in all draws, and is made once.

    Parameters
    ----------
    pairs : LaggedPairs
    weights : Tensor, shape (P, p)
        Which targets count.
    """

    def __init__(self, pairs: LaggedPairs, weights: Tensor) -> None:
        p = weights.shape[1]
        self._innovations, self._drives = pairs.following, pairs.past.split(p, dim=1)
        by_lag = weights.split(p)
        self._leading = [pairs.following @ weight.T for weight in by_lag]
        self._following = [
            drives @ weight.T for drives, weight in zip(self._drives, by_lag, strict=True)
        ]

    def of(self, paired: Paired) -> Tensor:
        """Return the flow over its standard deviation, told by that of blocks, (p,)."""
        total = self._innovations.new_zeros(self._innovations.shape[1])
        square, blocks = torch.zeros_like(total), 0
        for rows, partners in _pieces(paired):
            innovations = partner_values(self._innovations, partners)
            flow = torch.zeros_like(innovations)
            by_lag = zip(self._drives, self._leading, self._following, strict=True)
            for drives, targets, following in by_lag:
                flow += drives[rows].mul_(partner_values(targets, partners))
                flow -= following[rows].mul_(innovations)
            added = pad(flow, (0, 0, 0, -len(flow) % _BLOCK)).unflatten(0, (-1, _BLOCK)).sum(dim=1)
            total += added.sum(dim=0)
            square += added.square_().sum(dim=0)
            blocks += len(added)
        spread = square - total.square() / max(blocks, 1)
        return total / spread.clamp_min_(0.0).sqrt_().clamp_min_(1e-10)


class Exceeding:
    """Counts how much of what is by chance reaches each value; a draw is not kept."""

    def __init__(self, values: Tensor) -> None:
        self._values = values
        self._ascending, self._order = values.sort()
        self._largest = LargestOfDraws()
        self._reached = torch.zeros(len(values) + 1, dtype=torch.int64)
        self._drawn = 0

    def add(self, drawn: Tensor) -> None:
        """Take in the statistics of a draw."""
        for some in drawn.split(_NUMBERS_TOGETHER):
            reached = torch.searchsorted(self._ascending, some, right=True)
            self._reached += torch.bincount(reached, minlength=len(self._reached))
        self._drawn += len(drawn)
        self._largest.add(drawn[None])

    def share(self) -> Tensor:
        """Return the share of what is by chance that reaches each value, as they came."""
        at_least = self._reached.flip(0).cumsum(0).flip(0)[1:]
        share = (at_least + 1) / (self._drawn + 1)
        return torch.empty_like(share).index_copy_(0, self._order, share)

    def family_wise(self, fewest: int) -> Tensor:
        """Adjust for all values, step-down (Holm 1979, Scand. J. Stat. 6:65), and so many at least.

        What exceeds all draws of all places, and so is adjusted already, is told by them as well.
        """
        share = self.share()
        order = share.argsort()
        left = torch.arange(len(share), 0, -1, device=share.device).clamp(min=fewest)
        adjusted = (share[order] * left).cummax(dim=0).values if len(share) else share
        adjusted = torch.empty_like(share).index_copy_(0, order, adjusted.clamp(max=1.0))
        return self._largest.refined(adjusted, self._values)

    def among_largest(self) -> Tensor:
        """Adjust for all that was drawn together: shares of draws whose largest reaches a value."""
        return self._largest.p_values(self._values)


def _false_discovery(share: Tensor) -> Tensor:
    if not len(share):
        return share
    return torch.from_numpy(false_discovery_control(share.double().numpy())).to(share)

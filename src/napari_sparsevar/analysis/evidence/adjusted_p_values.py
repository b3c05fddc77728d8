"""Adjusted p-values of edges and of places that drive, against sources of another time."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjustments import FalseDiscovery, StepDown
from napari_sparsevar.analysis.evidence.chance import ChanceReach, Excess
from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.nulls.pairing import (
    MOST_ROWS,
    PairedScores,
    Pairing,
    steady_scores,
)
from napari_sparsevar.analysis.evidence.nulls.shifted import ShiftedTimes
from napari_sparsevar.analysis.evidence.testing import Collector, Family, Statistic, draw

NOTABLE = 2.0
"""A place adds up by how much its scores exceed this."""

BATCH = 2**21
"""Scores computed together, in numbers."""


@dataclass(frozen=True, eq=False)
class AdjustedPValues:
    r"""How surprising the effects are, given how many were looked at.

    Attributes
    ----------
    edge : Tensor, shape (P, p)
        Family-wise: of all edges with ``edge <= 0.05``, any false one is there with probability
        0.05. NaN where the effect is.
    edge_fdr : Tensor, shape (P, p)
        Benjamini & Hochberg 1995 on p-values from the pooled null scores of all pairs: the share of
        false ones among edges with ``edge_fdr <= q`` is q on average.
    place : Tensor, shape (p,)
        Family-wise, over places that drive any distant target; NaN for a place without one.
    place_statistic : Tensor, shape (p,)
        :math:`T_k = \sum_{j, \text{lag}} \max(z_{kj} - 2, 0)^2`: many small positive effects count
        as well as a large one.
    place_evidence : Tensor, shape (p,)
        ``Excess`` of the place statistic: above 1 where a place drives more than chance anywhere.
    reach : Tensor, shape (p,)
        ``ChanceReach`` of the statistic that was asked for; NaN where none was.
    draws : int
        Pairings drawn; p-values below 1 / (draws + 1) are told by ``LargestOfDraws``.
    pairing : Pairing
        The null.
    """

    edge: Tensor
    edge_fdr: Tensor
    place: Tensor
    place_statistic: Tensor
    place_evidence: Tensor
    reach: Tensor
    draws: int
    pairing: Pairing


def adjusted_p_values(
    effects: PlaceEffects,
    draws: int = 199,
    seed: int = 0,
    pairing: Pairing | None = None,
    rates: bool = True,
    drive: Statistic | None = None,
    near: Tensor | None = None,
    counted: Statistic | None = None,
    rare_events: bool = False,
    level: float = LEVEL,
) -> Generator[float, None, AdjustedPValues]:
    """Adjust for the number of edges and places looked at; yield the fraction done.

    Parameters
    ----------
    effects : PlaceEffects
    draws : int
        Fewer are made when the recording has fewer different ones.
    seed : int
    pairing : Pairing, optional
        The null, of which effects are free on average (``centred_effects``); by default
        ``ShiftedTimes``.
    rates : bool
        Compute ``edge_fdr``, else NaN: the null of all pairs costs a fifth of the time.
    drive : Statistic, optional
        Of every place, (D, P, p) to (D, p): what it reaches by chance is told as ``reach``.
    near : Tensor of bool, shape (p, p), optional
        For ``ChanceReach``; by default no place is like another.
    counted : Statistic, optional
        What of the scores counts for places, (D, P, p) of both: by default the positive ones.
    rare_events : bool
        Whether series are events that seldom meet: scores are ``steady_scores``, and draws as long
        as the recording, because the largest score of fewer rows is smaller. So they are wherever
        it is known how much series vary in each row.
    level : float
        Of a test of all places: that at which ``place_evidence`` is 1.

    Raises
    ------
    UserError
        If the recording is too short for ``PairedScores``.
    """
    n_rows = len(effects.source_residual)
    if pairing is None:
        pairing = ShiftedTimes.of(effects)
    steady = rare_events or effects.volatility is not None
    null = PairedScores(effects, pairing, draws, seed, steady, n_rows if steady else MOST_ROWS)
    z = (steady_scores(effects) if steady else effects.z).float()
    tested = z.isfinite()
    where_tested = torch.nonzero(tested.flatten())[:, 0]

    def of_edges(scores: Tensor) -> Tensor:
        return scores.flatten(1).index_select(1, where_tested).abs_()

    def of_places(scores: Tensor) -> Tensor:
        return place_statistic(scores if counted is None else counted(scores), tested)

    edge_scores, statistic = of_edges(z[None])[0], of_places(z[None])[0]
    edges, places = StepDown(edge_scores, beyond=True), StepDown(statistic, beyond=True)
    pooled = FalseDiscovery(edge_scores) if rates else None
    of_each: list[Collector] = [edges] if pooled is None else [edges, pooled]
    sure = Excess(statistic)
    families = [Family(of_places, [places, sure]), Family(of_edges, of_each)]
    reach = ChanceReach(torch.eye(z.shape[1]) if near is None else near)
    if drive is not None:
        families.append(Family(drive, [reach]))
    yield from draw(null, families, BATCH // z.numel())
    edge = torch.full_like(effects.z, torch.nan)
    edge_fdr = edge.clone()
    edge[tested] = edges.p_values().to(edge)
    if pooled is not None:
        edge_fdr[tested] = pooled.p_values().to(edge)
    can_drive = tested.reshape(-1, z.shape[1], z.shape[1]).any(dim=2).any(dim=0)
    place = places.p_values().masked_fill(~can_drive, torch.nan)
    unknown = torch.full_like(statistic, torch.nan)
    reached = unknown if drive is None else reach.reach()
    evidence = sure.evidence(level)
    return AdjustedPValues(edge, edge_fdr, place, statistic, evidence, reached, null.draws, pairing)


def place_statistic(scores: Tensor, tested: Tensor | None = None) -> Tensor:
    r"""Return :math:`\sum \max(z - 2, 0)^2` over targets and lags: (..., P, p) to (..., p).

    Parameters
    ----------
    scores : Tensor, shape (..., P, p)
    tested : Tensor of bool, shape (P, p), optional
        Others count nothing.
    """
    excess = (scores - NOTABLE).clamp_min_(0.0).square_()
    if tested is not None:
        excess.masked_fill_(~tested, 0.0)
    by_lag = excess.sum(dim=-1).reshape(*scores.shape[:-2], -1, scores.shape[-1])
    return by_lag.sum(dim=-2)

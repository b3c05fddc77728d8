r"""Adjusted p-values for edges and places from sources paired with targets of another time.

Against the past of another time, no source can help to predict. Shifting all targets by one
offset keeps what makes chance large (autocorrelation, bursts, correlation among sources and among
targets) and leaves only chance. Over many offsets, the largest statistic of each is the null
distribution for a whole family of hypotheses (Westfall & Young 1993; Romano & Wolf 2005,
Econometrica 73:1237), without a word about normal tails.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.errors import UserError

WINDOW = 4096
"""Rows in a draw; more would cost time. Short windows hold other bursts than the whole: windows of
2048 out of 3000 bursty rows gave 12 % false positives at 5 %, all rows 7 %."""

SHORTEST_OFFSET = 20
"""Rows between paired sources and targets, at least."""

DECORRELATIONS = 5
"""Decorrelation times between paired sources and targets, at least."""

FEWEST_OFFSETS = 10
"""A recording shorter than this many smallest offsets is refused: too few and too alike."""

FEWEST_DECORRELATIONS = 100
"""A recording shorter than this many decorrelation times is refused.

At 50 of them a target's own history, fitted from so little, biases its residual: 15 % of recordings
without any edge showed one at 5 %."""

NOTABLE = 2.0
"""A place adds up by how much its z scores exceed this."""

BATCH = 2**21
"""Scores computed together, in numbers."""

BINS, LARGEST = 2048, 32.0
"""Of the histogram of null scores."""


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
    draws : int
        Offsets drawn; the smallest p-value is 1 / (draws + 1).
    minimum_offset : int
        Rows.
    """

    edge: Tensor
    edge_fdr: Tensor
    place: Tensor
    place_statistic: Tensor
    draws: int
    minimum_offset: int


class StepDown:
    """Counts, for each observed statistic, the draws whose largest among the lesser ones beats it.

    Hypotheses are taken in the order of their statistics, and each competes only with those that
    are not ahead of it: step-down max-T (Westfall & Young 1993, algorithm 4.1).

    Parameters
    ----------
    observed : Tensor, shape (m,)
    """

    def __init__(self, observed: Tensor) -> None:
        self._order = torch.argsort(observed)
        self._sorted = observed[self._order]
        self._beaten = torch.zeros_like(self._order)
        self._draws = 0

    def add(self, null: Tensor) -> None:
        """Count draws (D, m)."""
        for draw in null:
            largest = torch.cummax(draw[self._order], dim=0).values
            self._beaten += largest >= self._sorted
        self._draws += null.shape[0]

    def p_values(self) -> Tensor:
        """Return adjusted p-values (m,), float64, larger statistics never above smaller ones."""
        raw = (1.0 + self._beaten.double()) / (1.0 + self._draws)
        adjusted = torch.empty_like(raw)
        adjusted[self._order] = torch.cummax(raw.flip(0), dim=0).values.flip(0)
        return adjusted


class PooledTail:
    """The null scores of all pairs and draws as one histogram."""

    def __init__(self) -> None:
        self._counts = torch.zeros(BINS, dtype=torch.float64)

    def add(self, null: Tensor) -> None:
        """Count scores of any shape; negative ones only in the total."""
        inside = null.clamp(0.0, LARGEST * (1 - 1e-6))
        self._counts += torch.histc(inside.float(), BINS, 0.0, LARGEST).double().cpu()

    def p_values(self, observed: Tensor) -> Tensor:
        """Return the share of null scores at least as large as each observed one, float64."""
        at_least = self._counts.flip(0).cumsum(0).flip(0)
        index = (observed.cpu() / LARGEST * BINS).clamp(0, BINS - 1).long()
        return ((1.0 + at_least[index]) / (1.0 + at_least[0])).to(observed.device)


def adjusted_p_values(
    effects: PlaceEffects,
    draws: int = 199,
    seed: int = 0,
    two_sided: bool = True,
    minimum_offset: int | None = None,
) -> Generator[float, None, AdjustedPValues]:
    r"""Adjust for the number of edges and places looked at; yield the fraction done.

    Every draw shifts the targets against the sources by a random offset and studentises as for the
    observed effects,

    .. math:: z^0_{kj} = \sum_t N_{tk} R_{t+s,j} \Big/ \sqrt{\sum_t N_{tk}^2 R_{t+s,j}^2} .

    Parameters
    ----------
    effects : PlaceEffects
    draws : int
        Fewer are made when the recording has fewer different offsets.
    seed : int
    two_sided : bool
        For edges, count strong negative effects as well. Places always count positive ones.
    minimum_offset : int, optional
        Rows; by default 20 or 5 decorrelation times, whichever is more.

    Raises
    ------
    UserError
        If the recording is shorter than 10 times the smallest offset or than 100 decorrelation
        times.
    """
    offset = minimum_offset or max(SHORTEST_OFFSET, DECORRELATIONS * effects.decorrelation)
    check_length(effects.source_residual.shape[0], offset, effects.decorrelation)
    z = effects.z.float()
    tested = z.isfinite()
    edges = StepDown(_sided(z[tested], two_sided))
    statistic = place_statistic(z.nan_to_num(0.0)[None])[0]
    places, tail = StepDown(statistic), PooledTail()
    done = 0
    for null, total in null_scores(effects, draws, seed, offset):
        null.masked_fill_(~tested, 0.0)
        places.add(place_statistic(null))
        scores = _sided(null[:, tested], two_sided)
        edges.add(scores)
        tail.add(scores)
        done += null.shape[0]
        yield done / total
    edge = torch.full_like(effects.z, torch.nan)
    edge_fdr = edge.clone()
    edge[tested] = edges.p_values().to(edge)
    edge_fdr[tested] = benjamini_hochberg(tail.p_values(_sided(z[tested], two_sided))).to(edge)
    can_drive = tested.reshape(-1, z.shape[1], z.shape[1]).any(dim=2).any(dim=0)
    place = places.p_values().masked_fill(~can_drive, torch.nan)
    return AdjustedPValues(edge, edge_fdr, place, statistic, done, offset)


def check_length(rows: int, minimum_offset: int, decorrelation: int) -> None:
    """Raise UserError if there are too few rows for p-values."""
    needed = max(FEWEST_OFFSETS * minimum_offset, FEWEST_DECORRELATIONS * decorrelation)
    if rows < needed:
        raise UserError(
            f"{rows} frames are too few for p-values of activity this slow: "
            f"{needed} are needed. Record longer, or read the stability instead."
        )


def null_scores(
    effects: PlaceEffects, draws: int, seed: int, minimum_offset: int
) -> Iterator[tuple[Tensor, int]]:
    """Yield null scores (D, P, p), float32, in batches, each with the number of draws in all.

    Offsets are circular and differ from each other as long as all rows fit a window. Longer
    recordings are drawn as windows of sources, each with targets that begin an offset later.
    """
    sources, targets = effects.source_residual, effects.target_residual
    n, predictors = sources.shape
    width = min(n, WINDOW)
    rng = np.random.default_rng(seed)
    offsets = rng.permutation(np.arange(minimum_offset, n - minimum_offset + 1))[:draws]
    batch = int(np.clip(BATCH // (predictors * targets.shape[1]), 1, 16))
    rows = np.arange(width)
    for first in range(0, len(offsets), batch):
        start = int(rng.integers(n)) if width < n else 0
        shifts = offsets[first : first + batch]
        source = sources[torch.from_numpy((rows + start) % n).to(sources.device)]
        later = (rows[:, None] + start + shifts[None]) % n
        target = targets[torch.from_numpy(later).to(targets.device)].flatten(1)
        score = source.T @ target
        spread = torch.sqrt(source.square_().T @ target.square_()).clamp_min_(1e-20)
        scores = score.div_(spread).reshape(predictors, len(shifts), -1)
        yield scores.transpose(0, 1).contiguous(), len(offsets)


def place_statistic(z: Tensor) -> Tensor:
    r"""Return :math:`\sum \max(z - 2, 0)^2` over targets and lags: (D, P, p) to (D, p)."""
    excess = (z - NOTABLE).clamp_min(0.0).square().sum(dim=2)
    return excess.reshape(z.shape[0], -1, z.shape[2]).sum(dim=1)


def benjamini_hochberg(p_values: Tensor) -> Tensor:
    """Return p-values (m,) adjusted for the false discovery rate."""
    if p_values.numel() == 0:
        return p_values
    order = torch.argsort(p_values, descending=True)
    rank = torch.arange(len(order), 0, -1, device=order.device)
    adjusted = torch.empty_like(p_values)
    adjusted[order] = torch.cummin(p_values[order] * len(order) / rank, dim=0).values.clamp(max=1.0)
    return adjusted


def _sided(z: Tensor, two_sided: bool) -> Tensor:
    return z.abs() if two_sided else z

r"""Sources paired with targets of another time: against it no source can help to predict.

A null says which target follows which source in each draw, ``Pairing``; here scores are made of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import (
    PlaceEffects,
    mean_products,
    mean_square,
    robust_deviation,
)
from napari_sparsevar.analysis.evidence.volatility import Volatility
from napari_sparsevar.errors import UserError

MOST_ROWS = 4096
"""Rows in a draw; more would cost time. Few rows hold other bursts than the whole:
2048 out of 3000 bursty rows gave 12 % false positives at 5 %, all rows 7 %."""

FEWEST_DECORRELATIONS = 100
"""A recording shorter than this many decorrelation times is refused.

At 50 of them a target's own history, fitted from so little, biases its residual: 15 % of recordings
without any edge showed one at 5 %."""

_MOST_TOGETHER = 16

_ROWS_TOGETHER = 4096


class TooShortError(UserError):
    """A recording is too short for p-values.

    Parameters
    ----------
    n_frames, needed : int
        Frames there are, and frames there must be.
    """

    def __init__(self, n_frames: int, needed: int) -> None:
        super().__init__(
            f"{n_frames:,} frames are too few for p-values of activity this slow: {needed:,} are "
            "needed."
        )
        self.needed = needed


class Paired(NamedTuple):
    """Which row of targets follows which row of sources in some draws.

    Attributes
    ----------
    rows : Tensor of int, shape (w,)
        Of sources.
    partners : Tensor of int, shape (w, D)
        Of targets, in each draw; -1 for none.
    """

    rows: Tensor
    partners: Tensor


class Pairing(Protocol):
    """A null of who is paired with whom."""

    @property
    def n_rows(self) -> int:
        """Rows of the recording."""
        ...

    @property
    def needed(self) -> int:
        """A recording of fewer rows is refused."""
        ...

    def most_draws(self) -> int:
        """Return how many different draws there are."""
        ...

    def batches(self, draws: int, together: int, width: int, seed: int) -> Iterator[Paired]:
        """Yield so many draws of about ``width`` rows, at most so many together.

        They are the same each time.
        """
        ...

    def centred(self, values: Tensor) -> Tensor:
        """Return rows (n, m) without what the null keeps of each column on average."""
        ...


@dataclass(frozen=True, eq=False)
class PairedScores:
    r"""A ``Null`` whose draws are scores of all pairs, (D, P, n), float32.

    Every draw pairs sources with targets of other times and studentises as for the observed
    effects,

    .. math:: z^0_{kj} = \sum_t N_{tk} R_{\pi(t),j} \Big/ \sqrt{\sum_t N_{tk}^2 R_{\pi(t),j}^2} .

    Attributes
    ----------
    effects : PlaceEffects
    pairing : Pairing
    asked : int
        Draws; fewer are made when the recording has fewer different ones.
    seed : int
    steady : bool
        Studentise by the larger of the robust and the classical deviation: ``steady_scores``.
    most_rows : int
        Rows in a draw.

    Raises
    ------
    TooShortError
        If the recording is too short for the pairing, or shorter than 100 decorrelation times.
    """

    effects: PlaceEffects
    pairing: Pairing
    asked: int
    seed: int
    steady: bool = False
    most_rows: int = MOST_ROWS

    def __post_init__(self) -> None:
        needed = max(self.pairing.needed, FEWEST_DECORRELATIONS * self.effects.decorrelation)
        if self.pairing.n_rows < needed:
            raise TooShortError(self.pairing.n_rows, needed)

    @property
    def draws(self) -> int:
        """Draws that are made."""
        return min(self.asked, self.pairing.most_draws())

    def batches(self, most: int) -> Iterator[Tensor]:
        """Yield all draws, at most so many at a time."""
        predictors = self.effects.source_residual.shape[1]
        width = min(self.pairing.n_rows, self.most_rows)
        together = int(np.clip(most, 1, _MOST_TOGETHER))
        for paired in self.pairing.batches(self.draws, together, width, self.seed):
            scores = self._scores(paired).reshape(predictors, paired.partners.shape[1], -1)
            yield scores.transpose(0, 1).contiguous()

    def _scores(self, paired: Paired) -> Tensor:
        """Return scores (P, D n).

        Some rows at a time: copies of all rows of a long recording would take gigabytes.
        """
        sources, targets = self.effects.source_residual, self.effects.target_residual
        shape = sources.shape[1], paired.partners.shape[1] * targets.shape[1]
        score, spread = sources.new_zeros(shape), sources.new_zeros(shape)
        in_source, in_target = sources.new_zeros(shape[0]), sources.new_zeros(shape[1])
        volatility = self.effects.volatility if self.steady else None
        classical = None if volatility is None else torch.zeros_like(score)
        for rows, partners in zip(*(each.split(_ROWS_TOGETHER) for each in paired), strict=True):
            rows, later = rows.to(sources.device), partners.to(targets.device)
            source, target = sources[rows], partner_values(targets, later).flatten(1)
            if volatility is not None and classical is not None:
                profile = volatility.of_targets(later.clamp(min=0)) * (later >= 0)[..., None]
                classical.addmm_(volatility.of_sources(rows).T, profile.flatten(1))
            score.addmm_(source.T, target)
            spread.addmm_(source.square_().T, target.square_())
            in_source += source.sum(dim=0)
            in_target += target.sum(dim=0)
        spread = spread.sqrt_().clamp_min_(1e-20)
        if self.steady:
            if classical is None:
                classical = torch.outer(in_source, in_target).div_(len(paired.rows))
            spread = torch.maximum(spread, classical.sqrt_())
        return score.div_(spread)


def partner_values(values: Tensor, partners: Tensor) -> Tensor:
    """Return rows of values (n, m) by their numbers, (..., m): 0 where there is none (-1)."""
    found = values[partners.clamp(min=0)]
    return found if bool((partners >= 0).all()) else found.mul_((partners >= 0)[..., None])


def centred_effects(effects: PlaceEffects, pairing: Pairing) -> PlaceEffects:
    """Return effects whose scores are without what a null keeps on average.

    Estimates and their intervals are left as they are.
    """
    before = effects.source_residual, effects.target_residual
    source, target = (pairing.centred(residual) for residual in before)
    if source is before[0]:
        return effects
    size = robust_deviation(*before).div_(math.sqrt(len(source)))
    score = effects.z * size + (mean_products(source, target) - mean_products(*before))
    robust = robust_deviation(source, target)
    coincidence = robust / torch.outer(mean_square(source), mean_square(target)).sqrt_().clamp_min_(
        1e-20
    )
    known = effects.volatility
    return replace(
        effects,
        z=(score * math.sqrt(len(source)) / robust.clamp_min(1e-20)).to(effects.z),
        coincidence=coincidence.to(effects.coincidence),
        source_residual=source,
        target_residual=target,
        volatility=None if known is None else Volatility.of(source, target, known.columns),
    )


def steady_scores(effects: PlaceEffects) -> Tensor:
    r"""Return scores over the larger of their robust and their classical deviation, (P, p).

    Where events are rare and two series never had one together, the robust deviation is next to
    nothing, and the want of coincidences would seem most surprising. Where covariates tell how much
    both vary, the classical deviation follows them: ``Volatility``.
    """
    coincidence = effects.coincidence
    if effects.volatility is not None:
        mean_squares = [
            residual.square().mean(dim=0)
            for residual in (effects.source_residual, effects.target_residual)
        ]
        apart = torch.outer(*mean_squares) / effects.volatility.aligned().clamp_min(1e-20)
        coincidence = coincidence * apart.sqrt()
    return effects.z * coincidence.clamp(max=1.0)

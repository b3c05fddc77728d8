r"""Sources paired with targets of another time: against it no source can help to predict.

Shifting all targets by one offset keeps what makes chance large (autocorrelation, bursts,
correlation among sources and among targets) and leaves only chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.errors import UserError

MOST_ROWS = 4096
"""Rows in a draw; more would cost time. Few rows hold other bursts than the whole:
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


@dataclass(frozen=True, eq=False)
class ShiftedPairings:
    r"""A ``Null`` whose draws are scores of all pairs, (D, P, n), float32.

    Every draw shifts the targets against the sources by a random offset and studentises as for the
    observed effects,

    .. math:: z^0_{kj} = \sum_t N_{tk} R_{t+s,j} \Big/ \sqrt{\sum_t N_{tk}^2 R_{t+s,j}^2} .

    Offsets are circular and differ from each other as long as all rows fit a draw. Longer
    recordings are drawn as stretches of sources, each with targets that begin an offset later.

    Attributes
    ----------
    effects : PlaceEffects
    asked : int
        Draws; fewer are made when the recording has fewer different offsets.
    seed : int
    minimum_offset : int
        Rows: ``smallest_offset``.
    steady : bool
        Studentise by the larger of the robust and the classical deviation: ``steady_scores``.
    most_rows : int
        Rows in a draw.

    Raises
    ------
    TooShortError
        If the recording is shorter than 10 times the smallest offset or than 100 decorrelation
        times.
    """

    effects: PlaceEffects
    asked: int
    seed: int
    minimum_offset: int
    steady: bool = False
    most_rows: int = MOST_ROWS

    def __post_init__(self) -> None:
        shortest = FEWEST_OFFSETS * self.minimum_offset
        needed = max(shortest, FEWEST_DECORRELATIONS * self.effects.decorrelation)
        if self._rows < needed:
            raise TooShortError(self._rows, needed)

    @property
    def _rows(self) -> int:
        return int(self.effects.source_residual.shape[0])

    @property
    def draws(self) -> int:
        """Draws that are made."""
        return min(self.asked, self._rows - 2 * self.minimum_offset + 1)

    def batches(self, most: int) -> Iterator[Tensor]:
        """Yield all draws, at most so many at a time."""
        n, predictors = self.effects.source_residual.shape
        width = min(n, self.most_rows)
        rng = np.random.default_rng(self.seed)
        every = np.arange(self.minimum_offset, n - self.minimum_offset + 1)
        offsets = rng.permutation(every)[: self.draws]
        batch = int(np.clip(most, 1, _MOST_TOGETHER))
        for first in range(0, len(offsets), batch):
            start = int(rng.integers(n)) if width < n else 0
            shifts = offsets[first : first + batch]
            scores = self._scores(start, width, shifts).reshape(predictors, len(shifts), -1)
            yield scores.transpose(0, 1).contiguous()

    def _scores(self, start: int, width: int, shifts: npt.NDArray[np.intp]) -> Tensor:
        """Return scores of targets that are so many shifts late, (P, D n).

        Some rows at a time: copies of all rows of a long recording would take gigabytes.
        """
        sources, targets = self.effects.source_residual, self.effects.target_residual
        n, predictors = sources.shape
        shape = predictors, len(shifts) * targets.shape[1]
        score, spread = sources.new_zeros(shape), sources.new_zeros(shape)
        in_source, in_target = sources.new_zeros(shape[0]), sources.new_zeros(shape[1])
        volatility = self.effects.volatility if self.steady else None
        classical = None if volatility is None else torch.zeros_like(score)
        for first in range(0, width, _ROWS_TOGETHER):
            rows = np.arange(first, min(first + _ROWS_TOGETHER, width)) + start
            source = sources[torch.from_numpy(rows % n).to(sources.device)]
            later = torch.from_numpy((rows[:, None] + shifts[None]) % n).to(targets.device)
            target = targets[later].flatten(1)
            if volatility is not None and classical is not None:
                profile = volatility.of_sources(torch.from_numpy(rows % n).to(sources.device))
                classical.addmm_(profile.T, volatility.of_targets(later).flatten(1))
            score.addmm_(source.T, target)
            spread.addmm_(source.square_().T, target.square_())
            in_source += source.sum(dim=0)
            in_target += target.sum(dim=0)
        spread = spread.sqrt_().clamp_min_(1e-20)
        if self.steady:
            if classical is None:
                classical = torch.outer(in_source, in_target).div_(width)
            spread = torch.maximum(spread, classical.sqrt_())
        return score.div_(spread)


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


def smallest_offset(effects: PlaceEffects) -> int:
    """Return 20 rows or 5 decorrelation times, whichever is more."""
    return max(SHORTEST_OFFSET, DECORRELATIONS * effects.decorrelation)

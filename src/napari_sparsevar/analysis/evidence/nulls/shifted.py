"""Shifted pairings: all targets are as much later than the sources.

Shifting all targets by one offset keeps what makes chance large (autocorrelation, bursts,
correlation among sources and among targets) and leaves only chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.nulls.pairing import Paired

SHORTEST_OFFSET = 20
"""Rows between paired sources and targets, at least."""

DECORRELATIONS = 5
"""Decorrelation times between paired sources and targets, at least."""

FEWEST_OFFSETS = 10
"""A recording shorter than this many smallest offsets is refused: too few and too alike."""


@dataclass(frozen=True)
class ShiftedTimes:
    """A ``Pairing`` that shifts the targets against the sources by a random offset.

    Offsets are circular and differ from each other as long as all rows fit a draw. Longer
    recordings are drawn as stretches of sources, each with targets that begin an offset later.

    Attributes
    ----------
    n_rows : int
    minimum_offset : int
        Rows.
    """

    n_rows: int
    minimum_offset: int

    @classmethod
    def of(cls, effects: PlaceEffects) -> ShiftedTimes:
        """Return offsets of at least 20 rows or 5 decorrelation times, whichever is more."""
        least = max(SHORTEST_OFFSET, DECORRELATIONS * effects.decorrelation)
        return cls(len(effects.source_residual), least)

    @property
    def needed(self) -> int:
        """A recording of fewer rows is refused."""
        return FEWEST_OFFSETS * self.minimum_offset

    def most_draws(self) -> int:
        """Return how many offsets there are."""
        return self.n_rows - 2 * self.minimum_offset + 1

    def batches(self, draws: int, together: int, width: int, seed: int) -> Iterator[Paired]:
        """Yield so many draws of ``width`` rows, at most so many together."""
        n, rng = self.n_rows, np.random.default_rng(seed)
        every = np.arange(self.minimum_offset, n - self.minimum_offset + 1)
        offsets = torch.from_numpy(rng.permutation(every)[:draws])
        for some in offsets.split(together):
            start = int(rng.integers(n)) if width < n else 0
            rows = torch.arange(start, start + width)
            yield Paired(rows % n, (rows[:, None] + some) % n)

    def centred(self, values: Tensor) -> Tensor:
        """Return rows as they are: nothing is kept."""
        return values

"""Permuted labels: which of two windows a block lies in does not matter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class PermutedLabels:
    """A ``Null`` whose draws are labels of blocks, 0 for A and 1 for B, (D, blocks).

    Attributes
    ----------
    counts : tuple of int
        Blocks of A and of B.
    draws, seed : int
    """

    counts: tuple[int, int]
    draws: int
    seed: int

    @property
    def observed(self) -> Tensor:
        """The labels as they are, (blocks,)."""
        return torch.from_numpy(np.repeat([0.0, 1.0], self.counts)).float()

    def batches(self, most: int) -> Iterator[Tensor]:
        """Yield all draws, at most so many at a time."""
        rng = np.random.default_rng(self.seed)
        labels = np.tile(np.repeat([0.0, 1.0], self.counts), (self.draws, 1))
        yield from torch.from_numpy(rng.permuted(labels, axis=1)).float().split(most)

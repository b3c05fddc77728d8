"""Random signs of blocks: a sum over blocks is as likely positive as negative."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class RandomSigns:
    """A ``Null`` whose draws are signs of blocks, 1 or -1, (D, blocks).

    Attributes
    ----------
    n_blocks, draws, seed : int
    """

    n_blocks: int
    draws: int
    seed: int

    @cached_property
    def _signs(self) -> Tensor:
        shape = self.draws, self.n_blocks
        signs = np.random.default_rng(self.seed).integers(0, 2, shape, np.int8)
        return torch.from_numpy(signs).float().mul_(2.0).sub_(1.0)

    def batches(self, most: int) -> Iterator[Tensor]:
        """Yield all draws, at most so many at a time."""
        yield from self._signs.split(most)

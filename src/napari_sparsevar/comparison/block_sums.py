r"""Sums over blocks of time, and how long blocks must be for the test of *anything at all*.

A slow signal that many latents share a little (neuropil, motion) is too weak to show in the
autocorrelation of any of them. But a sum over blocks of :math:`L` frames has, for each frame, the
variance

.. math:: V(L) \approx V(\infty) - \frac{2}{L} \sum_{l \ge 1} l\,\gamma(l)

(Politis & White 2004, Econometric Reviews 23:53), so that what blocks share with their neighbours
shows in :math:`V(2L) / V(L)`. It is averaged over latents, since chance in the largest of many is
made by all of them. For lagged products, :math:`V` is the expectation of their squared distance,
which adds up all pairs of latents and so fluctuates by 1 or 2 % only: a growth that small matters.

Blocks are doubled while :math:`V` grows. What is left is extrapolated,
:math:`V(\infty) \approx 2 V(2L) - V(L)`, and the observed is divided by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.comparison.blocks import block_numbers

_GROWTH = 1.15
"""Of the variance of values and squares in a doubling, beyond which blocks are doubled."""

_SHIFT = 0.2
"""The same of the distance of lagged products, in its standard deviations."""

_ROWS_TOGETHER = 1024

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class BlockSums:
    """Sums over blocks of two windows, the mean over both taken out.

    Attributes
    ----------
    length : int
        Frames of a block, at least.
    values, squares : Tensor, shape (blocks, p)
        In units of their spread over the blocks that came first, before any were doubled.
    kernel : Tensor, shape (blocks, blocks)
        Products of lagged products between blocks.
    sizes : Tensor, shape (blocks,)
        Rows of each block.
    pieces : (ndarray of int, ndarray of int)
        Piece of each block of A and of B.
    """

    length: int
    values: Tensor
    squares: Tensor
    kernel: Tensor
    sizes: Tensor
    pieces: tuple[Numbers, Numbers]

    @classmethod
    def of(
        cls, past: Tensor, following: Tensor, pieces: Sequence[Numbers], length: int
    ) -> BlockSums:
        """Add up rows (n, p) of A and then of B; ``pieces`` says where each lies."""
        numbers = [block_numbers(piece, length) for piece in pieces]
        block = _joined(numbers)
        sizes = torch.bincount(block).float()
        values, squares = (
            _scaled(_added(one - one.mean(dim=0), block)) for one in (following, following.square())
        )
        kernel = _kernel(past, following, block)
        of_blocks = [_first(piece, number) for piece, number in zip(pieces, numbers, strict=True)]
        return cls(length, values, squares, kernel, sizes, (of_blocks[0], of_blocks[1]))

    @property
    def counts(self) -> tuple[int, int]:
        """Blocks of A and of B."""
        return len(self.pieces[0]), len(self.pieces[1])

    def doubled(self) -> BlockSums:
        """Join neighbouring blocks of a piece."""
        numbers = [block_numbers(piece, 2) for piece in self.pieces]
        block = _joined(numbers)
        kernel = _added(_added(self.kernel, block).T.contiguous(), block)
        sizes = _added(self.sizes[:, None], block)[:, 0]
        a, b = (_first(piece, number) for piece, number in zip(self.pieces, numbers, strict=True))
        values, squares = _added(self.values, block), _added(self.squares, block)
        return BlockSums(2 * self.length, values, squares, kernel, sizes, (a, b))

    def within(self) -> BlockSums:
        """Take the mean of each window out, so that a change between them is nothing slow."""
        in_b = (torch.arange(len(self.sizes)) >= self.counts[0]).float()
        window = torch.stack([1.0 - in_b, in_b])
        share = (window * self.sizes / (window @ self.sizes)[:, None]).T

        def centred(sums: Tensor) -> Tensor:
            return sums - share @ (window @ sums)

        kernel = centred(centred(self.kernel).T)
        return replace(
            self, values=centred(self.values), squares=centred(self.squares), kernel=kernel
        )

    def spread(self) -> Tensor:
        """Return the variance of values, squares and lagged products for each frame, (3,)."""
        of_sums = [one.square().sum(dim=0).mean() for one in (self.values, self.squares)]
        # Blocks share the means that were taken out, the more the fewer they are.
        return torch.stack([*of_sums, self.kernel.trace()]) / (1.0 - 2.0 / len(self.sizes))

    def fluctuation(self) -> float:
        """Return the standard deviation of the distance of lagged products, of its mean."""
        between = self.kernel - torch.diag(self.kernel.diagonal())
        return float(between.square().sum().mul(2.0).sqrt() / self.kernel.trace().clamp_min(1e-30))


def steady(sums: BlockSums, fewest: int) -> tuple[BlockSums, Tensor]:
    """Double blocks until longer ones would say the same.

    Parameters
    ----------
    sums : BlockSums
        Of the shortest blocks.
    fewest : int
        Blocks that each window keeps.

    Returns
    -------
    sums : BlockSums
    factor : Tensor, shape (3,)
        By how much the largest difference of means, of variances, and the distance of lagged
        products are larger under the null hypothesis than among permutations; at least 1.
    """
    while True:
        longer, inside = sums.doubled(), sums.within()
        growth = longer.within().spread() / inside.spread().clamp_min(1e-30)
        slow = growth[:2].max() > _GROWTH or growth[2] - 1.0 > _SHIFT * inside.fluctuation()
        if not slow or min(longer.counts) < fewest or longer.counts == sums.counts:
            left = (2.0 * growth - 1.0).clamp_min(1.0)
            return sums, torch.cat([left[:2].sqrt(), left[2:]])
        sums = longer


def _joined(numbers: Sequence[Numbers]) -> Tensor:
    a, b = numbers
    return torch.from_numpy(np.concatenate([a, b + a.max() + 1]))


def _first(piece: Numbers, number: Numbers) -> Numbers:
    """Return the piece of each block."""
    return piece[np.unique(number, return_index=True)[1]]


def _added(values: Tensor, block: Tensor) -> Tensor:
    return values.new_zeros(int(block.max()) + 1, values.shape[1]).index_add_(0, block, values)


def _scaled(sums: Tensor) -> Tensor:
    return sums / sums.square().sum(dim=0).sqrt().clamp_min(1e-12)


def _kernel(past: Tensor, following: Tensor, block: Tensor) -> Tensor:
    """Return ``(XX') * (YY')`` added up over blocks, some rows at a time."""
    count = int(block.max()) + 1
    kernel = past.new_zeros(count, count)
    for x, y, number in zip(
        past.split(_ROWS_TOGETHER),
        following.split(_ROWS_TOGETHER),
        block.split(_ROWS_TOGETHER),
        strict=True,
    ):
        products = _added(((past @ x.T) * (following @ y.T)), block)
        kernel.index_add_(1, number, products)
    return kernel

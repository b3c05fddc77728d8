"""Blocks of time that can be taken as independent of each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.errors import UserError

SHORTEST_BLOCK = 5
"""Frames. Scores of a right model do not depend on each other; noise in the latents makes
neighbouring ones do so."""

FEWEST_BLOCKS = 25
"""In each window, down to a level of 1 %. With 23 long blocks of slow activity, 8 % of pairs with
the same dynamics were told apart at 5 %."""

_LONGEST_LAG, _LONGEST_BLOCK, _FORGOTTEN, _CAPTURED = 100, 1000, 0.1, 0.95


def block_length(
    past: Sequence[Tensor], left: Sequence[Tensor], pieces: Sequence[npt.NDArray[np.int64]]
) -> int:
    r"""Return how many frames in a row are taken as one, at least 5.

    Two things decide. The scores :math:`x_{tk} e_{tj}` have the autocorrelation
    :math:`\rho_x(l) \rho_e(l)`, and sums over blocks must hold at least 95 % of the variance it
    adds up to. And a block is as long as the past stays alike (autocorrelation above 1/e), so that
    one event of slow activity counts once.

    Parameters
    ----------
    past, left : sequence of Tensor, shape (n, ...)
        Of each window, mean 0: past at the first lag, and what the pooled VAR leaves.
    pieces : sequence of ndarray of int, shape (n,)
        Piece of each row; products are formed inside pieces only.
    """
    of_past = autocorrelation(past, pieces, least=_FORGOTTEN)
    of_left = autocorrelation(left, pieces, longest=len(of_past))
    different = np.flatnonzero(of_past < math.exp(-1))
    alike = int(different[0]) + 1 if different.size else len(of_past) + 1
    product = of_past * of_left
    lags = np.arange(1, len(product) + 1)
    whole = 1.0 + 2.0 * product.sum()
    for length in range(max(alike, SHORTEST_BLOCK), _LONGEST_BLOCK):
        if 1.0 + 2.0 * (np.maximum(1.0 - lags / length, 0.0) * product).sum() >= _CAPTURED * whole:
            return length
    return _LONGEST_BLOCK


def autocorrelation(
    series: Sequence[Tensor],
    pieces: Sequence[npt.NDArray[np.int64]],
    longest: int = _LONGEST_LAG,
    least: float = -1.0,
) -> npt.NDArray[np.float64]:
    """Return the mean autocorrelation over columns at lags 1, 2, ... inside pieces.

    Parameters
    ----------
    series : sequence of Tensor, shape (n, ...)
        Mean 0.
    pieces : sequence of ndarray of int, shape (n,)
    longest : int
        Lags at most; never more than a quarter of the longest series.
    least : float
        Stop at the first lag whose autocorrelation is smaller.
    """
    total = sum(float(values.square().sum()) for values in series)
    per_row = max(total / sum(len(values) for values in series), 1e-30)
    found: list[float] = []
    for lag in range(1, min(longest, max(len(values) for values in series) // 4) + 1):
        product, pairs = 0.0, 0
        for values, piece in zip(series, pieces, strict=True):
            same = torch.from_numpy(piece[lag:] == piece[:-lag])
            inside = (values[lag:] * values[:-lag]).sum(dim=1)[same]
            product, pairs = product + float(inside.sum()), pairs + int(same.sum())
        value = product / pairs / per_row if pairs else 0.0
        if value < least:
            break
        found.append(value)
    return np.asarray(found, np.float64)


def block_numbers(piece: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
    """Return the block of each row, (n,): pieces cut into blocks of about this length."""
    numbers = np.empty(len(piece), np.int64)
    first = 0
    for one in np.unique(piece):
        inside = np.flatnonzero(piece == one)
        count = max(1, len(inside) // length)
        for number, part in enumerate(np.array_split(inside, count)):
            numbers[part] = first + number
        first += count
    return numbers


def needed_blocks(level: float) -> int:
    """Return how many blocks each window needs for a test at this level."""
    return max(FEWEST_BLOCKS, math.ceil(FEWEST_BLOCKS * math.log(level) / math.log(0.01)))


def check_blocks(counts: Sequence[int], labels: Sequence[str], length: int, level: float) -> None:
    """Raise UserError if a window holds too few blocks for the level."""
    needed = needed_blocks(level)
    for count, label in zip(counts, labels, strict=True):
        if count < needed:
            raise UserError(
                f"Window {label} holds {count} independent blocks of {length} frames, but a test "
                f"at the level {level:g} needs {needed}: "
                f"mark at least {(needed + 1) * length} frames."
            )


def padded(values: Tensor, numbers: npt.NDArray[np.int64]) -> Tensor:
    """Return rows (n, q) as blocks of one length, (blocks, rows, q), the rest filled with 0."""
    counts = np.bincount(numbers)
    place = np.concatenate([np.arange(count) for count in counts])
    order = np.argsort(numbers, kind="stable")
    blocks = values.new_zeros(len(counts), int(counts.max()), values.shape[1])
    blocks[torch.from_numpy(numbers[order]), torch.from_numpy(place)] = values[
        torch.from_numpy(order)
    ]
    return blocks

"""Blocks of time that can be taken as independent of each other."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.comparison.rows import Rows
from napari_sparsevar.errors import UserError

SHORTEST_BLOCK = 5
"""Frames. Scores of a right model do not depend on each other; noise in the latents makes
neighbouring ones do so."""

FEWEST_BLOCKS = 20
"""In each window, at a level of 5 %."""

_LONGEST_LAG = 200


def block_length(series: Sequence[Tensor], pieces: Sequence[npt.NDArray[np.int64]]) -> int:
    """Return the frames after which the mean autocorrelation is below 1/e, at least 5.

    Parameters
    ----------
    series : sequence of Tensor, shape (n, P)
        Of each window, mean 0.
    pieces : sequence of ndarray of int, shape (n,)
        Piece of each row; products are formed inside pieces only.
    """
    total = sum(float(values.square().sum()) for values in series)
    rows = sum(len(values) for values in series)
    longest = min(_LONGEST_LAG, max(len(values) for values in series) - 1)
    for lag in range(1, longest + 1):
        product, pairs = 0.0, 0
        for values, piece in zip(series, pieces, strict=True):
            same = torch.from_numpy(piece[lag:] == piece[:-lag])
            inside = (values[lag:] * values[:-lag]).sum(dim=1)[same]
            product, pairs = product + float(inside.sum()), pairs + int(same.sum())
        if pairs == 0 or product / pairs < math.exp(-1) * total / rows:
            return max(lag, SHORTEST_BLOCK)
    return max(longest + 1, SHORTEST_BLOCK)


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
    return max(FEWEST_BLOCKS, math.ceil(FEWEST_BLOCKS * math.log(level) / math.log(0.05)))


def check_blocks(
    counts: Sequence[int], labels: Sequence[str], length: int, level: float
) -> None:
    """Raise UserError if a window holds too few blocks for the level."""
    needed = needed_blocks(level)
    for count, label in zip(counts, labels, strict=True):
        if count < needed:
            raise UserError(
                f"Window {label} holds {count} independent blocks of {length} frames, but a test "
                f"at the level {level:g} needs {needed}: mark at least {needed * length} frames."
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


def autocorrelated(rows: Rows) -> Tensor:
    """Return the past at the first lag, centred: the series whose memory decides the blocks."""
    size = rows.following.shape[1]
    return rows.past[:, :size] - rows.past[:, :size].mean(dim=0)

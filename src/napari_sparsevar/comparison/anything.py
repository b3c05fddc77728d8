r"""Did anything change between two windows? Blocks of lagged pairs, their labels permuted.

What the own past of a latent foretells is taken out first, with one fit to both windows, so that
blocks need not be long. Then three things are looked at: means and variances of what is left (y),
latent by latent, and its products with the frame before (x), all together:

.. math:: \max_j \frac{|\bar y_{Bj} - \bar y_{Aj}|}{s_j}, \qquad
          \max_j \frac{|\overline{y^2}_{Bj} - \overline{y^2}_{Aj}|}{s_j}, \qquad
          \Big\lVert \tfrac{1}{n_B} X_B' Y_B - \tfrac{1}{n_A} X_A' Y_A \Big\rVert_F^2 ,

the last through ``(XX') * (YY')`` between blocks. Each is ranked among its permutations, and the
smallest p-value of the three is ranked among those of the permutations (Westfall & Young 1993).
Exact if blocks are exchangeable; rejects on a change of activity as well as of dynamics.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.least_squares import refitted
from napari_sparsevar.comparison.blocks import block_length, block_numbers
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.result import AnythingTest
from napari_sparsevar.comparison.rows import Rows
from napari_sparsevar.errors import UserError
from napari_sparsevar.model.embedded_var import RIDGE

WHAT = ("mean", "variance", "lagged product")

FEWEST_BLOCKS = 10
"""In each window; more only make the permutations finer. What changes more slowly than a tenth of a
window counts as a change."""

_GROWTH = 1.15


def anything_test(
    rows: Sequence[Rows], labels: Sequence[str], weights: Tensor, options: ComparisonOptions
) -> AnythingTest:
    """Test two windows for any change.

    Parameters
    ----------
    rows : sequence of Rows
        Of A and of B.
    labels : sequence of str
    weights : Tensor, shape (P, p)
        Penalty weights; 0 marks a target's own history.
    options : ComparisonOptions

    Raises
    ------
    UserError
        If a window holds too few independent blocks.
    """
    past = _standard(torch.cat([window.past for window in rows]))
    following = _standard(torch.cat([window.following for window in rows]))
    left = _standard(following - past @ _own_history(past, following, weights))
    bounds = np.cumsum([0, *(len(window.past) for window in rows)])
    before, after, pieces = _consecutive(left, bounds, [window.piece for window in rows])
    bounds = np.cumsum([0, *map(len, pieces)])
    length = _length(after, bounds, pieces)
    numbers = [block_numbers(piece, length) for piece in pieces]
    counts = [int(number.max()) + 1 for number in numbers]
    if min(counts) < FEWEST_BLOCKS:
        short = labels[int(np.argmin(counts))]
        raise UserError(
            f"Window {short} holds {min(counts)} independent blocks of {length} frames, but a test "
            f"needs {FEWEST_BLOCKS}: mark at least {(FEWEST_BLOCKS + 1) * length} frames."
        )
    block = torch.from_numpy(np.concatenate([numbers[0], numbers[1] + counts[0]]))
    sizes = torch.bincount(block).float()
    labelled = _labels(counts, options)
    statistics = torch.stack(
        [
            _largest(after, block, sizes, labelled),
            _largest(after.square(), block, sizes, labelled),
            _distance(before, after, block, sizes, labelled),
        ]
    )
    best, what = _smallest_p_value(statistics)
    rank = (best[1:] <= best[0]).sum()
    return AnythingTest(
        float(-torch.log10(best[0])),
        (1 + int(rank)) / len(best),
        (-torch.log10(best[1:])).double().numpy(),
        WHAT[what],
        length,
    )


def _own_history(past: Tensor, following: Tensor, weights: Tensor) -> Tensor:
    """Return least-squares coefficients (P, p) of each target's own history."""
    n, size = past.shape
    gram = (past.T @ past / n).double() + RIDGE * torch.eye(size, dtype=torch.float64)
    return refitted(gram, (past.T @ following / n).double(), weights == 0).float()


def _consecutive(
    left: Tensor, bounds: npt.NDArray[np.int64], pieces: Sequence[npt.NDArray[np.int64]]
) -> tuple[Tensor, Tensor, list[npt.NDArray[np.int64]]]:
    """Pair what is left of each row with that of the row before, inside pieces."""
    same = [piece[1:] == piece[:-1] for piece in pieces]
    after = np.concatenate(
        [start + 1 + np.flatnonzero(kept) for start, kept in zip(bounds[:-1], same, strict=True)]
    )
    index = torch.from_numpy(after)
    numbers = [piece[1:][kept] for piece, kept in zip(pieces, same, strict=True)]
    return left[index - 1], left[index], numbers


def _standard(values: Tensor) -> Tensor:
    whole = values - values.mean(dim=0)
    return whole / whole.square().mean(dim=0).sqrt().clamp_min(1e-6)


def _length(
    following: Tensor, bounds: npt.NDArray[np.int64], pieces: Sequence[npt.NDArray[np.int64]]
) -> int:
    """Return a block length that holds bouts, and slow changes common to many latents.

    Both are too weak in a single frame to show in the autocorrelation, but add up: blocks are
    doubled as long as the variance of their sums grows faster than they do.
    """
    series = []
    for values in (following, following.square()):
        parts = [values[start:stop] for start, stop in pairwise(bounds)]
        series.append([part - part.mean(dim=0) for part in parts])
    length = max(block_length(one, one, pieces) for one in series)
    longest = max(min(map(len, pieces)) // FEWEST_BLOCKS, length)
    return max(_steady_length(one, pieces, length, longest) for one in series)


def _steady_length(
    series: Sequence[Tensor], pieces: Sequence[npt.NDArray[np.int64]], length: int, longest: int
) -> int:
    """Double the length until the variance of sums over blocks, for each frame, stays."""
    while 2 * length <= longest:
        if _spread(series, pieces, 2 * length) <= _GROWTH * _spread(series, pieces, length):
            break
        length *= 2
    return length


def _spread(
    series: Sequence[Tensor], pieces: Sequence[npt.NDArray[np.int64]], length: int
) -> float:
    """Return the mean variance of sums over blocks of this length, for each frame."""
    total = 0.0
    for values, piece in zip(series, pieces, strict=True):
        numbers = torch.from_numpy(block_numbers(piece, length))
        sums = values.new_zeros(int(numbers.max()) + 1, values.shape[1])
        sums.index_add_(0, numbers, values)
        # Blocks share the mean that was taken out, the more the longer they are.
        total += float(sums.square().mean(dim=1).sum()) / (len(values) - length)
    return total


def _labels(counts: Sequence[int], options: ComparisonOptions) -> Tensor:
    """Return which blocks are B's, (1 + draws, blocks): as they are, then permuted."""
    observed = np.repeat([0.0, 1.0], counts)
    rng = np.random.default_rng(options.seed)
    drawn = rng.permuted(np.tile(observed, (options.draws, 1)), axis=1)
    return torch.from_numpy(np.concatenate([observed[None], drawn])).float()


def _contrast(labelled: Tensor, sizes: Tensor) -> Tensor:
    """Return weights of block sums that give the mean of B minus that of A, (draws, blocks)."""
    in_b = labelled / (labelled @ sizes)[:, None]
    others = 1.0 - labelled
    return in_b - others / (others @ sizes)[:, None]


def _largest(values: Tensor, block: Tensor, sizes: Tensor, labelled: Tensor) -> Tensor:
    """Return the largest studentised difference of means in each labelling, (draws,)."""
    sums = values.new_zeros(len(sizes), values.shape[1]).index_add_(0, block, values)
    sums -= sizes[:, None] * values.mean(dim=0)
    spread = sums.square().mean(dim=0).sqrt().clamp_min(1e-12)
    return (_contrast(labelled, sizes) @ (sums / spread)).abs().amax(dim=1)


def _distance(
    past: Tensor, following: Tensor, block: Tensor, sizes: Tensor, labelled: Tensor
) -> Tensor:
    """Return the squared distance of mean lagged products in each labelling, (draws,)."""
    n, m = len(block), len(sizes)
    member = torch.zeros(n, m).scatter_(1, block[:, None], 1.0)
    kernel = member.T @ ((past @ past.T) * (following @ following.T)) @ member
    contrast = _contrast(labelled, sizes)
    return ((contrast @ kernel) * contrast).sum(dim=1)


def _smallest_p_value(statistics: Tensor) -> tuple[Tensor, int]:
    """Return the smallest p-value of each labelling and the index of the observed one's.

    Parameters
    ----------
    statistics : Tensor, shape (kinds, 1 + draws)
        The observed labelling first.
    """
    ordered = torch.sort(statistics, dim=1).values.contiguous()
    below = torch.searchsorted(ordered, statistics.contiguous())
    p_values = (statistics.shape[1] - below).double() / statistics.shape[1]
    return p_values.amin(dim=0), int(p_values[:, 0].argmin())

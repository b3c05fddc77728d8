r"""Did anything change between two windows? Blocks of lagged pairs, their labels permuted.

What the own past of a latent foretells is taken out first, with one fit to both windows, so that
blocks need not be long. Then three things are looked at: means and variances of what is left (y),
latent by latent, and its products with the frame before (x), all together:

.. math:: \max_j \frac{|\bar y_{Bj} - \bar y_{Aj}|}{s_j}, \qquad
          \max_j \frac{|\overline{y^2}_{Bj} - \overline{y^2}_{Aj}|}{s_j}, \qquad
          \Big\lVert \tfrac{1}{n_B} X_B' Y_B - \tfrac{1}{n_A} X_A' Y_A \Big\rVert_F^2 ,

the last through ``(XX') * (YY')`` between blocks. Each is ranked among its permutations, and the
smallest p-value of the three is ranked among those of the permutations (Westfall & Young 1993).
Exact if blocks are exchangeable; ``block_sums`` says how long they are, and by how much what is
observed is divided for what such blocks still share. Rejects on a change of activity as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjustments import SmallestP
from napari_sparsevar.analysis.evidence.nulls.permuted import PermutedLabels
from napari_sparsevar.analysis.evidence.testing import Family, draw
from napari_sparsevar.comparison.block_sums import BlockSums, steady
from napari_sparsevar.comparison.blocks import block_length, block_numbers
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.result import AnythingTest
from napari_sparsevar.comparison.rows import Rows
from napari_sparsevar.errors import UserError
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.model.embedded_var import RIDGE
from napari_sparsevar.progress import returned

WHAT = ("mean", "variance", "lagged product")

FEWEST_BLOCKS = 10
"""In each window; more only make the permutations finer. What changes more slowly than a tenth of a
window counts as a change."""


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
    length = _shortest(after, bounds, pieces)
    _check_counts([int(block_numbers(piece, length).max()) + 1 for piece in pieces], labels, length)
    sums, factor = steady(BlockSums.of(before, after, pieces, length), FEWEST_BLOCKS)
    differences = Differences.of(sums)
    null = PermutedLabels(sums.counts, options.draws, options.seed)
    smallest = SmallestP(differences(null.observed[None])[0] / factor)
    returned(draw(null, [Family(differences, [smallest])], null.draws))
    ranked = smallest.ranked()
    best = -torch.log10(ranked.amin(dim=1))
    return AnythingTest(
        float(best[0]),
        float(smallest.p_values()),
        best[1:].numpy(),
        WHAT[int(ranked[0].argmin())],
        sums.length,
    )


def _own_history(past: Tensor, following: Tensor, weights: Tensor) -> Tensor:
    """Return least-squares coefficients (P, p) of each target's own history."""
    n, size = past.shape
    gram = (past.T @ past / n).double() + RIDGE * torch.eye(size, dtype=torch.float64)
    cross = (past.T @ following / n).double()
    return solve_on_active_sets(gram, weights, torch.zeros_like(cross), cross).float()


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


def _shortest(
    following: Tensor, bounds: npt.NDArray[np.int64], pieces: Sequence[npt.NDArray[np.int64]]
) -> int:
    """Return the length that holds what shows in the autocorrelation, frame by frame."""
    lengths = []
    for values in (following, following.square()):
        parts = [values[start:stop] for start, stop in pairwise(bounds)]
        series = [part - part.mean(dim=0) for part in parts]
        lengths.append(block_length(series, series, pieces))
    return max(lengths)


def _check_counts(counts: Sequence[int], labels: Sequence[str], length: int) -> None:
    if min(counts) < FEWEST_BLOCKS:
        short = labels[int(np.argmin(counts))]
        raise UserError(
            f"Window {short} holds {min(counts)} independent blocks of {length} frames, but a test "
            f"needs {FEWEST_BLOCKS}: mark at least {(FEWEST_BLOCKS + 1) * length} frames."
        )


def _standard(values: Tensor) -> Tensor:
    whole = values - values.mean(dim=0)
    return whole / whole.square().mean(dim=0).sqrt().clamp_min(1e-6)


class Differences(NamedTuple):
    """By how much B differs from A, for labels of blocks: a ``Statistic``.

    Attributes
    ----------
    studentised : tuple of Tensor, shape (blocks, p)
        Sums over blocks of the values and of their squares, each over its spread.
    kernel : Tensor, shape (blocks, blocks)
        Products of lagged products between blocks.
    sizes : Tensor, shape (blocks,)
        Rows of each block.
    """

    studentised: tuple[Tensor, Tensor]
    kernel: Tensor
    sizes: Tensor

    @classmethod
    def of(cls, sums: BlockSums) -> Differences:
        """Studentise the sums of blocks."""
        studentised = _studentised(sums.values), _studentised(sums.squares)
        return cls(studentised, sums.kernel, sums.sizes)

    def __call__(self, labels: Tensor) -> Tensor:
        """Return largest difference of means, of variances, and the distance of lagged products.

        For each labelling, (D, blocks) to (D, 3).
        """
        contrast = _contrast(labels, self.sizes)
        largest = [(contrast @ sums).abs().amax(dim=1) for sums in self.studentised]
        distance = ((contrast @ self.kernel) * contrast).sum(dim=1)
        return torch.stack([*largest, distance], dim=1)


def _contrast(labels: Tensor, sizes: Tensor) -> Tensor:
    """Return weights of block sums that give the mean of B minus that of A, (D, blocks)."""
    in_b = labels / (labels @ sizes)[:, None]
    others = 1.0 - labels
    return in_b - others / (others @ sizes)[:, None]


def _studentised(sums: Tensor) -> Tensor:
    return sums / sums.square().mean(dim=0).sqrt().clamp_min(1e-12)

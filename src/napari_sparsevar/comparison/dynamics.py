r"""Does one sparse VAR fit both windows? A score test.

If it does, what it leaves over, :math:`e_t`, is unrelated to the past in each window. For window w,
source k and target j the score, in units of a coefficient, is

.. math:: U_{wkj} = \frac{\sum_{t \in w} x_{tk} e_{tj}}{c_w \sum_t x_{tk}^2},

one Newton step from the pooled coefficient to that of the window. Here :math:`c_w` is the window's
share of the sum of squares, the median over sources: with another level of activity or noise, the
scores of one window are that much larger. Not each source has its own share, because then a single
burst, which no linear model fits quite, would scale up all the rest of the window without it.

The statistic is the difference :math:`U_B - U_A`, studentised with the blocks of either window; the
largest over all edges, or the largest sum over the edges of a place, has the null distribution of
``multiplier``.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.nulls.signs import RandomSigns
from napari_sparsevar.comparison.blocks import (
    block_length,
    block_numbers,
    check_blocks,
    padded,
)
from napari_sparsevar.comparison.multiplier import EdgeTests, SignedSums
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.pooled import PooledFit, fit_pooled
from napari_sparsevar.comparison.result import EDGE_COLUMNS, DynamicsTest, Interval
from napari_sparsevar.comparison.rows import Rows

LISTED_FDR, LISTED_EDGES = 0.2, 100
"""Edges that are listed: up to this false discovery rate, and this many in any case."""

INTERVAL = 0.95

_NUMBERS_TOGETHER = 2**23


class Changes(NamedTuple):
    """Scores of all edges, (P, p) each.

    Attributes
    ----------
    change : Tensor
        Of the coefficient, B minus A.
    spread : Tensor
        Standard error of the change under the null hypothesis.
    step : Tensor
        From the pooled coefficient to that of B.
    """

    change: Tensor
    spread: Tensor
    step: Tensor


class FoundDynamics(NamedTuple):
    """The test and what its map is drawn from.

    Attributes
    ----------
    test : DynamicsTest
    edges : EdgeTests
    """

    test: DynamicsTest
    edges: EdgeTests


def dynamics_test(
    rows: Sequence[Rows],
    labels: Sequence[str],
    weights: Tensor,
    tested: Tensor,
    options: ComparisonOptions,
) -> Generator[float, None, FoundDynamics]:
    """Test two windows; yield the fraction done.

    Parameters
    ----------
    rows : sequence of Rows
        Of A and of B.
    labels : sequence of str
    weights : Tensor, shape (P, p)
        Penalty weights; 0 leaves a coefficient free.
    tested : Tensor of bool, shape (P, p)
        Edges to look at.
    options : ComparisonOptions

    Raises
    ------
    UserError
        If a window holds too few independent blocks.
    """
    pieces = [window.piece for window in rows]
    fit = fit_pooled(rows, weights)
    recent = [window.past[:, : weights.shape[1]] for window in fit.windows]
    length = block_length(recent, fit.residuals, pieces)
    numbers = [block_numbers(piece, length) for piece in pieces]
    counts = [int(number.max()) + 1 for number in numbers]
    check_blocks(counts, labels, length, options.level)
    yield 0.1
    sums = SignedSums(tested, RandomSigns(sum(counts), options.draws, options.seed))
    changes = yield from _collect(fit, numbers, sums)
    found = sums.results()
    edges = _edge_table(fit.coefficients, changes, found, weights.shape[1])
    strongest = edges.iloc[0]
    test = DynamicsTest(
        found.statistic,
        found.p_value,
        found.null.double().numpy(),
        Interval(float(strongest.change), float(strongest.low), float(strongest.high)),
        edges,
        int(tested.sum()),
        _place_table(found),
        length,
        (counts[0], counts[1]),
        (len(rows[0].past), len(rows[1].past)),
    )
    return FoundDynamics(test, found)


def _collect(
    fit: PooledFit, numbers: Sequence[np.ndarray], sums: SignedSums
) -> Generator[float, None, Changes]:
    """Form the scores of each block, some targets at a time, and draw from them."""
    shape = fit.coefficients.shape
    changes = Changes(torch.zeros(shape), torch.zeros(shape), torch.zeros(shape))
    past, left, counts = [], [], []
    for window, residual, number, size, sign in zip(
        fit.windows, fit.residuals, numbers, _sizes(fit), (-1.0, 1.0), strict=True
    ):
        past.append(padded(window.past * (sign / size), number).transpose(1, 2).contiguous())
        left.append(padded(residual, number))
        counts.append(len(past[-1]))
    width = max(1, _NUMBERS_TOGETHER // (sum(counts) * shape[0]))
    for start in range(0, shape[1], width):
        targets = slice(start, min(start + width, shape[1]))
        blocks = torch.cat(
            [torch.bmm(x, e[:, :, targets]) for x, e in zip(past, left, strict=True)]
        )
        changes.step[:, targets] = blocks[counts[0] :].sum(dim=0)
        changes.change[:, targets], changes.spread[:, targets] = sums.add(blocks, targets)
        yield 0.1 + 0.9 * targets.stop / shape[1]
    return changes


def _sizes(fit: PooledFit) -> list[Tensor]:
    """Return the sum of squares of each source that counts in each window, (P,) each."""
    squares = [window.past.square().sum(dim=0) for window in fit.windows]
    whole = torch.stack(squares).sum(dim=0).clamp_min(1e-12)
    return [whole * (part / whole).median().clamp_min(1e-12) for part in squares]


def _edge_table(
    coefficients: Tensor, changes: Changes, found: EdgeTests, n_latents: int
) -> pd.DataFrame:
    """Return the edges worth listing, the most surprising first."""
    statistic = (changes.change / changes.spread.clamp_min(1e-30)).abs()
    statistic[found.adjusted.isnan()] = -1.0
    listed = (found.fdr <= LISTED_FDR).flatten()
    listed[torch.topk(statistic.flatten(), min(LISTED_EDGES, statistic.numel())).indices] = True
    listed &= statistic.flatten() >= 0
    index = torch.nonzero(listed)[:, 0]
    index = index[torch.argsort(statistic.flatten()[index], descending=True, stable=True)]
    row, target = index // n_latents, index % n_latents
    reach = float(torch.quantile(found.largest, INTERVAL)) * changes.spread[row, target]
    change = changes.change[row, target]
    after = coefficients[row, target].float() + changes.step[row, target]
    columns = {
        "source": row % n_latents,
        "target": target,
        "lag": row // n_latents + 1,
        "change": change,
        "low": change - reach,
        "high": change + reach,
        "statistic": change / changes.spread[row, target],
        "p_adjusted": found.adjusted[row, target],
        "p_fdr": found.fdr[row, target],
        "coefficient_a": after - change,
        "coefficient_b": after,
    }
    table = pd.DataFrame({name: values.numpy() for name, values in columns.items()})
    floats = table.select_dtypes("float32").columns
    return table.astype(dict.fromkeys(floats, "float64"))[EDGE_COLUMNS]


def _place_table(found: EdgeTests) -> pd.DataFrame:
    order = torch.argsort(found.place_statistic, descending=True, stable=True)
    return pd.DataFrame(
        {
            "place": order.numpy(),
            "statistic": found.place_statistic[order].double().numpy(),
            "balance": found.place_balance[order].double().numpy(),
            "p_adjusted": found.places[order].numpy(),
        }
    )

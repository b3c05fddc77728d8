"""Which edges between series can be trusted: effects, intervals, p-values of either kind."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjusted_p_values import (
    AdjustedPValues,
    adjusted_p_values,
)
from napari_sparsevar.analysis.evidence.chosen_nulls import ChosenNull, against_each, chosen_nulls
from napari_sparsevar.analysis.evidence.direction import led
from napari_sparsevar.analysis.evidence.inference import place_effects
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.nulls.pairing import (
    TooShortError,
    centred_effects,
    steady_scores,
)
from napari_sparsevar.analysis.evidence.nulls.trials import WholeTrials
from napari_sparsevar.analysis.evidence.volatility import Volatility
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.lagged_rows import LaggedRows, all_rows
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.progress import part

_DRAWS = ((256, 199), (1024, 99), (2048, 39))
"""Draws of the null distribution up to so many predictors: those of more cost more."""

_FEWEST_DRAWS = 19
"""Draws beyond: a test at 5 % is exact with them, and no p-value below 0.05."""


_DIRECTIONS = 10
"""Directions that are adjusted for, at least: the few in question are those that chance made large,
and of cells in scattered light a third had a false source."""


@dataclass(frozen=True, eq=False)
class EdgeEvidence:
    """What the tests say of edges and sources; NaN where nothing could be tested.

    Attributes
    ----------
    estimate, standard_error : Tensor, shape (P, n), float32
        Debiased effect of every source on every target that is not near it.
    score : Tensor, shape (P, n), float32
        How surprising each effect is, in standard deviations of chance.
    edge_p, edge_fdr : Tensor, shape (P, n), float32
        Adjusted p-values of the edges, family-wise and for the false discovery rate: that source
        and target have nothing to do with each other, or the source does not lead (``leading``),
        whichever is larger.
    source_p : Tensor, shape (n,), float32
        The same, family-wise, of "this source drives none", up or down.
    source_evidence : Tensor, shape (n,), float32
        How sure it is that each source has to do with others, on a scale on which 1 is p = 0.05.
    note : str
        Why nothing was tested; empty if it was.
    null : str
        What chance is where everything bursts together, a sentence.
    """

    estimate: Tensor
    standard_error: Tensor
    score: Tensor
    edge_p: Tensor
    edge_fdr: Tensor
    source_p: Tensor
    source_evidence: Tensor
    note: str = ""
    null: str = ""

    @property
    def leaderless(self) -> Tensor:
        """Sources that have to do with others beyond chance and are not sure to lead, (n,)."""
        return (self.source_evidence >= 1.0) & (self.source_p > LEVEL)

    @property
    def tested(self) -> bool:
        """Whether anything could be tested."""
        return bool(self.source_p.isfinite().any())


def edge_evidence(
    rows: LaggedRows,
    fitted: FittedVar,
    seed: int = 0,
    covariates: Tensor | None = None,
    trials: WholeTrials | None = None,
) -> Generator[float, None, EdgeEvidence]:
    """Test every edge and source; yield the fraction done.

    Parameters
    ----------
    rows : LaggedRows
        Those the VAR was fitted to.
    fitted : FittedVar
    seed : int
    covariates : Tensor, shape (rows, K), optional
        Columns that were taken out of the rows: how much series vary may follow them.
    trials : WholeTrials, optional
        The null; else ``chosen_nulls``.
    """
    pairs, near = all_rows(rows), torch.from_numpy(fitted.near)
    effects = place_effects(*pairs, fitted.coefficients, fitted.weights, near)
    del pairs
    trim_heap()
    if covariates is not None:
        residuals = effects.source_residual, effects.target_residual
        effects = replace(effects, volatility=Volatility.of(*residuals, covariates.float()))
    if trials is not None:
        effects = centred_effects(effects, trials)
    yield 0.3
    estimate, error = effects.estimate.float(), effects.standard_error.float()
    score = steady_scores(effects).float()
    # Single precision is enough from here on, and thousands of cells have many pairs.
    effects = replace(effects, estimate=estimate, standard_error=error, z=effects.z.float())
    trim_heap()
    nulls = chosen_nulls(effects, trials)
    del effects
    affordable = (draws for most, draws in _DRAWS if len(fitted.weights) <= most)
    draws = next(affordable, _FEWEST_DRAWS)

    def tested(null: ChosenNull) -> Generator[float, None, AdjustedPValues]:
        drawing = adjusted_p_values(
            null.effects, draws, seed, pairing=null.pairing, counted=torch.abs, rare_events=True
        )
        found = yield from part(drawing, 0.0, 0.7)
        del null, drawing  # who leads needs the memory
        trim_heap()
        sign, fewest = score.sign(), _DIRECTIONS
        asking = led(found, sign, lambda: all_rows(rows), fitted, fewest=fewest, seed=seed)
        return (yield from part(asking, 0.7, 1.0))

    try:
        found = yield from part(against_each(nulls.each, tested), 0.3, 1.0)
    except TooShortError as problem:
        pairs_unknown = torch.full_like(score, torch.nan)
        unknown = pairs_unknown[0]
        return EdgeEvidence(
            *(estimate, error, score, pairs_unknown, pairs_unknown, unknown, unknown),
            note=str(problem),
        )
    return EdgeEvidence(
        estimate,
        error,
        score,
        found.edge.float(),
        found.edge_fdr.float(),
        found.place.float(),
        found.place_evidence.float(),
        null=nulls.said,
    )

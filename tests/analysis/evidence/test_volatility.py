"""Series that are loud together meet more often by chance, and covariates know when."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from napari_sparsevar.analysis.evidence.inference import PlaceEffects
from napari_sparsevar.analysis.evidence.nulls.pairing import PairedScores, steady_scores
from napari_sparsevar.analysis.evidence.nulls.shifted import ShiftedTimes
from napari_sparsevar.analysis.evidence.volatility import Volatility

ROWS, SIZE = 4000, 6


def residuals(louder: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sources and targets without influence, some times louder in bouts; when they are (n, 2)."""
    rng = np.random.default_rng(0)
    bout = np.repeat(rng.random(ROWS // 40) < 0.3, 40).astype(float)
    columns = np.column_stack([bout, np.ones(ROWS)])
    both = rng.standard_normal((2, ROWS, SIZE)) * (1.0 + (louder - 1.0) * bout)[:, None]
    source, target, when = (torch.from_numpy(part).float() for part in (*both, columns))
    return source, target, when


def effects(source: torch.Tensor, target: torch.Tensor, columns: torch.Tensor) -> PlaceEffects:
    robust = (source.square().T @ target.square() / ROWS).sqrt()
    apart = torch.outer(source.square().mean(dim=0), target.square().mean(dim=0)).sqrt()
    z = source.T @ target / (robust * ROWS**0.5)
    volatility = Volatility.of(source, target, columns)
    return PlaceEffects(z, z, z, robust / apart, source, target, 1, volatility)


def test_columns_that_tell_nothing_change_nothing() -> None:
    source, target, columns = residuals(1.0)
    found = effects(source, target, columns[:, 1:])
    expected = torch.outer(source.square().mean(dim=0), target.square().mean(dim=0))
    torch.testing.assert_close(found.volatility.aligned(), expected, rtol=1e-3, atol=0)
    plain = steady_scores(replace(found, volatility=None))
    torch.testing.assert_close(steady_scores(found), plain, rtol=1e-3, atol=1e-4)


def test_mean_products_are_those_of_the_bouts() -> None:
    source, target, columns = residuals(3.0)
    quiet = 1.0 - float(columns[:, 0].mean())
    expected = quiet + (1.0 - quiet) * 3.0**4
    found = effects(source, target, columns).volatility.aligned()
    np.testing.assert_allclose(found.numpy(), expected, rtol=0.25)


def test_scores_and_draws_have_one_spread() -> None:
    """Without it, scores of what is loud together would be spread wider than those of shifts."""
    source, target, columns = residuals(3.0)
    found = effects(source, target, columns)
    null = PairedScores(found, ShiftedTimes(ROWS, 20), 50, 0, steady=True, most_rows=ROWS)
    drawn = torch.cat(list(null.batches(16)))
    assert 0.8 < float(steady_scores(found).std() / drawn.std()) < 1.25
    # Had two series never met, their score would not be larger than what they do by chance.
    never = replace(found, coincidence=torch.full_like(found.z, 1e-3), z=found.z * 1e3)
    without = replace(never, volatility=None)
    assert (steady_scores(never).abs() < 0.8 * steady_scores(without).abs()).all()

"""Debiased effects and adjusted p-values, on small simulated VARs with known answers."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import NamedTuple, TypeVar

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import Tensor

from napari_sparsevar.analysis.evidence.adjusted_p_values import (
    AdjustedPValues,
    adjusted_p_values,
)
from napari_sparsevar.analysis.evidence.inference import (
    PlaceEffects,
    autocorrelation,
    chance_inflation,
    decorrelation_time,
    inflate,
    interval,
    place_effects,
)
from napari_sparsevar.errors import UserError
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.embedded_var import RIDGE, universal_penalty
from napari_sparsevar.progress import WithResult

PHI = 0.5
Result = TypeVar("Result")


class Recording(NamedTuple):
    predictors: Tensor
    targets: Tensor
    weights: Tensor
    near: Tensor
    truth: Tensor

    def effects(self) -> PlaceEffects:
        n, size = self.predictors.shape
        gram = self.predictors.T @ self.predictors / n + RIDGE * torch.eye(size).double()
        cross = self.predictors.T @ self.targets / n
        coefficients = solve_lasso(gram, cross, universal_penalty(size, n) * self.weights)
        return place_effects(self.predictors, self.targets, coefficients, self.weights, self.near)


def record(
    seed: int, n: int, p: int, edges: dict[tuple[int, int], float] | None = None, lags: int = 1
) -> Recording:
    """Autocorrelated Gaussian latents, each its own cell; edges are (source, target): effect."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((n + 51 + lags, p))
    truth = np.zeros((p, p))
    for (source, target), effect in (edges or {}).items():
        truth[source, target] = effect * math.sqrt(1 - PHI**2)
    latents = lfilter([1.0], [1.0, -PHI], noise, axis=0)
    if edges:
        for row in range(1, len(noise)):
            latents[row] = PHI * latents[row - 1] + latents[row - 1] @ truth + noise[row]
    latents = latents[-(n + lags) :]
    past = [latents[lags - lag : -lag] for lag in range(1, lags + 1)]
    innovation = latents[lags:] - PHI * past[0]
    truth = truth * past[0].std(axis=0)[:, None] / innovation.std(axis=0)
    joined = np.concatenate(past, axis=1)
    near = np.eye(p, dtype=bool)
    return Recording(
        torch.from_numpy((joined - joined.mean(axis=0)) / joined.std(axis=0)),
        torch.from_numpy((innovation - innovation.mean(axis=0)) / innovation.std(axis=0)),
        torch.from_numpy(np.tile((~near).astype(np.float64), (lags, 1))),
        torch.from_numpy(near),
        torch.from_numpy(truth),
    )


def returned(steps: Generator[float, None, Result]) -> Result:
    work = WithResult(steps)
    assert all(0 < fraction <= 1 for fraction in work)
    return work.result


def adjusted(effects: PlaceEffects, draws: int = 99) -> AdjustedPValues:
    return returned(adjusted_p_values(effects, draws=draws))


def test_intervals_cover_zero_and_other_effects_nearly_as_often_as_they_say() -> None:
    edges = {(0, 5): 0.2, (1, 6): 0.2, (2, 7): 0.1, (3, 8): -0.2, (0, 9): 0.1}
    null, real = [], []
    for seed in range(60):
        data = record(seed, 400, 12, edges)
        effects = data.effects()
        lower, upper = interval(effects.estimate, effects.standard_error)
        covered = (lower <= data.truth) & (data.truth <= upper)
        null.append(covered[(data.truth == 0) & ~data.near])
        real.append(covered[data.truth != 0])
    assert 0.93 < torch.cat(null).double().mean() < 0.98
    assert 0.90 < torch.cat(real).double().mean() <= 1.0


def test_family_wise_error_is_near_its_level() -> None:
    """At 20 % of 60 recordings without any edge 12 are expected; 21 have a chance below 1 %."""
    edges, places = 0, 0
    for seed in range(60):
        found = adjusted(record(seed, 300, 10).effects())
        edges += int((found.edge <= 0.2).any())
        places += int((found.place <= 0.2).any())
    assert edges <= 20
    assert places <= 20


def test_strong_edge_is_found_and_comes_first() -> None:
    effects = record(0, 600, 15, {(3, 11): 0.4}).effects()
    found = adjusted(effects)
    best = int(found.edge.nan_to_num(1.0).argmin())
    assert divmod(best, 15) == (3, 11)
    assert found.edge[3, 11] < 1 / 100
    assert found.edge_fdr[3, 11] < 0.02
    assert int(found.place.argmin()) == 3
    assert found.place[3] <= 0.05
    assert effects.estimate[3, 11] == pytest.approx(0.4, abs=0.15)


def test_a_negative_edge_counts_and_makes_no_driver_of_its_source() -> None:
    found = adjusted(record(1, 600, 10, {(2, 7): -0.4}).effects())
    assert found.edge[2, 7] <= 0.02
    assert found.place[2] > 0.05


def test_renumbering_latents_renumbers_results() -> None:
    data = record(2, 300, 9, {(0, 4): 0.3})
    order = torch.from_numpy(np.random.default_rng(0).permutation(9))
    shuffled = Recording(
        data.predictors[:, order],
        data.targets[:, order],
        data.weights[order][:, order],
        data.near[order][:, order],
        data.truth,
    )
    one, other = data.effects(), shuffled.effects()
    torch.testing.assert_close(
        one.z[order][:, order], other.z, equal_nan=True, atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(
        one.estimate[order][:, order], other.estimate, equal_nan=True, atol=1e-6, rtol=1e-6
    )
    first, second = adjusted(one), adjusted(other)
    torch.testing.assert_close(
        first.edge[order][:, order], second.edge, equal_nan=True, atol=0.011, rtol=0
    )
    torch.testing.assert_close(first.place[order], second.place, atol=0.011, rtol=0)


def test_more_predictors_than_rows_and_several_lags() -> None:
    data = record(3, 250, 140, {(5, 90): 0.5}, lags=2)
    assert data.predictors.shape == (250, 280)
    effects = data.effects()
    found = adjusted(effects, draws=19)
    assert found.edge.shape == (280, 140)
    assert found.edge[5, 90] == 1 / 20
    own = data.near.repeat(2, 1)
    for values in (effects.estimate, effects.standard_error, effects.z, found.edge, found.edge_fdr):
        assert values[own].isnan().all()
        assert values[~own].isfinite().all()
    assert found.place.isfinite().all()
    assert ((found.edge[~own] > 0) & (found.edge[~own] <= 1)).all()


def test_latent_that_never_changes_has_no_effect() -> None:
    data = record(4, 300, 8)
    data.predictors[:, 2] = 0.0
    data.targets[:, 2] = 0.0
    effects = data.effects()
    found = adjusted(effects)
    assert effects.z[2].isnan().all()
    assert effects.z[:, 2].isnan().all()
    assert found.place[2].isnan()
    others = [0, 1, 3, 4, 5, 6, 7]
    assert found.place[others].isfinite().all()


def test_nothing_distant_gives_nan() -> None:
    data = record(5, 300, 4)
    whole = data._replace(weights=torch.zeros_like(data.weights), near=torch.ones(4, 4).bool())
    found = adjusted(whole.effects())
    assert found.edge.isnan().all()
    assert found.place.isnan().all()


def test_too_few_rows_are_refused_in_words() -> None:
    effects = record(6, 150, 6).effects()
    with pytest.raises(UserError, match="150 frames are too few"):
        adjusted(effects)


def test_long_recording_is_drawn_in_windows_and_repeats_with_its_seed() -> None:
    effects = record(7, 5000, 6, {(0, 3): 0.2}).effects()
    first, second = adjusted(effects, draws=49), adjusted(effects, draws=49)
    torch.testing.assert_close(first.edge, second.edge, equal_nan=True)
    assert first.draws == 49
    assert first.edge[0, 3] == 1 / 50


def test_few_offsets_make_fewer_draws() -> None:
    found = adjusted(record(8, 220, 5).effects(), draws=500)
    assert found.draws == found.pairing.most_draws() < 220


def test_autocorrelation_of_a_known_process() -> None:
    noise = np.random.default_rng(0).standard_normal((20000, 3))
    series = torch.from_numpy(lfilter([1.0], [1.0, -0.8], noise, axis=0))
    correlations = autocorrelation(series / series.std(dim=0))
    assert correlations[:2] == pytest.approx([0.8, 0.64], abs=0.02)
    assert decorrelation_time(correlations) == 5
    assert chance_inflation(correlations) == pytest.approx((1 + 0.64) / (1 - 0.64), rel=0.05)
    assert autocorrelation(torch.zeros(10, 2)) == []


def test_leverages_add_up_to_the_number_of_active_columns() -> None:
    data = record(9, 200, 6)
    residual = torch.ones(200, 2, dtype=torch.float64)
    inflate(residual, data.predictors, [torch.arange(0), torch.arange(3)])
    leverage = 1.0 - 1.0 / residual
    assert leverage[:, 0].sum() == 0.0
    assert leverage[:, 1].sum() == pytest.approx(3.0, rel=0.01)
    assert leverage.min() >= 0.0

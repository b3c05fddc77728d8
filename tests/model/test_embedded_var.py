"""The VAR between encoder and decoder: pairs, gaps, recovery, gradients."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_sparsevar.model.embedded_var import (
    LaggedPairs,
    Sequences,
    fit_var,
    lagged_pairs,
    moments,
    sequences,
    standardiser,
    universal_penalty,
    usable_targets,
)
from napari_sparsevar.model.temporal import PLAIN, CalciumDynamics, estimate_dynamics


def simulate(coefficients: Tensor, n_frames: int, seed: int = 0) -> Tensor:
    """A VAR(1) with unit innovations, (T, p); ``coefficients[source, target]``."""
    noise = torch.randn(
        n_frames, len(coefficients), generator=torch.Generator().manual_seed(seed)
    ).double()
    series = [noise[0]]
    for shock in noise[1:]:
        series.append(series[-1] @ coefficients + shock)
    return torch.stack(series)


def paired(series: Tensor, good: Tensor) -> LaggedPairs:
    """Drives and innovations of standardised series, without own dynamics."""
    found = sequences(standardiser(series, good).forward(series), good, PLAIN)
    return lagged_pairs(found, good, 1)


def test_pairs_never_cross_a_gap_or_a_piece() -> None:
    series = torch.arange(20.0).view(2, 10, 1)
    good = torch.ones(2, 10, dtype=torch.bool)
    good[0, 4] = False
    found = Sequences(torch.zeros_like(series), series, series, torch.ones(1), torch.ones(1))
    pairs = lagged_pairs(found, good, lags=2)
    expected = [(t - 1, t - 2, t) for t in (2, 3, 7, 8, 9)]
    expected += [(t - 1, t - 2, t) for t in range(12, 20)]
    rows = torch.cat([pairs.past, pairs.following], dim=1).tolist()
    assert rows == [list(map(float, row)) for row in expected]
    assert int(usable_targets(good, 2).sum()) == len(expected)


def test_standardised_latents_have_mean_0_and_variance_1() -> None:
    series = 5.0 + 3.0 * torch.randn(1, 400, 4, generator=torch.Generator().manual_seed(0))
    series[..., 3] = 2.5  # never changes
    good = torch.ones(1, 400, dtype=torch.bool)
    standard = standardiser(series, good)
    result = standard.forward(series)
    torch.testing.assert_close(result[0, :, :3].mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(result[0, :, :3].var(0, unbiased=False), torch.ones(3))
    assert torch.isfinite(result).all()
    torch.testing.assert_close(standard.backward(result), series)


def test_known_edges_are_recovered() -> None:
    p = 12
    truth = 0.5 * torch.eye(p, dtype=torch.float64)
    truth[0, 5] = truth[0, 7] = truth[3, 9] = 0.5
    series = simulate(truth, 3000)[None]
    good = torch.ones(series.shape[:2], dtype=torch.bool)
    statistics = moments(paired(series, good))
    weights = torch.ones(p, p, dtype=torch.float64) - torch.eye(p, dtype=torch.float64)
    penalty = 1.2 * universal_penalty(p, statistics.n)
    found = fit_var(statistics, weights, penalty)
    off_diagonal = ~np.eye(p, dtype=bool)
    assert np.array_equal((found.numpy() > 0.05) & off_diagonal, (truth.numpy() > 0) & off_diagonal)


def test_a_source_is_found_more_clearly_once_own_dynamics_are_taken_out() -> None:
    """Slow calcium under noise: one frame's drive counts, not the level it decays from."""
    rng = np.random.default_rng(0)
    n_frames, decay = 3000, 0.9
    events = (rng.random((n_frames, 2)) < 0.07).astype(float)
    copied = rng.random(n_frames - 1) < 0.3
    events[1:, 1] = np.where(copied, events[:-1, 0], events[1:, 1])
    calcium = np.zeros_like(events)
    for t in range(1, n_frames):
        calcium[t] = decay * calcium[t - 1] + events[t]
    seen = torch.from_numpy(calcium / calcium.std(axis=0) + 0.2 * rng.standard_normal(events.shape))
    good = torch.ones(1, n_frames, dtype=torch.bool)
    latents = standardiser(seen[None], good).forward(seen[None])

    def signal_to_chance(dynamics: CalciumDynamics) -> float:
        statistics = moments(lagged_pairs(sequences(latents, good, dynamics), good, 1))
        found = torch.linalg.solve(statistics.gram, statistics.cross)
        error = torch.linalg.inv(statistics.gram)[0, 0].sqrt() / np.sqrt(statistics.n)
        return float(found[0, 1] / error)

    plain = signal_to_chance(PLAIN)
    assert signal_to_chance(estimate_dynamics(latents, good)) > 1.5 * plain > 0


def test_gradients_reach_the_latents() -> None:
    base = simulate(0.4 * torch.eye(4, dtype=torch.float64), 40)[None]
    base[0, 1:, 1] += 0.6 * base[0, :-1, 0]
    good = torch.ones(base.shape[:2], dtype=torch.bool)
    weights = torch.ones(4, 4, dtype=torch.float64)

    def coefficients(series: Tensor) -> Tensor:
        return fit_var(moments(paired(series, good)), weights, 0.05)

    assert torch.autograd.gradcheck(coefficients, (base.requires_grad_(),), atol=1e-6)

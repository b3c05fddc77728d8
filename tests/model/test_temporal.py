"""The own dynamics of latents: a Kalman filter, checked against plain Gaussian conditioning."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.model.temporal import (
    PLAIN,
    CalciumDynamics,
    calcium_filter,
    estimate_dynamics,
    filter_on,
)


def noisy_autoregression(
    n_frames: int, size: int, dynamics: CalciumDynamics, seed: int = 0
) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    decay, noise = dynamics
    hidden = np.zeros((n_frames, size))
    hidden[0] = rng.standard_normal(size)
    for t in range(1, n_frames):
        hidden[t] = decay * hidden[t - 1] + np.sqrt(1 - decay**2) * rng.standard_normal(size)
    seen = np.sqrt(1 - noise) * hidden + np.sqrt(noise) * rng.standard_normal(hidden.shape)
    return torch.from_numpy(seen)[None]


def test_without_dynamics_nothing_is_taken_out() -> None:
    latents = torch.randn(2, 9, 3, dtype=torch.float64)
    good = torch.ones(2, 9, dtype=torch.bool)
    found = calcium_filter(latents, good, PLAIN)
    torch.testing.assert_close(found.innovation, latents)
    torch.testing.assert_close(found.drive, latents)
    assert not found.expected.any()


@pytest.mark.parametrize("dynamics", [CalciumDynamics(0.9, 0.6), CalciumDynamics(0.5, 0.0)])
def test_expectation_is_that_of_the_gaussian_process_given_the_good_past(
    dynamics: CalciumDynamics,
) -> None:
    length = 14
    latents = noisy_autoregression(length, 2, dynamics)
    good = torch.ones(1, length, dtype=torch.bool)
    good[0, [3, 7, 8]] = False
    found = calcium_filter(latents, good, dynamics)
    lag = np.abs(np.subtract.outer(np.arange(length), np.arange(length)))
    covariance = (1 - dynamics.noise) * dynamics.decay**lag + dynamics.noise * np.eye(length)
    for t in range(1, length):
        past = np.flatnonzero(good[0, :t].numpy())
        weights = np.linalg.solve(covariance[np.ix_(past, past)], covariance[past, t])
        np.testing.assert_allclose(
            found.expected[0, t].numpy(), weights @ latents[0, past].numpy(), atol=1e-10
        )
    assert not found.innovation[~good].any()


def test_innovations_of_the_model_are_white() -> None:
    dynamics = CalciumDynamics(0.88, 0.7)
    latents = noisy_autoregression(20_000, 4, dynamics)
    good = torch.ones(latents.shape[:2], dtype=torch.bool)
    innovation = calcium_filter(latents, good, dynamics).innovation[0]
    for lag in (1, 2, 5):
        correlation = (innovation[lag:] * innovation[:-lag]).mean(dim=0) / innovation.var(dim=0)
        assert correlation.abs().max() < 0.03


def test_what_a_source_adds_arrives_in_the_innovations_as_its_drive() -> None:
    """A push of the target's hidden activity decays with it; its filter sees the drive."""
    dynamics, start, length = CalciumDynamics(0.8, 0.5), 40, 60
    good = torch.ones(1, length, dtype=torch.bool)
    source = torch.zeros(1, length, 1, dtype=torch.float64)
    source[0, start] = 1.0
    for t in range(start + 1, length):  # a source whose only innovation is at ``start``
        source[0, t] = calcium_filter(source, good, dynamics).expected[0, t]
    pushed = torch.zeros_like(source)
    pushed[0, start + 1 :, 0] = 0.3 * 0.8 ** torch.arange(length - start - 1).double()
    drive = calcium_filter(source, good, dynamics).drive
    arrived = calcium_filter(pushed, good, dynamics).innovation
    torch.testing.assert_close(arrived[:, 1:], 0.3 * drive[:, :-1], atol=1e-9, rtol=0.0)


@pytest.mark.parametrize(
    "dynamics",
    [CalciumDynamics(0.9, 0.8), CalciumDynamics(0.7, 0.2), CalciumDynamics(0.95, 0.5)],
)
def test_dynamics_are_recovered_though_most_latents_are_noise(dynamics: CalciumDynamics) -> None:
    active = noisy_autoregression(6000, 10, dynamics)
    silent = torch.from_numpy(np.random.default_rng(1).standard_normal((1, 6000, 40)))
    latents = torch.cat([active, silent], dim=-1)
    found = estimate_dynamics(latents, torch.ones(1, 6000, dtype=torch.bool))
    assert found.decay == pytest.approx(dynamics.decay, abs=0.03)
    assert found.noise == pytest.approx(dynamics.noise, abs=0.06)


def test_white_latents_stay_as_they_are() -> None:
    latents = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 2000, 50)))
    good = torch.ones(1, 2000, dtype=torch.bool)
    found = calcium_filter(latents, good, estimate_dynamics(latents, good))
    assert (found.innovation - latents).std() < 0.05
    assert (found.drive - latents).std() < 0.05


def test_the_filter_has_a_derivative() -> None:
    latents = torch.randn(1, 6, 2, dtype=torch.float64, requires_grad=True)
    good = torch.tensor([[True, True, False, True, True, True]])
    dynamics = CalciumDynamics(0.7, 0.4)
    assert torch.autograd.gradcheck(lambda z: tuple(calcium_filter(z, good, dynamics)), (latents,))


@pytest.mark.parametrize("dynamics", [CalciumDynamics(0.9, 0.6), CalciumDynamics(0.5, 0.0)])
def test_short_pieces_at_once_are_as_frame_by_frame(dynamics: CalciumDynamics) -> None:
    source = torch.Generator().manual_seed(0)
    latents = torch.randn(5, 40, 3, dtype=torch.float64, generator=source)
    good = torch.rand(5, 40, generator=source) < 0.8
    good[1], good[3] = True, False
    one_by_one, _ = filter_on(latents, good, dynamics, None)
    for found, expected in zip(calcium_filter(latents, good, dynamics), one_by_one, strict=True):
        torch.testing.assert_close(found, expected)

r"""What a latent does by itself over time, taken out before asking what drives it.

Calcium decays slowly and imaging is noisy, so most of the next frame is a latent's own decay, and
most of the rest is noise. Every latent is taken for an autoregression seen through white noise,

.. math:: z_t = c_t + v_t, \qquad c_{t+1} = \gamma c_t + s_{t+1},

and the Kalman filter (Kalman 1960) splits it into what its own past foretold and the
*innovation* that nothing in its past did,

.. math:: e_t = z_t - \hat c_{t|t-1}, \qquad
          \hat c_{t+1|t} = \gamma (\hat c_{t|t-1} + k_t e_t).

If another place moves the hidden activity, :math:`s_{t+1} = \beta e'_t + \dots`, a noisy latent
shows it over several frames: its innovation has the mean :math:`\beta d'_t` with the *drive*

.. math:: d'_t = \gamma (1 - k_t)\, d'_{t-1} + e'_t,

the sum of the source's innovations as far as the target's own past has not caught up with them.
Regressing innovations on drives is thus the likelihood of the model. Without noise the drive is the
innovation itself, and with :math:`\gamma = 0` the model is the plain VAR.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.model.config import Dynamics

_DECAYS = torch.linspace(0.0, 0.98, 99, dtype=torch.float64)
_LONGEST = 12
_LEAST_SIGNAL = 0.01
_SETTLED = 32  # frames after which the gain of the filter changes no more
_SHORT = 256  # frames up to which the filter is two matrices
_LEAST_DECAY = 0.2  # below it, one frame later says little about what is signal now


class CalciumDynamics(NamedTuple):
    """Decay and noise shared by all latents (each of variance 1).

    Attributes
    ----------
    decay : float
        Share of the hidden activity left after one frame, from 0 to 1.
    noise : float
        Share of a latent's variance that is white noise, from 0 to 1.
    """

    decay: float
    noise: float


PLAIN = CalciumDynamics(0.0, 0.0)
"""No own dynamics: innovations and drives are the latents themselves."""


class Filtered(NamedTuple):
    """Latents taken apart, each (pieces, frames, p).

    Attributes
    ----------
    expected : Tensor
        What a latent's own past foretells.
    innovation : Tensor
        What it did not: ``latent - expected``; 0 in bad frames.
    drive : Tensor
        Innovations summed as far as they can still show in the next frame.
    """

    expected: Tensor
    innovation: Tensor
    drive: Tensor


class FilterState(NamedTuple):
    """What the filter knows after a frame, (pieces, p) each but for the variance, (pieces, 1)."""

    variance: Tensor
    expected: Tensor
    drive: Tensor


def calcium_filter(latents: Tensor, good: Tensor, dynamics: CalciumDynamics) -> Filtered:
    """Split standardised latents into what their own past foretells and the rest.

    Parameters
    ----------
    latents : Tensor, shape (pieces, frames, p)
        Mean 0 and variance 1.
    good : Tensor of bool, shape (pieces, frames)
        Bad frames are treated as missing: the filter waits.
    dynamics : CalciumDynamics

    Returns
    -------
    Filtered
        Differentiable in the latents.
    """
    if dynamics.decay == 0.0 or latents.shape[1] > _SHORT:
        return filter_on(latents, good, dynamics, None)[0]
    kinds, which = good.cpu().unique(dim=0, return_inverse=True)
    responses = torch.from_numpy(np.stack([_responses(kind, dynamics) for kind in kinds.numpy()]))
    foretold, summed = responses.to(latents)[which.to(latents.device)].unbind(dim=1)
    expected = foretold @ latents
    innovation = (latents - expected) * good[..., None]
    return Filtered(expected, innovation, summed @ innovation)


def _responses(seen: npt.NDArray[np.bool_], dynamics: CalciumDynamics) -> npt.NDArray[np.float64]:
    """Return the filter as two matrices (2, frames, frames), for the same frames of every latent.

    How far it trusts a frame depends on which frames were seen, not on what was seen in them: so it
    is linear. The first matrix gives what is expected from the latents, the second the drive from
    the innovations. Two products take the place of a long row of small steps.
    """
    decay, noise = dynamics
    foretold, summed = np.zeros((2, len(seen) + 1, len(seen)))
    variance = 1.0 - noise
    for t in range(len(seen)):
        gain = variance / (variance + noise) if seen[t] else 0.0
        left = decay * (1.0 - gain)
        foretold[t + 1] = left * foretold[t]
        foretold[t + 1, t] = decay * gain
        summed[t] += left * summed[t - 1] if t else 0.0
        summed[t, t] = 1.0
        variance = decay**2 * (1.0 - gain) * variance + (1.0 - decay**2) * (1.0 - noise)
    return np.stack([foretold[:-1], summed[:-1]])


def filter_on(
    latents: Tensor, good: Tensor, dynamics: CalciumDynamics, state: FilterState | None
) -> tuple[Filtered, FilterState | None]:
    """Do as ``calcium_filter`` does, going on from where it was after the frames before.

    Parameters
    ----------
    latents : Tensor, shape (pieces, frames, p)
    good : Tensor of bool, shape (pieces, frames)
    dynamics : CalciumDynamics
    state : FilterState or None
        As returned for the frames before; None at the beginning of a movie.
    """
    decay, signal = dynamics.decay, 1.0 - dynamics.noise
    seen = good.to(latents.dtype)[..., None]
    if decay == 0.0:  # nothing is foretold, and nothing adds up
        innovation = latents * seen
        return Filtered(torch.zeros_like(latents), innovation, innovation), None
    if state is None:
        nothing = torch.zeros_like(latents[:, 0])
        state = FilterState(torch.full_like(seen[:, 0], signal), nothing, nothing)
    variance, expected, drive = state
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    for t in range(latents.shape[1]):
        gain = seen[:, t] * variance / (variance + dynamics.noise)
        innovation = (latents[:, t] - expected) * seen[:, t]
        drive = decay * (1.0 - gain) * drive + innovation
        steps.append((expected, innovation, drive))
        expected = decay * (expected + gain * innovation)
        variance = decay**2 * (1.0 - gain) * variance + (1.0 - decay**2) * signal
    parts = [torch.stack(part, dim=1) for part in zip(*steps, strict=True)]
    return Filtered(parts[0], parts[1], parts[2]), FilterState(variance, expected, drive)


def own_dynamics(latents: Tensor, good: Tensor, kind: Dynamics) -> CalciumDynamics:
    """Return the dynamics of latents (pieces, frames, p) as the configuration wants them."""
    return estimate_dynamics(latents, good) if kind == "calcium" else PLAIN


def estimate_dynamics(latents: Tensor, good: Tensor) -> CalciumDynamics:
    """Estimate decay and noise from how latents resemble themselves over time.

    The autocovariance of the model is ``(1 - noise) decay**lag`` at every lag but 0. It is averaged
    over latents and fitted by least squares. Those latents weigh most that resemble their own last
    frame; the weights come from one half of the time and the averages from the other, so that
    chance is not taken for signal.

    Parameters
    ----------
    latents : Tensor, shape (pieces, frames, p)
        Mean 0 and variance 1.
    good : Tensor of bool, shape (pieces, frames)
    """
    with torch.no_grad():
        middle = latents.shape[1] // 2
        first = _autocovariance(latents[:, :middle], good[:, :middle])
        second = _autocovariance(latents[:, middle:], good[:, middle:])
        return dynamics_of(first, second)


def dynamics_of(first: Tensor, second: Tensor) -> CalciumDynamics:
    """Return the dynamics that fit autocovariances (lags, p) of two halves of the time."""
    known = min(len(first), len(second))  # one half may have a frame more
    first, second = first[:known], second[:known]
    with torch.no_grad():
        weights = torch.cat([second[0], first[0]]).clamp_min(0.0)
        total = float(weights.sum())
        if total == 0.0:
            return CalciumDynamics(0.0, 1.0 - _LEAST_SIGNAL)
        measured = torch.cat([first, second], dim=1) @ weights / total
        powers = _DECAYS[:, None] ** torch.arange(1, len(measured) + 1)
        size = powers.square().sum(dim=1).clamp_min(1e-12)
        signal = (powers @ measured / size).clamp(_LEAST_SIGNAL, 1.0)
        error = (measured - signal[:, None] * powers).square().sum(dim=1)
        best = int(error.argmin())
        return CalciumDynamics(float(_DECAYS[best]), 1.0 - float(signal[best]))


def share_of(autocovariance: Tensor, dynamics: CalciumDynamics) -> Tensor:
    """Return the share of each latent's variance that is slow activity and not white noise, (p,).

    The autocovariance at one frame, divided by the decay.

    Parameters
    ----------
    autocovariance : Tensor, shape (lags, p)
        Of latents of variance 1, from one frame on.
    dynamics : CalciumDynamics
    """
    covariance = autocovariance[0]
    return (covariance / max(dynamics.decay, _LEAST_DECAY)).clamp(0.0, 1.0)


def longest_lag(n_frames: int) -> int:
    """Return up to which lag autocovariances of so many frames are looked at."""
    return max(1, min(_LONGEST, n_frames - 1))


def _autocovariance(latents: Tensor, good: Tensor) -> Tensor:
    """Return the autocovariance of each latent at lags 1, 2, ..., (lags, p), in float64."""
    longest = longest_lag(latents.shape[1])
    seen = (latents * good[..., None]).double().cpu()
    rows = []
    for lag in range(1, longest + 1):
        pairs = (good[:, lag:] & good[:, :-lag]).sum().clamp_min(1).cpu()
        rows.append((seen[:, lag:] * seen[:, :-lag]).sum(dim=(0, 1)) / pairs)
    return torch.stack(rows)


def memory(dynamics: CalciumDynamics, forgotten: float = 1e-6) -> int:
    """Return after how many frames the filter has forgotten all but a share of what it was.

    Both its state and the drive shrink by ``decay (1 - gain)`` a frame, with the gain it settles
    at.

    Parameters
    ----------
    dynamics : CalciumDynamics
    forgotten : float
        The share, between 0 and 1.
    """
    decay, noise = dynamics
    if decay == 0.0:
        return 1
    variance, gain = 1.0 - noise, 0.0
    for _ in range(_SETTLED):
        gain = variance / (variance + noise) if variance + noise > 0 else 1.0
        variance = decay**2 * (1.0 - gain) * variance + (1.0 - decay**2) * (1.0 - noise)
    left = decay * (1.0 - gain)
    return _SETTLED if left < forgotten else _SETTLED + math.ceil(math.log(forgotten, left))

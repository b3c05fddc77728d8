r"""The l1-regularised vector autoregression between encoder and decoder.

For innovations Y of the latents (n x p), what their own past did not foretell (``temporal``), and
the lagged drives X (n x P, P = p L), each target latent j has

.. math:: b_j = \arg\min_b \tfrac12 b'Gb - C_j'b + \lambda \sum_k w_{kj} |b_k|,

with ``G = X'X/n`` and ``C = X'Y/n``, columns of X and Y scaled to variance 1. Gradients reach the
encoder through G and C by the exact derivative of the lasso path (Kabus et al. 2026,
arXiv:2603.02899).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.temporal import CalciumDynamics, calcium_filter


class Standardiser(NamedTuple):
    """Mean and standard deviation of each latent, shape (p,) each."""

    mean: Tensor
    deviation: Tensor

    def forward(self, latents: Tensor) -> Tensor:
        """Bring latents (..., p) to mean 0 and variance 1."""
        return (latents - self.mean) / self.deviation

    def backward(self, standardised: Tensor) -> Tensor:
        """Undo ``forward``."""
        return standardised * self.deviation + self.mean


def standardiser(latents: Tensor, good: Tensor) -> Standardiser:
    """Return mean and deviation of latents (pieces, frames, p) over good frames.

    ``good`` is (pieces, frames) of bool. A latent that never changes keeps deviation 1e-6 or so and
    becomes zero rather than NaN.
    """
    kept = latents[good]
    deviation = torch.sqrt(kept.var(dim=0, unbiased=False) + 1e-8)
    return Standardiser(kept.mean(dim=0), deviation)


class Sequences(NamedTuple):
    """Latents as the VAR sees them.

    Attributes
    ----------
    expected : Tensor, shape (pieces, frames, p)
        What a latent's own past foretells, in standard deviations of the latent.
    innovation : Tensor, shape (pieces, frames, p)
        What it does not, scaled to variance 1.
    drive : Tensor, shape (pieces, frames, p)
        What others can be driven by, scaled to variance 1.
    scale : Tensor, shape (p,)
        Standard deviation of the innovation in standard deviations of the latent.
    drive_scale : Tensor, shape (p,)
        The same of the drive.
    """

    expected: Tensor
    innovation: Tensor
    drive: Tensor
    scale: Tensor
    drive_scale: Tensor


def sequences(
    latents: Tensor, good: Tensor, dynamics: CalciumDynamics, measured: int | None = None
) -> Sequences:
    """Take the latents' own dynamics out and scale what is left.

    Parameters
    ----------
    latents : Tensor, shape (pieces, frames, p)
        Standardised.
    good : Tensor of bool, shape (pieces, frames)
    dynamics : CalciumDynamics
    measured : int, optional
        Measure the variances on this many first pieces only.
    """
    expected, innovation, drive = calcium_filter(latents, good, dynamics)
    scale = _root_mean_square(innovation[:measured], good[:measured])
    size = _root_mean_square(drive[:measured], good[:measured])
    return Sequences(expected, innovation / scale, drive / size, scale, size)


def _root_mean_square(values: Tensor, good: Tensor) -> Tensor:
    return torch.sqrt(values[good].square().mean(dim=0) + 1e-8)


class LaggedPairs(NamedTuple):
    """Rows of the regression: drives of the past (n, P), lag-major, and what followed (n, p)."""

    past: Tensor
    following: Tensor

    @property
    def n_rows(self) -> int:
        """Number of rows n."""
        return len(self.past)

    def pieces(self) -> Iterator[LaggedPairs]:
        """Yield all rows, as those do that are made some at a time."""
        yield self


def usable_targets(good: Tensor, lags: int) -> Tensor:
    """Return which frames (pieces, frames - lags) are good and have a good past."""
    length = good.shape[1] - lags
    usable = good[:, lags:].clone()
    for lag in range(1, lags + 1):
        usable &= good[:, lags - lag : lags - lag + length]
    return usable


def lagged_pairs(found: Sequences, good: Tensor, lags: int) -> LaggedPairs:
    """Pair every usable frame with the frames before it, never across pieces or bad frames.

    Parameters
    ----------
    found : Sequences
        Of (pieces, frames, p).
    good : Tensor of bool, shape (pieces, frames)
    lags : int
    """
    usable = usable_targets(good, lags)
    length = usable.shape[1]
    past = [found.drive[:, lags - lag : lags - lag + length] for lag in range(1, lags + 1)]
    return LaggedPairs(torch.cat(past, dim=-1)[usable], found.innovation[:, lags:][usable])


class Moments(NamedTuple):
    """All the lasso needs to know about the data.

    Attributes
    ----------
    gram : Tensor, shape (P, P)
        X'X / n, with a small ridge on the diagonal.
    cross : Tensor, shape (P, p)
        X'Y / n.
    variance : Tensor, shape (p,)
        Mean square of each target.
    n : int
        Rows of X.
    """

    gram: Tensor
    cross: Tensor
    variance: Tensor
    n: int


RIDGE = 1e-3
"""Added to the diagonal of the gram of standardised drives: neighbours overlap, so the
unpenalised block is close to singular."""

_FAINT = 0.1
"""Largest chance correlation that leaves influences of the usual size to be seen."""


def moments(pairs: LaggedPairs) -> Moments:
    """Return gram and cross products of lagged pairs."""
    n = pairs.past.shape[0]
    gram = pairs.past.T @ pairs.past / n
    gram = gram + RIDGE * torch.eye(gram.shape[0], dtype=gram.dtype, device=gram.device)
    cross = pairs.past.T @ pairs.following / n
    return Moments(gram, cross, pairs.following.square().mean(dim=0), n)


def universal_penalty(n_predictors: int, n_rows: int) -> float:
    """Return sqrt(2 log(P) / n), the size of the largest chance correlation."""
    return math.sqrt(2.0 * math.log(max(n_predictors, 2)) / max(n_rows, 1))


def enough_rows(n_predictors: int) -> int:
    """Return how many rows leave chance small enough to see influences of the usual size."""
    return math.ceil(2.0 * math.log(max(n_predictors, 2)) / _FAINT**2)


def fit_var(
    moments: Moments, weights: Tensor, penalty: float | Tensor, initial: Tensor | None = None
) -> Tensor:
    """Fit the sparse VAR; return coefficients (P, p), differentiable in the moments.

    Parameters
    ----------
    moments : Moments
    weights : Tensor, shape (P, p)
        0 leaves a coefficient unpenalised.
    penalty : float or scalar Tensor
    initial : Tensor, shape (P, p), optional
        Coefficients to start from, for example of the step before.
    """
    return solve_lasso(moments.gram, moments.cross, penalty * weights, initial=initial)

"""One-step prediction of held-out stretches of time, in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_sparsevar.analysis.fit.fitting import DEFAULT_PENALTY
from napari_sparsevar.analysis.fit.lagged_rows import block_moments, pool
from napari_sparsevar.model.embedded_var import (
    LaggedPairs,
    Sequences,
    Standardiser,
    fit_var,
    lagged_pairs,
    standardiser,
    universal_penalty,
    usable_targets,
)
from napari_sparsevar.model.temporal import calcium_filter, own_dynamics
from real_parts.measures import Relative, relative_error
from real_parts.model import Model
from real_parts.pixels import Frames, contrast_frames, pixel_predictions

PIECES = 3
"""Stretches each held-out block is cut into, for the standard error."""

_NEVER = 1e6
PENALTIES = {"": DEFAULT_PENALTY, ", penalty of training": 1.0}
"""Of the VAR, in universal penalties."""


class Scored(NamedTuple):
    """How well held-out frames were predicted.

    Attributes
    ----------
    name : str
    error : Relative
        Squared error over that of predicting nothing.
    gain : Relative
        How much less that is than the error of the reference.
    explained : float
        Share of what resembles the last frame (lag-1 autocovariance of the same frames).
    """

    name: str
    error: Relative
    gain: Relative
    explained: float


class Fit(NamedTuple):
    """Latents as the VAR sees them; all numbers in it come from training frames."""

    standard: Standardiser
    found: Sequences
    pairs: LaggedPairs
    frames: NDArray[np.int64]
    training: NDArray[np.bool_]


def take_apart(model: Model) -> Fit:
    """Standardise latents and take their own dynamics out, as training frames say."""
    good = torch.from_numpy(model.frames.good)[None]
    training = good & torch.from_numpy(model.training)[None]
    standard = standardiser(model.latents[None], training)
    values = standard.forward(model.latents)[None]
    dynamics = own_dynamics(values, training, model.config.dynamics)
    expected, innovation, drive = calcium_filter(values, good, dynamics)
    scale, size = (_deviation(part, training) for part in (innovation, drive))
    found = Sequences(expected, innovation / scale, drive / size, scale, size)
    lags = model.config.lags
    frames = np.flatnonzero(usable_targets(good, lags)[0].numpy()) + lags
    inside = usable_targets(training, lags)[0].numpy()[frames - lags]
    return Fit(standard, found, lagged_pairs(found, good, lags), frames, inside)


def _deviation(values: Tensor, chosen: Tensor) -> Tensor:
    return torch.sqrt(values[chosen].square().mean(dim=0) + 1e-8)


def model_predictions(model: Model) -> Iterator[tuple[str, Frames]]:
    """Yield predictions of all frames, (T, Y, X), by the whole model and by parts of it.

    The VAR is fitted to training frames only.
    """
    fit = take_apart(model)
    rows = torch.from_numpy(fit.training)
    pairs = LaggedPairs(fit.pairs.past[rows], fit.pairs.following[rows])
    statistics = pool(block_moments(pairs, 1))
    weights = torch.from_numpy(model.grid.penalty_weights(model.config))
    unit = universal_penalty(statistics.gram.shape[0], statistics.n)
    for name, penalty in PENALTIES.items():
        coefficients = fit_var(statistics, weights, penalty * unit)
        yield f"whole model{name}", _decoded(model, fit, coefficients)
    own = fit_var(statistics, torch.where(weights > 0, _NEVER, 0.0).to(weights), unit)
    yield "own place only", _decoded(model, fit, own)
    yield "own decay only", _decoded(model, fit, torch.zeros_like(own))


def _decoded(model: Model, fit: Fit, coefficients: Tensor) -> Frames:
    """Decode what was expected plus what was driven; frames without a past are 0."""
    driven = (fit.pairs.past @ coefficients.to(fit.pairs.past)) * fit.found.scale
    expected = fit.found.expected[0, torch.from_numpy(fit.frames)]
    latents = fit.standard.backward(expected + driven).numpy()
    height, width = model.grid.shape
    decoded = np.asarray(latents @ model.footprints, dtype=np.float32)
    images = decoded.reshape(-1, *model.grid.padded_shape)[:, :height, :width]
    predicted = np.zeros((model.frames.movie.n_frames, height, width), np.float32)
    predicted[fit.frames] = images
    return predicted


def compare(models: dict[str, Model]) -> list[Scored]:
    """Score models and simple predictions on the held-out frames of the first model.

    What is predicted are standardised frames less their background. The gain is that over the
    first model's own place.
    """
    first = next(iter(models.values()))
    contrast = contrast_frames(first)
    pieces = held_out_pieces(first)
    nothing = _errors(np.zeros_like(contrast), contrast, pieces)
    found = {"predicting nothing": nothing}
    for name, predicted in pixel_predictions(contrast, first.training):
        found[name] = _errors(predicted, contrast, pieces)
    for label, model in models.items():
        for name, predicted in model_predictions(model):
            found[f"{label}: {name}"] = _errors(predicted, contrast, pieces)
    reference = found[f"{next(iter(models))}: own place only"]
    resembling = sum(float((contrast[p] * contrast[p - 1]).sum()) for p in pieces)
    return [
        Scored(
            name,
            relative_error(errors, nothing),
            relative_error(reference - errors, nothing),
            float((nothing - errors).sum()) / resembling,
        )
        for name, errors in found.items()
    ]


def held_out_pieces(model: Model) -> list[NDArray[np.int64]]:
    """Return the held-out frames, cut into stretches; bad frames and those after them left out."""
    good = model.frames.good
    kept = [
        frames[good[frames] & good[frames - 1]]
        for start, stop in model.held_out
        for frames in np.array_split(np.arange(max(start, 1), stop), PIECES)
    ]
    return [frames for frames in kept if len(frames)]


def _errors(
    predicted: Frames, contrast: Frames, pieces: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Return the summed squared error over each stretch of frames."""
    sums = [np.square(contrast[p] - predicted[p]).sum(dtype=np.float64) for p in pieces]
    return np.asarray(sums)

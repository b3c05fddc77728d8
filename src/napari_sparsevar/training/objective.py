"""What is minimised: blind reconstruction and one-step prediction, both in pixel space."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import (
    Sequences,
    Standardiser,
    fit_var,
    lagged_pairs,
    moments,
    sequences,
    standardiser,
    universal_penalty,
    usable_targets,
)
from napari_sparsevar.model.network import BlindCode, SparseVarAutoencoder
from napari_sparsevar.model.temporal import own_dynamics

_SMALLEST_GAIN = 0.01


class Batch(NamedTuple):
    """Chunks of standardised movie inside one crop of the field of view.

    Attributes
    ----------
    frames : Tensor, shape (chunks, length, Y, X)
    good : Tensor of bool, shape (chunks, length)
    static : Tensor, shape (3, Y, X)
    inside : Tensor, shape (Y, X)
        1 for pixels that count, 0 for others and in the padding.
    split : Tensor of bool, shape (Y, X)
        Which pixels belong to the first blind half.
    weights : Tensor, shape (P, p)
        Penalty weights of the latents in the crop.
    """

    frames: Tensor
    good: Tensor
    static: Tensor
    inside: Tensor
    split: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(*(part.to(device) for part in self))


class Loss(NamedTuple):
    """Loss terms of a batch, and the coefficients (P, p) of its embedded VAR."""

    reconstruction: Tensor
    prediction: Tensor
    coefficients: Tensor


def encode_chunks(network: SparseVarAutoencoder, batch: Batch) -> BlindCode:
    """Encode all frames of a batch; the code keeps frames in one row (chunks * length)."""
    return network.encode(batch.frames.flatten(0, 1), batch.static, batch.split, batch.inside)


def reconstruction_loss(batch: Batch, code: BlindCode, footprints: Tensor) -> Tensor:
    """Mean squared error of each half's reconstruction on the pixels it did not see.

    The background taken from those pixels is the one they estimate themselves: with the other one
    the error of that estimate would be in the target and in the input, and coding it would pay.
    """
    good = batch.good.flatten()
    errors = []
    for half in range(2):
        hidden = code.visible[1 - half]
        decoded = code.halves[half].flatten(1) @ footprints.flatten(1)
        residual = code.contrast[1 - half].flatten(1) - decoded
        per_frame = residual.square() @ hidden.flatten() / hidden.sum()
        errors.append(per_frame[good].mean())
    return torch.stack(errors).mean()


def best_gain(network: SparseVarAutoencoder, batch: Batch) -> float:
    """Return the factor on the decoder that minimises the reconstruction loss of a batch.

    An untrained decoder is too loud on a noisy movie; turning it down by training would spoil the
    encoder on the way.
    """
    with torch.no_grad():
        code = encode_chunks(network, batch)
        match = power = torch.zeros((), device=batch.frames.device)
        for half in range(2):
            decoded = network.decode(code.halves[half], batch.static) * code.visible[1 - half]
            match = match + (decoded * code.contrast[1 - half]).sum()
            power = power + decoded.square().sum()
        return max(float(match / power.clamp_min(1e-12)), _SMALLEST_GAIN)


def prediction_loss(
    lags: int,
    batch: Batch,
    code: BlindCode,
    footprints: Tensor,
    penalty_scale: float,
    initial: Tensor | None = None,
    dynamics: Dynamics = "calcium",
) -> tuple[Tensor, Tensor]:
    """Mean squared error of frames predicted by a VAR that was fitted on other chunks.

    The first half of the chunks fits B; the second half scores it, so that latents that over-fit
    well earn nothing.

    Returns
    -------
    loss : scalar Tensor
    coefficients : Tensor, shape (P, p)
    """
    seen = _sequences(batch, code, dynamics)
    fitting = batch.frames.shape[0] // 2
    pairs = lagged_pairs(_pieces(seen[1], slice(fitting)), batch.good[:fitting], lags)
    statistics = moments(pairs)
    penalty = penalty_scale * universal_penalty(statistics.gram.shape[0], statistics.n)
    coefficients = fit_var(statistics, batch.weights, penalty, initial)
    return _predicted(batch, code, footprints, coefficients, lags, seen), coefficients


def _predicted(
    batch: Batch,
    code: BlindCode,
    footprints: Tensor,
    coefficients: Tensor,
    lags: int,
    seen: tuple[Standardiser, Sequences],
) -> Tensor:
    fitting = batch.frames.shape[0] // 2
    standard, found = seen[0], _pieces(seen[1], slice(fitting, None))
    good = batch.good[fitting:]
    usable = usable_targets(good, lags)
    driven = (lagged_pairs(found, good, lags).past @ coefficients) * found.scale
    predicted = standard.backward(found.expected[:, lags:][usable] + driven)
    scored = code.contrast.unflatten(1, batch.good.shape)[:, fitting:, lags:].mean(dim=0)
    residual = scored[usable].flatten(1) - predicted @ footprints.flatten(1)
    loss: Tensor = (residual.square() @ batch.inside.flatten()).mean() / batch.inside.sum()
    return loss


def _sequences(batch: Batch, code: BlindCode, dynamics: Dynamics) -> tuple[Standardiser, Sequences]:
    """Return the latents (chunks, length, p) as the VAR sees them.

    Their own dynamics are estimated on the chunks that fit the VAR.
    """
    fitting = batch.frames.shape[0] // 2
    latents = code.latents.flatten(1).unflatten(0, batch.good.shape)
    standard = standardiser(latents, batch.good)
    standardised = standard.forward(latents)
    found = own_dynamics(standardised[:fitting], batch.good[:fitting], dynamics)
    return standard, sequences(standardised, batch.good, found, fitting)


def _pieces(found: Sequences, chosen: slice) -> Sequences:
    return found._replace(
        expected=found.expected[chosen],
        innovation=found.innovation[chosen],
        drive=found.drive[chosen],
    )


def batch_loss(
    network: SparseVarAutoencoder,
    batch: Batch,
    penalty_scale: float,
    *,
    predict: bool,
    initial: Tensor | None = None,
) -> Loss:
    """Return both loss terms; without ``predict`` the prediction term carries no gradient."""
    code = encode_chunks(network, batch)
    latent_shape = (code.halves.shape[2], code.halves.shape[3], code.halves.shape[4])
    footprints = network.footprints(latent_shape, batch.static)
    reconstruction = reconstruction_loss(batch, code, footprints)
    with torch.set_grad_enabled(predict and torch.is_grad_enabled()):
        prediction, coefficients = prediction_loss(
            network.config.lags,
            batch,
            code,
            footprints,
            penalty_scale,
            initial,
            network.config.dynamics,
        )
    return Loss(reconstruction, prediction, coefficients.detach())

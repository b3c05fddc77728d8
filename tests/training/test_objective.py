"""The loss: blind, fitted on one half and scored on the other, exact gradients."""

from __future__ import annotations

import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.model.temporal import CalciumDynamics
from napari_sparsevar.training import objective
from napari_sparsevar.training.objective import Batch, batch_loss, best_gain, encode_chunks
from napari_sparsevar.training.preparation import prepare
from napari_sparsevar.training.trainer import Trainer


@pytest.fixture
def trainer(small_movie: sv.Movie, small_config: sv.TrainConfig) -> Trainer:
    return prepare(small_movie, small_config, torch.device("cpu")).trainer


@pytest.fixture
def batch(trainer: Trainer) -> Batch:
    return trainer.batcher.training(0, trainer.blocks.training, trainer.chunks)


def test_coefficients_do_not_depend_on_the_frames_they_are_scored_on(
    trainer: Trainer, batch: Batch
) -> None:
    code = encode_chunks(trainer.network, batch)
    assert code.latents.shape[0] == batch.frames.shape[0] * batch.frames.shape[1]
    half = batch.frames.shape[0] // 2
    changed = batch.frames.clone()
    changed[half:] = changed[half:].flip(1)  # same frames in another order: same mean and variance
    loss = batch_loss(trainer.network, batch, 0.3, predict=False)
    other = batch_loss(trainer.network, batch._replace(frames=changed), 0.3, predict=False)
    torch.testing.assert_close(loss.coefficients, other.coefficients, rtol=1e-3, atol=1e-4)
    assert float(loss.prediction.detach()) != float(other.prediction.detach())


def test_the_gain_is_the_best_there_is(trainer: Trainer, batch: Batch) -> None:
    network = trainer.network
    network.decoder.rescale(best_gain(network, batch))
    assert best_gain(network, batch) == pytest.approx(1.0, rel=1e-3)

    def loss() -> float:
        return float(batch_loss(network, batch, 1.0, predict=False).reconstruction.detach())

    best = loss()
    for factor in (0.8, 1.25):
        network.decoder.rescale(factor)
        assert loss() > best
        network.decoder.rescale(1 / factor)


def test_bad_frames_never_enter_the_loss(trainer: Trainer, batch: Batch) -> None:
    good = batch.good.clone()
    good[0, 5] = good[-1, 7] = False
    clean = batch._replace(good=good)
    spoilt = batch.frames.clone()
    spoilt[0, 5] = spoilt[-1, 7] = 1e6
    ours = batch_loss(trainer.network, clean, 1.0, predict=False)
    theirs = batch_loss(trainer.network, clean._replace(frames=spoilt), 1.0, predict=False)
    torch.testing.assert_close(ours.reconstruction, theirs.reconstruction)
    torch.testing.assert_close(ours.prediction, theirs.prediction)
    torch.testing.assert_close(ours.coefficients, theirs.coefficients)


def test_the_prediction_gradient_is_that_of_the_loss(
    trainer: Trainer, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directional derivative through gram, lasso path, filter, decoder and encoder, in float64.

    With the own dynamics held, as training holds them within a step.
    """
    held = CalciumDynamics(0.8, 0.6)
    monkeypatch.setattr(objective, "own_dynamics", lambda *_: held)
    network = trainer.network.double()
    exact = Batch(*(part.double() if part.is_floating_point() else part for part in batch))
    torch.manual_seed(0)
    direction = [torch.randn_like(parameter) for parameter in network.parameters()]

    def moved_loss(step: float) -> float:
        with torch.no_grad():
            for parameter, way in zip(network.parameters(), direction, strict=True):
                parameter.add_(way, alpha=step)
            value = float(batch_loss(network, exact, 0.4, predict=False).prediction)
            for parameter, way in zip(network.parameters(), direction, strict=True):
                parameter.sub_(way, alpha=step)
        return value

    loss = batch_loss(network, exact, 0.4, predict=True).prediction
    gradient = torch.autograd.grad(loss, list(network.parameters()))
    along = sum(float((g * w).sum()) for g, w in zip(gradient, direction, strict=True))
    h = 1e-6
    measured = (moved_loss(h) - moved_loss(-h)) / (2 * h)
    assert along == pytest.approx(measured, rel=1e-3)
    assert abs(along) > 1e-4


def test_two_stage_has_no_prediction_gradient(trainer: Trainer, batch: Batch) -> None:
    assert not batch_loss(trainer.network, batch, 1.0, predict=False).prediction.requires_grad
    assert batch_loss(trainer.network, batch, 1.0, predict=True).prediction.requires_grad

"""One training step after another: network, optimiser, early stopping. No files, no events."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from napari_sparsevar.model.network import SparseVarAutoencoder
from napari_sparsevar.movie.reading.read_ahead import DEPTH, ReadAhead
from napari_sparsevar.training.batches import Batcher
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.held_out import TimeBlocks
from napari_sparsevar.training.objective import Batch, Loss, batch_loss, best_gain

_FEWEST_CHUNKS = 2
"""One fits the VAR, one scores it."""
_RAMP_STEPS = 10
_LAST_RATE = 0.02
"""Share of the learning rate left at the last step."""
_LARGEST_GRADIENT = 1.0


def new_network(config: TrainConfig, device: torch.device) -> SparseVarAutoencoder:
    """Return a network with weights that depend on the seed only, on the CPU's random numbers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return SparseVarAutoencoder(config.model).to(device)


@dataclass
class Trainer:
    """The state of a training and what one step does to it.

    Parameters
    ----------
    config : TrainConfig
        With a resolved model.
    batcher : Batcher
    blocks : TimeBlocks
    network : SparseVarAutoencoder
    """

    config: TrainConfig
    batcher: Batcher
    blocks: TimeBlocks
    network: SparseVarAutoencoder
    step: int = 0
    chunks: int = 0
    coefficients: Tensor | None = None
    best: dict[str, Tensor] = field(default_factory=dict)
    best_step: int = 0
    best_loss: float = math.inf
    since_best: int = 0
    _validation: list[Batch] = field(default_factory=list, repr=False)
    _ahead: ReadAhead[tuple[int, int], list[Batch]] | None = field(default=None, repr=False)
    _group: tuple[tuple[int, int], list[Batch]] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.chunks = self.chunks or self.config.chunks
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=self.config.learning_rate, betas=(0.9, 0.98)
        )
        if not self.best:
            self.best = self.weights()

    @property
    def warmup_steps(self) -> int:
        """Steps that train reconstruction alone."""
        return round(self.config.steps * self.config.warmup_fraction)

    @property
    def predicting(self) -> bool:
        """Whether the prediction error trains the network in the coming step."""
        return self.config.mode == "end-to-end" and self.step >= self.warmup_steps

    def weights(self) -> dict[str, Tensor]:
        """Return a copy of the network's weights."""
        return {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    @contextmanager
    def reading_ahead(self) -> Iterator[None]:
        """Read the batches of the next steps in a thread while a step computes.

        A batch depends on the number of its step alone, so nothing changes but the time it takes.
        """

        def read(key: tuple[int, int]) -> list[Batch]:
            group, chunks = key
            return self.batcher.drawn(group, self.blocks.training, chunks)

        with ReadAhead(read) as self._ahead:
            try:
                yield
            finally:
                self._ahead = self._group = None

    def calibrate(self) -> None:
        """Set the decoder's gain by least squares, before the first step."""
        batch = self.batcher.training(0, self.blocks.training, self.chunks)
        self.network.decoder.rescale(best_gain(self.network, batch))
        self.best = self.weights()

    def train_step(self) -> dict[str, float]:
        """Take one step; return the loss terms of its batch.

        Raises
        ------
        torch.OutOfMemoryError
            If the batch does not fit; the state is as before the step.
        FloatingPointError
            If the loss is not finite.
        """
        batch = self._batch()
        self._set_learning_rate()
        self.optimiser.zero_grad(set_to_none=True)
        initial = self.coefficients if self.batcher.whole_field else None
        loss = batch_loss(
            self.network,
            batch,
            self.config.penalty_scale,
            predict=self.predicting,
            initial=initial,
        )
        total = self._total(loss)
        if not torch.isfinite(total):
            raise FloatingPointError(f"the loss became {float(total)} at step {self.step}")
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self.optimiser.step()
        self.coefficients = loss.coefficients
        self.step += 1
        return _terms(loss, total)

    def validate(self) -> tuple[dict[str, float], bool]:
        """Return the loss terms on held-out blocks and whether this is the best model so far."""
        if not self._validation:
            self._validation = self.batcher.validation(
                self.blocks.training, self.blocks.held_out, self.chunks
            )
        with torch.no_grad():
            losses = [
                batch_loss(self.network, batch, self.config.penalty_scale, predict=False)
                for batch in self._validation
            ]
        reconstruction = torch.stack([loss.reconstruction for loss in losses]).mean()
        prediction = torch.stack([loss.prediction for loss in losses]).mean()
        terms = {
            "reconstruction": float(reconstruction),
            "prediction": float(prediction),
            "total": float(reconstruction + self._prediction_weight() * prediction),
        }
        return terms, self._note_best(terms["total"])

    def halve(self) -> bool:
        """Use half as many chunks from now on; return False where that is impossible.

        Losses of other validation chunks cannot be compared: the search for the best starts anew.
        """
        if self.chunks // 2 < _FEWEST_CHUNKS:
            return False
        self.chunks //= 2
        self._validation = []
        self.best_loss = math.inf
        return True

    def keep_best(self) -> None:
        """Put the best weights so far into the network."""
        self.network.load_state_dict(self.best)

    @property
    def exhausted(self) -> bool:
        """Whether validation has not improved for too long."""
        return self.since_best >= self.config.patience

    def _batch(self) -> Batch:
        """Return the batch of the coming step."""
        if self._ahead is None:
            return self.batcher.training(self.step, self.blocks.training, self.chunks)
        together = self.batcher.steps_together(self.chunks)
        group, index = divmod(self.step, together)
        key = group, self.chunks
        if self._group is None or self._group[0] != key:
            self._group = None  # its memory is for those that are read meanwhile
            last = (self.config.steps - 1) // together
            depth = DEPTH if together == 1 else 1
            following = range(group + 1, min(group + depth, last) + 1)
            batches = self._ahead.take(key, [(each, self.chunks) for each in following])
            self._group = key, batches
        return self._group[1][index].to(self.batcher.device)

    def _note_best(self, total: float) -> bool:
        improved = total < self.best_loss
        if improved:
            self.best, self.best_step, self.best_loss = self.weights(), self.step, total
            self.since_best = 0
        else:
            self.since_best += 1
        return improved

    def _prediction_weight(self) -> float:
        return self.config.prediction_weight if self.config.mode == "end-to-end" else 0.0

    def _total(self, loss: Loss) -> Tensor:
        if not self.predicting:
            return loss.reconstruction
        return loss.reconstruction + self.config.prediction_weight * loss.prediction

    def _set_learning_rate(self) -> None:
        """Rise over the first steps, then fall along a cosine."""
        rise = min(1.0, (self.step + 1) / _RAMP_STEPS)
        progress = self.step / max(self.config.steps, 1)
        fall = _LAST_RATE + (1.0 - _LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * progress))
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * rise * fall


def _terms(loss: Loss, total: Tensor) -> dict[str, float]:
    return {
        "reconstruction": float(loss.reconstruction.detach()),
        "prediction": float(loss.prediction.detach()),
        "total": float(total.detach()),
    }

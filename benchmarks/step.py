"""What the embedded VAR costs: one training step with it and without it.

    python benchmarks/step.py [--repeats 15] [--threads 2] [--seed 0]

All steps encode, decode and score the same 512 frames of 64 x 64 pixels (256 latents) and update
the same network. ``with the VAR`` is a step of the end-to-end mode: gram, lasso, its derivative and
the one-step prediction error in pixel space. ``without`` is reconstruction alone.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

import napari_sparsevar as sv
from napari_sparsevar.training import objective
from napari_sparsevar.training.preparation import prepare
from napari_sparsevar.training.trainer import Trainer


def step(trainer: Trainer, loss: Callable[[], Tensor]) -> float:
    """Take one step on a loss; return its seconds."""
    began = time.perf_counter()
    trainer.optimiser.zero_grad(set_to_none=True)
    loss().backward()
    trainer.optimiser.step()
    return time.perf_counter() - began


def losses(trainer: Trainer, lags: int) -> dict[str, Callable[[], Tensor]]:
    """Return both losses on one batch."""
    network, scale = trainer.network, trainer.config.penalty_scale
    batch = trainer.batcher.training(0, trainer.blocks.training, trainer.chunks)
    coefficients = objective.batch_loss(network, batch, scale, predict=False).coefficients

    def with_var() -> Tensor:
        loss = objective.batch_loss(network, batch, scale, predict=True, initial=coefficients)
        return loss.reconstruction + loss.prediction

    def coded() -> tuple[objective.BlindCode, Tensor, Tensor]:
        code = objective.encode_chunks(network, batch)
        latent_shape = trainer.batcher.grid.latent_shape
        footprints = network.footprints(latent_shape, batch.static)
        return code, footprints, objective.reconstruction_loss(batch, code, footprints)

    return {
        "without": lambda: coded()[2],
        "with the VAR": with_var,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    movie, _ = sv.simulate_movie(n_frames=1500, shape=(64, 64), seed=options.seed)
    print(f"{platform.processor() or platform.machine()}, {options.threads} threads, ", end="")
    print(f"torch {torch.__version__}, seed {options.seed}, median of {options.repeats}\n")
    print("| lags | step | seconds | relative to without |")
    print("|---|---|---|---|")
    for lags in (1, 2):
        config = sv.TrainConfig(seed=options.seed, model=sv.ModelConfig(stride=4, lags=lags))
        trainer = prepare(movie, config, torch.device("cpu")).trainer
        trainer.calibrate()
        compared = losses(trainer, lags)
        seconds: dict[str, list[float]] = {name: [] for name in compared}
        for repeat in range(options.repeats + 2):
            for name, loss in compared.items():  # interleaved, so that a busy moment hits all
                taken = step(trainer, loss)
                if repeat >= 2:
                    seconds[name].append(taken)
        base = statistics.median(seconds["without"])
        for name, taken_times in seconds.items():
            median = statistics.median(taken_times)
            print(f"| {lags} | {name} | {median:.3f} | {median / base:.2f} |")


if __name__ == "__main__":
    main()

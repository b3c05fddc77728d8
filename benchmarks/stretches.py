"""What it costs that steps on large fields share the stretches of time they read.

    python benchmarks/stretches.py [--edges 256 512] [--seeds 11 12 13] [--preset fast]
                                   [--threads 2]

Trains on the same simulated movies with stretches of its own for every step and with shared ones
(what the program does), and scores the contribution map against the known drivers. A field twice
as wide has four times as many cells of the same size in latents. The last analyses, which the map
does not need, are left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import NamedTuple

import torch
from sklearn.metrics import roc_auc_score

import napari_sparsevar as sv
from napari_sparsevar.analysis.maps.projection import FloatImage
from napari_sparsevar.progress import returned
from napari_sparsevar.training import batches
from napari_sparsevar.training.config import PRESETS
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.finish import mapped
from napari_sparsevar.training.loop import run_steps
from napari_sparsevar.training.preparation import Prepared, prepare
from recovery_parts.scores import is_localised, neuron_scores

N_FRAMES, NOISE = 1500, 12.0
SHARED = batches._MOST_TOGETHER


class Found(NamedTuple):
    """Of one training: how many steps shared their stretches, its scores, and seconds a step."""

    together: int
    auroc: float
    localised: bool
    step_s: float


def drawn_map(prepared: Prepared) -> FloatImage:
    """Return the contribution map of a trained network."""
    return returned(mapped(prepared)).contribution


def train(edge: int, seed: int, preset: str, most: int) -> Found:
    """Train on one movie; at most ``most`` steps share their stretches."""
    batches._MOST_TOGETHER = most
    movie, truth = sv.simulate_movie(
        N_FRAMES,
        (edge, edge),
        seed=seed,
        noise=NOISE,
        n_cells=80 * (edge // 256) ** 2,
        n_drivers=12 * (edge // 256) ** 2,
        cell_radius_px=6.0,
    )
    config = sv.TrainConfig.from_preset(preset, seed=seed)
    prepared = prepare(movie, config, torch.device("cpu"))
    trainer = prepared.trainer
    began = time.perf_counter()
    for _ in run_steps(trainer, TrainingControl(), lambda: Path()):
        pass
    seconds = (time.perf_counter() - began) / trainer.step
    trainer.keep_best()
    image = drawn_map(prepared)
    score = roc_auc_score(truth.is_driver, neuron_scores(image, truth.footprints))
    together = trainer.batcher.steps_together(trainer.chunks)
    return Found(together, float(score), is_localised(image, truth.driver_mask), seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--edges", type=int, nargs="+", default=[256, 512], help="pixels")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--preset", choices=PRESETS, default="fast")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print("| field | steps that share | AUROC, median (each) | peak in a driver | a step, s |")
    print("|---:|---:|---:|---:|---:|")
    for edge in options.edges:
        for most in (1, SHARED):
            found = [train(edge, seed, options.preset, most) for seed in options.seeds]
            scores = [one.auroc for one in found]
            each = ", ".join(f"{score:.3f}" for score in scores)
            print(
                f"| {edge} | {found[0].together} | {statistics.median(scores):.3f} ({each}) "
                f"| {sum(one.localised for one in found)} of {len(found)} "
                f"| {statistics.median(one.step_s for one in found):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

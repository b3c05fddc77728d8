"""A trained network on another movie of the same kind, against training anew.

    python benchmarks/apply.py [--case medium_noise] [--seeds 1 2] [--frames N] [--steps N]

Trains on the first movie, applies that network to each of the others, and trains on them anew.
Prints the AUROC of the drivers among the cells and the seconds each took.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import napari_sparsevar as sv
from napari_sparsevar.training.events import Finished, TrainingEvent
from recovery_parts.cases import CASES, DEFAULTS
from recovery_parts.network import answer_of
from recovery_parts.scores import score


def main() -> None:
    options = parse()
    config = sv.TrainConfig(steps=options.steps)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number, seed in enumerate(options.seeds):
            made = {**DEFAULTS, **CASES[options.case], "seed": seed}
            if options.frames:
                made["n_frames"] = options.frames
            movie, truth = sv.simulate_movie(**made)
            anew = place / f"anew-{seed}"
            tell("trained", seed, sv.train(movie, config, out=anew), anew, truth)
            if number:
                out = place / f"applied-{seed}"
                first = place / f"anew-{options.seeds[0]}"
                tell("applied", seed, sv.apply_run(first, movie, out=out), out, truth)


def tell(how: str, seed: int, events: Iterator[TrainingEvent], out: Path, truth: sv.Truth) -> None:
    """Do it and print how well the drivers were found."""
    began = time.perf_counter()
    *_, last = events
    assert isinstance(last, Finished), last
    seconds = time.perf_counter() - began
    found = score(answer_of(sv.load_run(out)), truth, DEFAULTS["cell_radius_px"])
    print(f"seed {seed}: {how:8} AUROC {found.auroc:.3f} in {seconds:.1f} s", flush=True)


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--case", choices=CASES, default="medium_noise")
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--frames", type=int, help="shorter movies, to try it out")
    parser.add_argument("--steps", type=int, default=240)
    return parser.parse_args()


if __name__ == "__main__":
    main()

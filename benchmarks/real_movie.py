"""Honest on a real movie: prediction of unseen time, the same map twice, nothing found in nothing.

    OMP_NUM_THREADS=1 python benchmarks/real_movie.py [--only a b c] [--preset standard]
        [--controls 3] [--simulated 20] [--seed 0] [--out FOLDER]

a: one-step prediction of held-out stretches against simple predictions; b: contribution maps of
both halves against what brightness and activity give; c: negative controls, the movie cut into
tiles that are moved in time, and simulated movies without drivers. Prints tables in Markdown. With
``--out`` every row goes to a CSV file there as soon as it is known.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from napari_sparsevar import Movie, open_movie
from napari_sparsevar.training.config import PRESETS
from real_parts import tables
from real_parts.controls import REAL_KINDS, SIMULATED_KINDS, Control, Suspect, alter, examine
from real_parts.controls import simulated as simulated_control
from real_parts.model import VARIANTS, train_model
from real_parts.prediction import compare
from real_parts.reproducibility import compare_halves

MOVIE = Path(__file__).parents[2] / "shared" / "data" / "mouse_v1_2p_1000f.tif"
FPS = 30.0


def main() -> int:
    options = parse()
    torch.set_num_threads(1)
    if not options.movie.is_file():
        print(f"There is no real movie at {options.movie}: nothing to do. --movie names another.")
        return 0
    movie = open_movie(options.movie, fps=options.fps)
    print(tables.header(options.preset, options.seed), flush=True)
    if "a" in options.only:
        predictions(movie, options)
    if "b" in options.only:
        agreements(movie, options)
    if "c" in options.only:
        controls(movie, options)
    return 0


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--movie", type=Path, default=MOVIE)
    parser.add_argument("--fps", type=float, default=FPS, help="frames per second of the movie")
    parser.add_argument("--only", nargs="+", choices=["a", "b", "c"], default=["a", "b", "c"])
    parser.add_argument("--preset", choices=PRESETS, default="standard", help="of a and b")
    parser.add_argument("--control-preset", choices=PRESETS, default="fast", help="of c")
    parser.add_argument("--control-variant", choices=VARIANTS, default="end-to-end")
    parser.add_argument("--controls", type=int, default=3, help="of each kind, the real movie")
    parser.add_argument("--simulated", type=int, default=20, help="of each kind, simulated")
    parser.add_argument("--kinds", nargs="+", choices=SIMULATED_KINDS, default=SIMULATED_KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for CSV files of all rows")
    return parser.parse_args()


def predictions(movie: Movie, options: argparse.Namespace) -> None:
    """Print the table of (a)."""
    variants = ("end-to-end", "two-stage")
    trained = [train_model(movie, name, options.preset, options.seed) for name in variants]
    models = {
        f"{name} (step {model.best_step})": model
        for name, model in zip(variants, trained, strict=True)
    }
    rows = compare(models)
    keep(options.out, "prediction.csv", rows)
    say(tables.PREDICTION, tables.prediction_table(rows))


def agreements(movie: Movie, options: argparse.Namespace) -> None:
    """Print the table of (b)."""
    rows = []
    for row in compare_halves(movie, options.preset, options.seed):
        keep(options.out, "halves.csv", [row])
        rows.append(row)
    say(tables.REPRODUCIBILITY, tables.agreement_table(rows))


def controls(movie: Movie, options: argparse.Namespace) -> None:
    """Print the tables of (c): first the real movie, then simulated ones."""
    rows: list[Control] = []
    behind: list[Suspect] = []

    def note(control: Control, suspects: list[Suspect]) -> None:
        rows.append(control)
        keep(options.out, "controls.csv", [control])
        if control.kind != "unshifted":
            behind.extend(suspects)
            keep(options.out, "suspects.csv", suspects)

    variant, preset = options.control_variant, options.control_preset
    for index in range(options.controls):
        seed = options.seed + index
        for kind in (kind for kind in REAL_KINDS if kind in options.kinds):
            altered = alter(movie, kind, seed)
            note(*examine(altered, "real", kind, variant, preset, seed))
    for index in range(options.simulated):
        seed = options.seed + index
        for kind in options.kinds:
            altered = simulated_control(kind, seed)
            note(*examine(altered, "simulated", kind, "untrained", preset, seed))
    say(tables.CONTROLS, tables.control_table(rows), tables.suspect_table(behind))


def keep(folder: Path | None, name: str, rows: Sequence[Any]) -> None:
    """Add rows to a CSV file, if a folder was given."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        tables.append(folder / name, rows)


def say(*parts: str) -> None:
    """Print paragraphs."""
    print("\n" + "\n\n".join(parts), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Large fields of view: what they cost, from the file to the drivers, and whether they lose cells.

    python benchmarks/field.py growth [--threads 2] [--folder /tmp/fields] [--only frames pixels]
    python benchmarks/field.py target [--frames 5000]
    python benchmarks/field.py accuracy [--noise N] [--seeds 1] [--sides 256 512]

``growth`` runs the preset *fast* on fields that differ in one thing, each in a process of its own,
and fits exponents. ``target`` is 512 x 512 pixels with 400 cells of 11 pixels, beside what cannot
be beaten: reading the file once, and one pass of the convolutions. ``accuracy`` compares a large
field with the small ones that it is put together from. Movies stay for the next time.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import torch
from sklearn.metrics import roc_auc_score

import napari_sparsevar as sv
from field_parts.movies import Field, Tile, joined, mosaic, written
from memory_parts import child
from napari_sparsevar.movie.reading.lazy_frames import read_blocks
from napari_sparsevar.run.latents import encode_movie
from napari_sparsevar.training.config import PRESETS
from napari_sparsevar.training.events import Failed
from napari_sparsevar.training.preparation import prepare
from recovery_parts.scores import neuron_scores

BASE = Field(256, 1000, 100, 5.5)
TARGET = Field(512, 5000, 400, 5.5)
GROWTH = {
    "frames": [BASE._replace(n_frames=n) for n in (1000, 2000, 4000)],
    "pixels": [BASE._replace(side=n, n_cells=50) for n in (128, 256, 512)],
    "cells": [BASE._replace(n_cells=n) for n in (25, 100, 200)],
}
SIDES = {256: (Field(256, 3000, 400, 2.5), 128), 512: (Field(512, 3000, 400, 5.5), 128)}
"""A field, and the side of the small ones that make it."""
STAGES = ("map", "drivers", "stability", "all")


def measured(field: Field, options: argparse.Namespace) -> dict[str, Any]:
    """Train and analyse in a process of its own; return seconds and megabytes."""
    movie = written(field, options.folder, options.seed)
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        task = {
            "movie": str(movie),
            "forget": [str(movie)],
            "out": str(Path(scratch) / "run"),
            "steps": PRESETS["fast"]["steps"],
            "seed": options.seed,
            "threads": options.threads,
            "device": "cpu",
            "settings": field.settings,
            "keep_bytes": None,
            "only_steps": False,
            "skip": 2,
        }
        command = [sys.executable, child.__file__, json.dumps(task)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(field: Field, found: dict[str, Any]) -> str:
    """Return a row of the table of one run."""
    ready = found["ready_s"]
    stages = " | ".join(f"{ready[stage]:.0f}" for stage in STAGES)
    return (
        f"| {field.side} x {field.side} | {field.n_frames:,} | {field.n_cells} "
        f"| {found['latents']:,} | {found['analysed']:,} | {found['prepare_s']:.1f} "
        f"| {ready['trained']:.0f} | {ready['encoded']:.0f} | {stages} "
        f"| {found['processor_s']:.0f} | {found['peak_mb'] / 1000:.2f} |"
    )


def heading() -> None:
    """Print what the columns are."""
    print(
        "| field | frames | cells | places | analysed | first step, s | trained | encoded | map "
        "| drivers | stability | all | processor, s | peak, GB |"
    )
    print("|---|" + "---:|" * 13, flush=True)


def growth(options: argparse.Namespace) -> None:
    """Print a table for what grows, and the exponents of seconds and memory."""
    heading()
    known: dict[Field, dict[str, Any]] = {}
    for name in options.only:
        fields, seconds, memory = GROWTH[name], [], []
        for field in fields:
            if field not in known:
                known[field] = measured(field, options)
                print(row(field, known[field]), flush=True)
            seconds.append(known[field]["processor_s"])
            memory.append(known[field]["peak_mb"])
        sizes = [field.size(name) for field in fields]
        slopes = [np.polyfit(np.log(sizes), np.log(each), 1)[0] for each in (seconds, memory)]
        print(f"{name}: processor time grows as ^{slopes[0]:.2f}, memory as ^{slopes[1]:.2f}")


def target(options: argparse.Namespace) -> None:
    """Print the run of the target, and what cannot be beaten."""
    field = TARGET._replace(n_frames=options.frames)
    heading()
    print(row(field, measured(field, options)))
    torch.set_num_threads(options.threads)
    movie = sv.open_movie(written(field, options.folder, options.seed))
    began = time.perf_counter()
    for _, frames in read_blocks(movie.data):
        frames.astype(np.float32)
    read = time.perf_counter() - began
    model = sv.ModelConfig(**field.settings["model"])
    prepared = prepare(movie, sv.TrainConfig(model=model), torch.device("cpu"))
    network, source = prepared.trainer.network.eval(), prepared.frames
    began = time.perf_counter()
    for _ in source.pieces(4):
        pass
    standardised = time.perf_counter() - began
    began = time.perf_counter()
    for _ in encode_movie(network, source, prepared.grid, prepared.static):
        pass
    encoded = time.perf_counter() - began
    each = 1000 / movie.n_frames
    print(
        f"Reading and making float {read * each:.2f} ms a frame, standardising as well "
        f"{standardised * each:.2f}, one pass of the convolutions with both {encoded * each:.2f} "
        f"({encoded / standardised:.1f} times)"
    )


def accuracy(options: argparse.Namespace) -> None:
    """Print how well drivers are told from other cells in a field and in the parts of it."""
    print("| field | seed | in | AUROC | listed right | wrong | s |")
    print("|---|---:|---|---:|---:|---:|---:|", flush=True)
    more = {} if options.noise is None else {"noise": options.noise}
    for side in options.sides:
        field, tile_px = SIDES[side]
        for seed in options.seeds:
            tiles = mosaic(field, tile_px, seed, **more)
            for name, pixels, here in _fields(field, tiles, options.tiles):
                began = time.perf_counter()
                scores, right, wrong = _judged(field, pixels, here, options)
                said = f"{np.mean(scores):.3f} | {sum(right)} | {sum(wrong)}"
                seconds = time.perf_counter() - began
                print(f"| {side} x {side} | {seed} | {name} | {said} | {seconds:.0f} |", flush=True)


def _fields(
    field: Field, tiles: list[Tile], judged: int | None
) -> Iterator[tuple[str, list[npt.NDArray[np.uint16]], list[list[Tile]]]]:
    whole, tiles = joined(field, tiles), tiles[:judged]
    yield "one field", [whole], [tiles]
    side = tiles[0].pixels.shape[1]
    inside = slice(0, side)
    alone = [[tile._replace(rows=inside, columns=inside)] for tile in tiles]
    yield f"fields of {side} x {side}", [tile.pixels for tile in tiles], alone


def _judged(
    field: Field,
    movies: list[npt.NDArray[np.uint16]],
    parts: list[list[Tile]],
    options: argparse.Namespace,
) -> tuple[list[float], list[int], list[int]]:
    """Return AUROC, listed drivers that are and that are none, of each part of each movie."""
    scores, right, wrong = [], [], []
    for pixels, tiles in zip(movies, parts, strict=True):
        run = _trained(field, pixels, options)
        for tile in tiles:
            image = run.contribution_map[tile.rows, tile.columns]
            truth = tile.truth
            found = neuron_scores(image, truth.footprints)
            scores.append(float(roc_auc_score(truth.is_driver, found)))
            at = run.drivers[["y", "x"]].to_numpy() - (tile.rows.start, tile.columns.start)
            at = at[((at >= 0) & (at < image.shape)).all(axis=1)]
            away = np.linalg.norm(at[:, None] - truth.centres[None], axis=2)
            drives = truth.is_driver[away.argmin(axis=1)] & (
                away.min(axis=1) < 1.5 * field.radius_px
            )
            right.append(int(drives.sum()))
            wrong.append(int((~drives).sum()))
    return scores, right, wrong


def _trained(field: Field, pixels: npt.NDArray[np.uint16], options: argparse.Namespace) -> sv.Run:
    movie = sv.open_movie(pixels, fps=15.0)
    model = sv.ModelConfig(**field.settings["model"])
    config = sv.TrainConfig.from_preset("fast", seed=options.seed, model=model)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        for event in sv.train(movie, config, out=out, threads=options.threads, until="drivers"):
            if isinstance(event, Failed):
                raise RuntimeError(event.message)
        return sv.load_run(out)


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["growth", "target", "accuracy"])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "fields")
    parser.add_argument("--only", nargs="+", choices=GROWTH, default=list(GROWTH))
    parser.add_argument("--frames", type=int, default=TARGET.n_frames)
    parser.add_argument("--sides", type=int, nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--noise", type=float)
    parser.add_argument("--tiles", type=int, help="small fields that are judged; all by default")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    load = psutil.getloadavg()[0]
    print(f"{psutil.cpu_count()} cores, load {load:.1f} before, {options.threads} threads\n")
    {"growth": growth, "target": target, "accuracy": accuracy}[options.what](options)
    print(f"\nload {psutil.getloadavg()[0]:.1f} after")


if __name__ == "__main__":
    main()

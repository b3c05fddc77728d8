"""What a GPU changes: a training step, encoding, the lasso, a whole run, and its memory.

    python benchmarks/gpu.py [--device cuda] [--edge 512] [--frames 5000] [--cells 400]
        [--columns 256 1024 2048] [--threads N] [--seed 0] [--repeats 7] [--steps N]

One simulated movie, kept in main memory. Every row is measured on the CPU first, then on the
device, in one process; the whole run and its memory on the device only. ``--device cpu`` measures
the CPU twice: that is how this script is tested where there is no GPU.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import dask.array as da
import torch
from torch import Tensor

import napari_sparsevar as sv
from lasso import Problem, make_problem, make_rows
from napari_sparsevar.errors import UserError
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.lasso.batched import solve_batched
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.lasso.types import precision_of
from napari_sparsevar.run.latents import encode_movie
from napari_sparsevar.training.device import give_memory_back, peak_memory_mb, resolve_device
from napari_sparsevar.training.events import Failed, Finished, Notice, Progress, StepLoss
from napari_sparsevar.training.preparation import prepare

_MEGABYTE = 2**20
_ENCODED = 320
"""Frames that are encoded for the time a frame takes."""
_PART = 1000
"""Frames of the movie that all but the whole run look at."""
_CELL_RADIUS_PX = 5.5
_TOO_LITTLE = 0.6
"""Share of the memory a training takes that is left to it in the last row."""


class Row(NamedTuple):
    """What was measured, its unit, and the value on the CPU and on the device."""

    what: str
    unit: str
    cpu: float | None
    device: float | None

    def __str__(self) -> str:
        cpu, device = ("" if value is None else f"{value:.4g}" for value in self[2:])
        ratio = f"{self.cpu / self.device:.1f}" if self.cpu and self.device else ""
        return f"| {self.what} | {self.unit} | {cpu} | {device} | {ratio} |"


def movie_of(options: argparse.Namespace) -> sv.Movie:
    """Return a simulated movie, drawn once."""
    movie, _ = sv.simulate_movie(
        options.frames,
        (options.edge, options.edge),
        seed=options.seed,
        n_cells=options.cells,
        n_drivers=max(1, options.cells // 20),
        cell_radius_px=_CELL_RADIUS_PX,
    )
    drawn = movie.data.compute(scheduler="threads")
    data = da.from_array(drawn, chunks=(64, -1, -1))
    return sv.Movie(data, fps=movie.fps, name="simulated", pixel_size_um=movie.pixel_size_um)


def median_seconds(work: Callable[[], object], repeats: int, device: torch.device) -> float:
    """Return the median of some repeats after a first one."""
    taken = []
    for _ in range(repeats + 1):
        _wait(device)
        began = time.perf_counter()
        work()
        _wait(device)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken[1:])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def step_and_encoding(
    movie: sv.Movie, config: sv.TrainConfig, device: torch.device, repeats: int
) -> tuple[float, float, float]:
    """Return seconds of a step of reconstruction, of an end-to-end one, and ms of a frame."""
    prepared = prepare(movie, config, device)
    trainer = prepared.trainer
    trainer.calibrate()
    with trainer.reading_ahead():
        warming = median_seconds(trainer.train_step, repeats, device)
        trainer.step = trainer.warmup_steps
        predicting = median_seconds(trainer.train_step, repeats, device)
    network, every = trainer.network.eval(), prepared.frames
    part = replace(movie, data=movie.data[:_ENCODED])
    few = replace(every, movie=part, good=every.good[:_ENCODED], _cache=None)
    n_frames = len(few.good)

    def encode() -> None:
        for _ in encode_movie(network, few, prepared.grid, prepared.static):
            pass

    return warming, predicting, 1e3 * median_seconds(encode, 3, device) / n_frames


@lru_cache(maxsize=1)
def _problem(n_columns: int) -> Problem:
    return make_problem(make_rows(n_columns), free=False)


def lasso_seconds(n_columns: int, device: torch.device, repeats: int) -> tuple[float, float]:
    """Return the seconds of a warm solution and of what its derivative solves.

    On a card with the solver that is made for it, although few columns are solved on the CPU.
    """
    gram, cross, penalty, *nearby = (tensor.to(device) for tensor in _problem(n_columns))
    precision = precision_of(gram.dtype)

    def solved(gram: Tensor, cross: Tensor, start: Tensor) -> Tensor:
        if device.type == "cpu":
            return solve_lasso(gram, cross, penalty, initial=start)
        return solve_batched(gram, cross, penalty, start, precision.tolerance, precision)[0]

    start = solved(*nearby, torch.zeros_like(cross))
    solution = solved(gram, cross, start)
    incoming = torch.ones_like(solution)
    return (
        median_seconds(lambda: solved(gram, cross, start), repeats, device),
        median_seconds(
            lambda: solve_on_active_sets(gram, penalty, solution, incoming), repeats, device
        ),
    )


def whole_run(movie: sv.Movie, config: sv.TrainConfig, device: torch.device, out: Path) -> str:
    """Train and analyse to the end; return when each part was done, in seconds."""
    began, ended = time.perf_counter(), dict[str, float]()
    for event in sv.train(movie, config, out=out, device=str(device), overwrite=True):
        now = time.perf_counter() - began
        match event:
            case StepLoss(step=1):
                ended["first step"] = now
            case StepLoss():
                ended["training"] = now
            case Progress(phase="encode", fraction=1.0):
                ended.setdefault("encoding", now)
            case Failed():
                raise SystemExit(event.message)
            case _:
                if (stage := getattr(event, "stage", None)) is not None:
                    ended.setdefault(stage, now)
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in ended.items())


def memory(movie: sv.Movie, config: sv.TrainConfig, device: torch.device, out: Path) -> list[str]:
    """Return what a training takes of a GPU, gives back, and does where that is not there."""
    if device.type != "cuda":
        return ["memory of a GPU: there is none here"]
    give_memory_back(device)
    before = torch.cuda.memory_reserved(device)
    torch.cuda.reset_peak_memory_stats(device)
    short = config.model_copy(update={"steps": 12})
    _trained(movie, short, device, out / "whole")
    peak = torch.cuda.max_memory_reserved(device)
    after = torch.cuda.memory_reserved(device)
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(_TOO_LITTLE * peak / total, device)
    said = _trained(movie, short, device, out / "less")
    torch.cuda.set_per_process_memory_fraction(1.0, device)
    left = [sentence for sentence in said if "memory" in sentence.lower()]
    return [
        f"reserved before / at most / after a training: "
        f"{before / _MEGABYTE:.0f} / {peak / _MEGABYTE:.0f} / {after / _MEGABYTE:.0f} MB",
        f"with {_TOO_LITTLE:.0%} of that: {' '.join(left) or 'no notice'}; it {said[-1]}",
    ]


def _trained(movie: sv.Movie, config: sv.TrainConfig, device: torch.device, out: Path) -> list[str]:
    said = []
    for event in sv.train(movie, config, out=out, device=str(device), until="map"):
        if isinstance(event, Notice):
            said.append(event.message)
        elif isinstance(event, Failed):
            said.append(f"failed: {event.message}")
        elif isinstance(event, Finished):
            said.append("finished")
    return said


def rows(movie: sv.Movie, config: sv.TrainConfig, options: argparse.Namespace) -> Iterator[Row]:
    """Measure what is measured on both."""
    places = [torch.device("cpu"), resolve_device(options.device)]
    network = [step_and_encoding(movie, config, place, options.repeats) for place in places]
    warming, predicting, encoding = zip(*network, strict=True)
    yield Row("training step, reconstruction", "s", *warming)
    yield Row("training step, end to end", "s", *predicting)
    yield Row("encoding a frame", "ms", *encoding)
    for n_columns in options.columns:
        lasso = [lasso_seconds(n_columns, place, min(3, options.repeats)) for place in places]
        solve, backward = zip(*lasso, strict=True)
        yield Row(f"lasso, {n_columns} columns and targets, warm", "s", *solve)
        yield Row(f"its derivative, {n_columns}", "s", *backward)


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--frames", type=int, default=5000)
    parser.add_argument("--cells", type=int, default=400)
    parser.add_argument("--columns", type=int, nargs="+", default=[256, 1024, 2048])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument(
        "--steps", type=int, help="of the whole run; those of the preset if left out"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    try:
        device = resolve_device(options.device)
    except UserError as error:
        raise SystemExit(str(error)) from None
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    movie = movie_of(options)
    steps = {} if options.steps is None else {"steps": options.steps}
    config = sv.TrainConfig.from_preset("fast", seed=options.seed, **steps)
    print(f"{name}; {platform.machine()}, {os.cpu_count()} cores, {options.threads} threads, ")
    print(f"torch {torch.__version__}; {options.edge} x {options.edge} x {options.frames} frames, ")
    print(f"{options.cells} cells, preset fast, seed {options.seed}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        print("whole run, seconds:", whole_run(movie, config, device, Path(folder) / "run"))
        print(f"main memory at most: {peak_memory_mb():.0f} MB", flush=True)
        part = replace(movie, data=movie.data[:_PART])
        for line in memory(part, config, device, Path(folder)):
            print(line, flush=True)
    print("\n| | unit | CPU | device | ratio |\n|---|---|---:|---:|---:|")
    for row in rows(part, config, options):
        print(row, flush=True)


if __name__ == "__main__":
    main()

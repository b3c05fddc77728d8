"""What long recordings cost: memory, opening, seconds a step; from disk and from memory.

    python benchmarks/memory.py [--folder /tmp/long-movies] [--sizes 2 8 20] [--kinds tiff zarr]
                                [--steps 30] [--threads 2] [--seed 0] [--device cpu]
    python benchmarks/memory.py --speed [--repeats 3] [--kinds tiff zarr zstd]

The first trains on movies of 512 x 512 pixels (uint16) of several sizes, from opening to the end of
the analysis, each in a process of its own. Peak memory is the largest resident memory the system
saw, shared libraries and pages of mapped files included. The second compares steps on a movie of
1 GB that is kept in memory with steps that read it from disk, the page cache emptied before, in
turn. The longest size takes as much disk for each kind; what is made stays for the next time.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from memory_parts import child
from memory_parts.movies import GIGABYTES, KINDS, files, long_movie

EVERYTHING, NOTHING = 10**12, 0
"""Bytes of a movie that are kept in memory: all of it, none of it."""


def trained(options: argparse.Namespace, kind: str, n_parts: int, **changes: Any) -> dict[str, Any]:
    """Train on one movie in a process of its own; return what was measured."""
    movie = long_movie(kind, n_parts, options.folder, options.seed)
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        task = {
            "movie": [str(part) for part in movie] if isinstance(movie, list) else str(movie),
            "forget": [str(path) for path in files(movie)],
            "out": str(Path(scratch) / "run"),
            "steps": options.steps,
            "seed": options.seed,
            "threads": options.threads,
            "device": options.device,
            "settings": json.loads(options.settings),
            "keep_bytes": None,
            "only_steps": False,
            "skip": 2,
            **changes,
        }
        command = [sys.executable, child.__file__, json.dumps(task)]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    return measured


def sizes(options: argparse.Namespace) -> None:
    """Print the table of sizes."""
    print(
        "| movie | GB | frames | latents | opens, s | prepares, s | a step, s | analysis, s |",
        end="",
    )
    print(" before, GB | peak, GB |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for kind in options.kinds:
        for size in options.sizes:
            found = trained(options, kind, math.ceil(size / GIGABYTES))
            print(
                f"| {kind} | {found['gigabytes']:.1f} | {found['frames']} | {found['latents']} "
                f"| {found['open_s']:.3f} | {found['prepare_s']:.1f} | {found['step_s']:.3f} "
                f"| {found['analyse_s']:.0f} | {found['before_mb'] / 1000:.2f} "
                f"| {found['peak_mb'] / 1000:.2f} |",
                flush=True,
            )
            for phase, peak in found["phases_mb"].items():
                print(f"{kind} {size} GB, {phase}: {peak / 1000:.2f} GB", file=sys.stderr)


def speed(options: argparse.Namespace) -> None:
    """Print how much slower steps are that read from disk."""
    print("| movie | from | a step, s | relative to memory |")
    print("|---|---|---:|---:|")
    for kind in options.kinds:
        seconds: dict[str, list[float]] = {"memory": [], "disk": []}
        for _ in range(options.repeats):
            for place, kept in (("memory", EVERYTHING), ("disk", NOTHING)):
                found = trained(options, kind, 1, keep_bytes=kept, only_steps=True)
                seconds[place].append(found["steps_s"] / (options.steps - 2))
        base = statistics.median(seconds["memory"])
        for place, each in seconds.items():
            middle = statistics.median(each)
            spread = f"{min(each):.3f}-{max(each):.3f}"
            print(
                f"| {kind} | {place} | {middle:.3f} ({spread}) | {middle / base:.2f} |", flush=True
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "long-movies")
    parser.add_argument("--sizes", type=float, nargs="+", default=[2, 8, 20], help="GB")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["tiff", "zarr"])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--settings", default="{}", help="of the training, as JSON")
    parser.add_argument("--speed", action="store_true", help="compare memory with disk")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    (speed if options.speed else sizes)(options)


if __name__ == "__main__":
    main()

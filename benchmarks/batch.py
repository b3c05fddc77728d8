"""How many recordings a batch gets through: one after the other, two at a time, on two workers.

    python benchmarks/batch.py [--recordings 20] [--frames 1000] [--steps 20]

Simulated recordings of 64 x 64 pixels are trained and analysed to the end, one thread each: in one
process after the other, in two processes at a time, and by two workers of a dask scheduler on this
computer. Prints a table in markdown: seconds for all, and how many times faster than one after the
other.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psutil

import napari_sparsevar as sv
from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.movie import write_movie

WAYS: dict[str, dict[str, int]] = {
    "one after the other": {},
    "two processes": {"jobs": 2},
    "two workers of dask": {"workers": 2},
}


def main() -> None:
    """Print the table."""
    options = _options()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"  # of the processes that are started
    with tempfile.TemporaryDirectory() as there:
        folder = Path(there)
        listed = list(_recordings(folder, options))
        print(f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f} before\n")
        print("| way | recordings | seconds | an hour | times as fast |")
        print("|---|---:|---:|---:|---:|")
        seconds(listed[:1], folder / "first")  # what is compiled once is not counted
        alone = None
        for way, how in WAYS.items():
            spent = seconds(listed, folder / way, **how)
            alone, hourly = alone or spent, 3600 * len(listed) / spent
            print(
                f"| {way} | {len(listed)} | {spent:.0f} | {hourly:.0f} | {alone / spent:.2f} |",
                flush=True,
            )


def seconds(listed: list[Recording], out: Path, jobs: int = 1, workers: int = 0) -> float:
    """Return how long a batch takes; workers are there before the clock starts."""
    with scheduler(workers) if workers else nullcontext(None) as address:
        began = time.perf_counter()
        for outcome in sv.run_batch(listed, out=out, jobs=jobs, scheduler=address, device="cpu"):
            if outcome.status != "finished":
                raise RuntimeError(f"{outcome.name}: {outcome.error}")
        return time.perf_counter() - began


@contextmanager
def scheduler(workers: int) -> Iterator[str]:
    """Start a scheduler with workers, a process of one thread each."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def _recordings(folder: Path, options: argparse.Namespace) -> Iterator[Recording]:
    for seed in range(options.recordings):
        movie, _ = sv.simulate_movie(options.frames, regime="medium_noise", seed=seed)
        path = folder / f"{seed}.tif"
        write_movie(movie.data, path, movie.fps, movie.pixel_size_um)
        yield Recording(movie=path, name=str(seed), preset="fast", steps=options.steps, seed=seed)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--recordings", type=int, default=20)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=20)
    return parser.parse_args()


if __name__ == "__main__":
    main()

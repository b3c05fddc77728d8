"""One training in a process of its own, watched: seconds and memory of each phase, as JSON."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import Any

import psutil

_INTERVAL_S = 0.02
MEGABYTE = 2**20


class Watch:
    """Largest resident memory of this process in each phase, looked at 50 times a second."""

    def __init__(self) -> None:
        self.phase = "import"
        self.peaks: dict[str, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        process, phase, began = psutil.Process(), "", time.perf_counter()
        while not self._done.wait(_INTERVAL_S):
            if phase != self.phase:
                phase = self.phase
                print(f"{time.perf_counter() - began:.1f} s: {phase}", file=sys.stderr)
            now = process.memory_info().rss / MEGABYTE
            self.peaks[phase] = max(now, self.peaks.get(phase, 0.0))

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()


def forget(paths: list[Path]) -> None:
    """Drop files from the page cache, where the system lets one."""
    if hasattr(os, "posix_fadvise"):
        for path in paths:
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def measure(task: dict[str, Any]) -> dict[str, Any]:
    """Open a movie and train on it; return seconds and megabytes."""
    watch = Watch()
    import numpy as np
    import torch

    import napari_sparsevar as sv
    from napari_sparsevar.movie.reading import standardised
    from napari_sparsevar.training.device import peak_memory_mb
    from napari_sparsevar.training.events import Failed, Progress, ResultsReady, Started, StepLoss

    torch.set_num_threads(task["threads"])
    sv.open_movie(np.zeros((3, 8, 8), np.uint8))  # imports are not part of opening
    if task["keep_bytes"] is not None:
        standardised.CACHE_BYTES = task["keep_bytes"]
    watch.phase = "open"
    before = psutil.Process().memory_info().rss / MEGABYTE
    source = task["movie"]
    began = time.perf_counter()
    movie = sv.open_movie([Path(part) for part in source] if isinstance(source, list) else source)
    first = movie.data[movie.n_frames // 2].compute(scheduler="synchronous")
    opened = time.perf_counter() - began
    assert first.any()
    config = sv.TrainConfig(steps=task["steps"], seed=task["seed"], **task["settings"])
    watch.phase = "prepare"
    marks: dict[str, float] = {"prepare": time.perf_counter()}
    steps: list[float] = []
    ready: dict[str, float] = {}
    latents = analysed = 0
    last = time.perf_counter()
    for event in sv.train(
        movie, config, out=task["out"], device=task["device"], threads=task["threads"]
    ):
        now = time.perf_counter()
        if isinstance(event, Failed):
            raise RuntimeError(f"{event.message} {event.details}")
        if isinstance(event, Started):
            marks["train"] = now
            watch.phase = "train"
            latents = int(torch.tensor(event.latent_shape).prod())
        elif isinstance(event, StepLoss):
            steps.append(now - last)
            if task["only_steps"] and event.step == event.n_steps:
                break
        elif isinstance(event, Progress) and event.phase == "encode":
            ready.setdefault("trained", now - began)
            if event.fraction == 1.0:
                ready.setdefault("encoded", now - began)
        elif isinstance(event, ResultsReady):
            ready[event.stage] = now - began
            analysed = analysed or sv.load_run(event.path).results.grid.size
        elif isinstance(event, Progress) and event.phase == "analyse":
            marks.setdefault("analyse", now)
            watch.phase = f"analyse: {event.message}"
        last = time.perf_counter()
    end = time.perf_counter()
    watch.stop()
    shutil.rmtree(task["out"], ignore_errors=True)
    settled = steps[task["skip"] :]
    return {
        "frames": movie.n_frames,
        "gigabytes": movie.data.nbytes / 1e9,
        "latents": latents,
        "analysed": analysed,
        "ready_s": ready,
        "processor_s": time.process_time(),
        "open_s": opened,
        "prepare_s": marks["train"] - marks["prepare"],
        "step_s": statistics.median(settled),
        "steps_s": sum(settled),
        "analyse_s": end - marks["analyse"] if "analyse" in marks else None,
        "before_mb": before,
        "peak_mb": peak_memory_mb(),
        "phases_mb": watch.peaks,
    }


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    forget([Path(path) for path in wanted["forget"]])
    print(json.dumps(measure(wanted)))

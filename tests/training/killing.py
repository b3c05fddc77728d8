"""Processes that write and are killed at random moments: run as a script.

python killing.py MOVIE OUT RUN    train and resume in OUT, add to RUN over and over
"""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.comparison.store import load_comparisons, save_comparisons
from napari_sparsevar.run.annotations import (
    RegionNote,
    read_regions,
    write_regions,
)
from napari_sparsevar.training.events import Failed
from napari_sparsevar.training.train import train  # loaded before the first fork

SHAPE = (33, 38)
CONFIG = sv.TrainConfig(
    steps=8,
    chunk_frames=24,
    chunks=4,
    crop=32,
    validate_every=4,
    checkpoint_every=2,
    model=sv.ModelConfig(stride=4, width=4),
)
WRONG = 3


def killed_after(seconds: float, work: Callable[[], None]) -> bool:
    """Do some work in a process of its own, killed after a while; return whether it was."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing may go on in the copied process
            traceback.print_exc()
            os._exit(WRONG)
        os._exit(0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL)
    return os.waitstatus_to_exitcode(status) != 0


def go_on(movie: Path, out: Path) -> None:
    """Resume what is there, or begin where that says there is nothing to resume."""
    opened = sv.open_movie(movie)
    *_, last = train(opened, CONFIG, out=out, device="cpu", resume=True)
    if isinstance(last, Failed) and "complete" in last.message:
        return
    if isinstance(last, Failed):
        assert "to resume" in last.message, last.message
        overwrite = "overwrite it" in last.message
        *_, last = train(opened, CONFIG, out=out, device="cpu", overwrite=overwrite)
    assert not isinstance(last, Failed), last.message


def kill_trainings(movie: Path, out: Path, rng: random.Random) -> int:
    """Kill one training, begun and resumed again and again; return how often it was cut."""
    return sum(killed_after(rng.uniform(0.1, 1.5), lambda: go_on(movie, out)) for _ in range(3))


def kill_annotations(out: Path, rng: random.Random) -> int:
    """Kill while regions, and what is said of them, are one thing and then another."""

    def write() -> None:
        for number in range(1_000_000):
            kind = number % 2
            notes = {1 + kind: RegionNote(name=f"{kind}" * 200)}
            write_regions(out, np.full(SHAPE, 1 + kind, np.int32), 2.0, notes)

    for _ in range(15):
        killed_after(rng.uniform(0.0, 0.05), write)
        regions = read_regions(out, SHAPE)
        if regions is not None:
            [label] = np.unique(regions.image)
            assert regions.notes == {label: RegionNote(name=f"{label - 1}" * 200)}
    return 15


def kill_comparisons(out: Path, rng: random.Random) -> int:
    """Kill while comparisons are added to a run."""
    path = Path(__file__).parents[1] / "made_comparisons.py"
    spec = importlib.util.spec_from_file_location("made_comparisons", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.made_set(2)
    wrong: list[str] = []

    def write() -> None:
        while True:
            save_comparisons(out, found)

    for _ in range(12):
        killed_after(rng.uniform(0.0, 0.25), write)
        load_comparisons(out, wrong.append)
        assert not wrong, wrong
    assert load_comparisons(out)
    return 12


def main() -> None:
    movie, out, run = map(Path, sys.argv[1:])
    print(kill_trainings(movie, out, random.Random(3)))
    rng = random.Random(5)
    print(kill_annotations(run, rng) + kill_comparisons(run, rng))


if __name__ == "__main__":
    main()

"""Work that is killed at random moments: what was saved is still there, and the rest goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.comparison.store import load_comparisons, save_comparisons
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.export.everything import PARTS, ExportOptions, export_run
from napari_sparsevar.export.material import gather
from napari_sparsevar.movie import write_movie
from napari_sparsevar.progress import returned
from napari_sparsevar.run.annotations import RegionNote, read_regions, write_regions
from napari_sparsevar.training.events import Failed, Finished, TrainingEvent
from napari_sparsevar.training.train import train

CONFIG = sv.TrainConfig(
    steps=6,
    chunk_frames=24,
    chunks=4,
    crop=32,
    validate_every=3,
    checkpoint_every=2,
    model=sv.ModelConfig(stride=4, width=4),
)
SHAPE, N_FRAMES, WRONG = (33, 38), 300, 3
SAME = ("edges.csv", "drivers.csv", "loss.csv", "model.safetensors")
EXPORTED = frozenset(PARTS) - {"nwb", "overlay", "report", "movies"}


class Killed(NamedTuple):
    """How often work was killed before its end, and what was lost or wrong afterwards."""

    work: str
    times: int
    cut: int
    faults: list[str]


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Do some work in a process of its own, killed with its own children; return whether it was."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            work()
        except BaseException:  # noqa: BLE001 - nothing may go on in the copied process
            traceback.print_exc()
            os._exit(WRONG)
        os._exit(0)
    with suppress(OSError):  # the child does it too: whoever comes first
        os.setpgid(child, child)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            if os.waitstatus_to_exitcode(status) != 0:
                raise RuntimeError("the work failed by itself")
            return False
        time.sleep(0.002)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


class Kills:
    """A movie, a finished run of it, and the works that are killed.

    Parameters
    ----------
    folder : Path
    seed : int
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._rng = folder, random.Random(seed)
        movie, _ = sv.simulate_movie(
            N_FRAMES, SHAPE, seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
        )
        frames = np.asarray(movie.data)
        moved = np.stack([np.roll(each, number % 5 - 2, 0) for number, each in enumerate(frames)])
        self._movie = write_movie(moved, folder / "movie.tif", fps=15.0, pixel_size_um=2.0)
        self._run = folder / "run"
        for _ in range(2):  # the first compiles
            began, movie = time.monotonic(), sv.open_movie(self._movie)
            _ended(train(movie, CONFIG, out=self._run, register="rigid", overwrite=True))
            self._seconds = time.monotonic() - began

    def trainings(self, times: int) -> Killed:
        """Kill a training that is begun and resumed again and again; it ends the same."""
        out = self._folder / "killed"

        def check() -> str:
            if not (out / "run.json").exists():
                return ""
            if json.loads((out / "run.json").read_text(encoding="utf-8"))["status"] == "finished":
                sv.load_run(out)
            return ""

        found = self._repeated(
            "train", times, lambda: go_on(self._movie, out), check, self._seconds
        )
        go_on(self._movie, out)
        whole = self._folder / "whole"
        go_on(self._movie, whole)
        other = [name for name in SAME if (out / name).read_bytes() != (whole / name).read_bytes()]
        faults = [f"train: other {other} than of a training that was not cut"] if other else []
        faults += [f"train: {path.name} is left" for path in out.glob(".*")]
        return found._replace(faults=found.faults + faults)

    def replacements(self, times: int) -> Killed:
        """Kill a training, with registration, that takes the place of a finished run."""
        out = self._folder / "replaced"
        self._train_again(out)

        def check() -> str:
            record = json.loads((out / "run.json").read_text(encoding="utf-8"))
            sv.load_run(out)
            return "" if record["status"] == "finished" else "a finished run is gone"

        return self._repeated(
            "replace", times, lambda: self._train_again(out), check, self._seconds
        )

    def exports(self, times: int) -> Killed:
        """Kill an export that takes the place of an earlier one."""
        out = self._folder / "export"
        self._export(out)
        whole = self._files(out)

        def check() -> str:
            missing = whole - self._files(out)
            return f"an export without {sorted(missing)}" if missing else ""

        return self._repeated("export", times, lambda: self._export(out), check, 2.0)

    def annotations(self, times: int) -> Killed:
        """Kill while regions, and what is said of them, are one thing and then another."""

        def write() -> None:
            for number in range(1_000_000):
                kind = number % 2
                notes = {1 + kind: RegionNote(name=f"{kind}" * 200)}
                write_regions(self._run, np.full(SHAPE, 1 + kind, np.int32), 2.0, notes)

        def check() -> str:
            regions = read_regions(self._run, SHAPE)
            if regions is None:
                return ""
            [label] = np.unique(regions.image)
            fits = regions.notes == {label: RegionNote(name=f"{label - 1}" * 200)}
            return "" if fits else "notes of other regions"

        return self._repeated("annotate", times, write, check, 0.2)

    def comparisons(self, times: int) -> Killed:
        """Kill while comparisons are added to a run."""
        windows = [Window.of("A", (0, 150)), Window.of("B", (150, N_FRAMES))]
        found = sv.compare(sv.load_run(self._run), windows)
        save_comparisons(self._run, found)

        def write() -> None:
            while True:
                save_comparisons(self._run, found)

        def check() -> str:
            wrong: list[str] = []
            kept = load_comparisons(self._run, wrong.append)
            return " ".join(wrong) if kept else "no comparison is left"

        return self._repeated("compare", times, write, check, 0.25)

    def batches(self, times: int) -> Killed:
        """Kill a batch of three recordings that is begun again and again."""
        out, listed = self._folder / "batch", self._folder / "list.csv"
        rows = "".join(f"{self._movie},part {n},fast,{n}\n" for n in range(3))
        listed.write_text(f"movie,name,preset,seed\n{rows}", encoding="utf-8")
        finished: dict[str, str] = {}

        def check() -> str:
            for place in out.glob("*/run.json"):
                record = json.loads(place.read_text(encoding="utf-8"))
                if place.parent.name.startswith("."):
                    continue
                created = finished.get(place.parent.name)
                if created is not None and created != record["created"]:
                    return f"{place.parent.name} was trained again"
                if record["status"] == "finished":
                    sv.load_run(place.parent)
                    finished[place.parent.name] = record["created"]
            return ""

        def work() -> None:
            for outcome in sv.run_batch(listed, out=out, device="cpu"):
                assert outcome.status == "finished", outcome.error

        return self._repeated("batch", times, work, check, 8.0)

    def registrations(self, times: int) -> Killed:
        """Kill while a movie is registered and written."""
        places = [self._folder / name for name in ("still.tif", "still.zarr")]

        def work() -> None:
            still = sv.register(sv.open_movie(self._movie))
            for out in places:
                write_movie(still.data, out, still.fps, still.pixel_size_um, overwrite=True)

        work()

        def check() -> str:
            opened = [sv.open_movie(out) for out in places]
            whole = all(each.n_frames == N_FRAMES and not each.notes for each in opened)
            return "" if whole else "half a movie"

        return self._repeated("register", times, work, check, 1.0)

    def _repeated(
        self,
        name: str,
        times: int,
        work: Callable[[], object],
        check: Callable[[], str],
        seconds: float,
    ) -> Killed:
        cut, faults = 0, []
        for number in range(times):
            try:
                cut += killed_after(self._rng.uniform(0.0, seconds), work)
                fault = check()
            except Exception as error:  # noqa: BLE001 - it is what is looked for
                fault = f"{type(error).__name__}: {error}"
            if fault:
                faults.append(f"{name} {number}: {fault}")
        return Killed(name, times, cut, faults)

    def _train_again(self, out: Path) -> None:
        _ended(train(sv.open_movie(self._movie), CONFIG, out=out, register="rigid", overwrite=True))

    def _export(self, out: Path) -> None:
        material = gather(self._run)
        returned(export_run(material, out, ExportOptions(EXPORTED), overwrite=True))

    def _files(self, out: Path) -> set[str]:
        return {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}


def go_on(path: Path, out: Path) -> None:
    """Resume what is there of a training, or begin where that says there is nothing to resume."""
    movie = sv.open_movie(path)
    last = _last(train(movie, CONFIG, out=out, device="cpu", resume=True))
    if isinstance(last, Failed) and "complete" not in last.message:
        assert "to resume" in last.message, last.message
        again = "overwrite it" in last.message
        _ended(train(movie, CONFIG, out=out, device="cpu", overwrite=again))


def _last(events: object) -> TrainingEvent:
    *_, last = events  # type: ignore[misc]
    return last


def _ended(events: object) -> None:
    last = _last(events)
    assert isinstance(last, Finished), last

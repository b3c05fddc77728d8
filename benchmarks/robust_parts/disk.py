"""A disk that is full at one write after another: a sentence, and what was saved is still there.

Needs Linux and the right to mount a small file system in memory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.everything import ExportOptions, export_run
from napari_sparsevar.export.material import gather
from napari_sparsevar.movie import write_movie
from napari_sparsevar.progress import returned
from napari_sparsevar.run.annotations import RegionNote, read_regions, write_regions
from napari_sparsevar.training.events import Failed
from napari_sparsevar.training.train import train
from robust_parts.kills import CONFIG, EXPORTED, N_FRAMES, SHAPE

MARGIN = 1.3
"""Space, as a share of what the work leaves, up to which it is tried."""
LARGE_MB = 64


class Filled(NamedTuple):
    """How work ended on disks of all sizes, and what was lost or wrong."""

    work: str
    times: int
    outcomes: Counter[str]
    faults: list[str]


@contextlib.contextmanager
def small_disk(at: Path, n_bytes: int) -> Iterator[Path]:
    """Give a disk of so many bytes."""
    at.mkdir(exist_ok=True)
    size = f"size={max(n_bytes, 4096)}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def forked(work: Callable[[], str]) -> str:
    """Return what work says in a process of its own; how that died, where it did."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = work()
        except UserError as error:
            said = f"sentence {error}"
        except BaseException:  # noqa: BLE001 - it is what is looked for
            said = f"traceback {traceback.format_exc()[-1500:]}"
        os.write(writing, said.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return said if code == 0 else f"died with {code}"


class Disks:
    """A movie, a finished run with all that belongs to it, and works on a disk that fills up.

    Parameters
    ----------
    folder : Path
    steps : int
        Sizes of the disk, for each work.
    """

    def __init__(self, folder: Path, steps: int) -> None:
        self._folder, self._steps = folder, steps
        movie, _ = sv.simulate_movie(
            N_FRAMES, SHAPE, seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
        )
        frames = np.asarray(movie.data)
        moved = np.stack([np.roll(each, number % 5 - 2, 0) for number, each in enumerate(frames)])
        self._sound = folder / "sound"
        self._sound.mkdir()
        path = write_movie(moved, self._sound / "movie.tif", fps=15.0, pixel_size_um=2.0)
        *_, last = train(sv.open_movie(path), CONFIG, out=self._sound / "run")
        assert not isinstance(last, Failed), last
        write_regions(
            self._sound / "run", np.ones(SHAPE, np.int32), 2.0, {1: RegionNote(name="old")}
        )
        sv.save_fit(self._fit(self._sound), self._sound / "fit")
        export = ExportOptions(EXPORTED)
        returned(export_run(gather(self._sound / "run"), self._sound / "export", export))

    def all(self, names: list[str] | None = None) -> Iterator[Filled]:
        """Yield how each work ended, or those of some names."""
        works: dict[str, Callable[[Path], str]] = {
            "train anew": lambda at: self._train(at, "other"),
            "train again": lambda at: self._train(at, "run"),
            "export": self._export,
            "annotate": self._annotate,
            "fit": self._save_fit,
            "register": self._register,
            "batch": self._batch,
        }
        for name, work in works.items():
            if names is None or name in names:
                yield self._filled(name, work)

    def _filled(self, name: str, work: Callable[[Path], str]) -> Filled:
        at = self._folder / "disk"
        with small_disk(at, LARGE_MB * 2**20) as disk:
            before = self._copied(disk)
            said = forked(lambda: work(disk))
            assert said == "done", said
            whole = max(_used(disk) - before, before // 4)
        outcomes: Counter[str] = Counter()
        faults = []
        for step in range(self._steps):
            size = before + round(MARGIN * whole * step / self._steps)
            with small_disk(at, size) as disk:
                self._copied(disk)
                said = forked(lambda disk=disk: work(disk))  # type: ignore[misc]
                fault = forked(lambda disk=disk: self._lost(disk))  # type: ignore[misc]
            outcome = said.split(maxsplit=1)[0]
            outcomes[outcome] += 1
            one = outcome != "sentence" or ("\n" not in said and "full" in said)
            if outcome not in ("done", "sentence") or not one:
                faults.append(f"{name}, {size} bytes: {said}")
            if fault:
                faults.append(f"{name}, {size} bytes: lost: {fault}")
        return Filled(name, self._steps, outcomes, faults)

    def _copied(self, disk: Path) -> int:
        """Put what is sound onto a disk; return the bytes it takes."""
        shutil.copytree(self._sound, disk, dirs_exist_ok=True)
        return _used(disk)

    def _lost(self, disk: Path) -> str:
        """Say what is wrong with what was there before."""
        run = sv.load_run(disk / "run")
        regions = read_regions(disk / "run", SHAPE)
        if run.record.status != "finished":
            return "the run"
        if regions is None or len(regions.notes) != 1:
            return "the regions"
        if not len(sv.load_fit(disk / "fit").names):
            return "the fit"
        if sv.open_movie(disk / "movie.tif").n_frames != N_FRAMES:
            return "the movie"
        return "" if (disk / "export" / "maps").is_dir() else "the export"

    def _train(self, disk: Path, name: str) -> str:
        movie = sv.open_movie(disk / "movie.tif")
        events = train(movie, CONFIG, out=disk / name, register="rigid", overwrite=name == "run")
        *_, last = events
        return f"sentence {last.message}{last.details}" if isinstance(last, Failed) else "done"

    def _export(self, disk: Path) -> str:
        options = ExportOptions(EXPORTED)
        returned(export_run(gather(disk / "run"), disk / "export", options, overwrite=True))
        return "done"

    def _annotate(self, disk: Path) -> str:
        image = np.random.default_rng(0).integers(0, 90, SHAPE).astype(np.int32)
        write_regions(disk / "run", image, 2.0, {5: RegionNote(name="new" * 500)})
        return "done"

    def _fit(self, disk: Path) -> sv.CellFit:
        labels = np.zeros(SHAPE, np.int32)
        for number in range(6):
            labels[3 + 5 * number : 6 + 5 * number, 4 : 4 + 5 * (number + 1)] = number + 1
        return sv.load_run(disk / "run").cells(labels)

    def _save_fit(self, disk: Path) -> str:
        sv.save_fit(self._fit(disk), disk / "fit", overwrite=True)
        return "done"

    def _register(self, disk: Path) -> str:
        still = sv.register(sv.open_movie(disk / "movie.tif"))
        for name in ("movie.zarr", "movie.tif"):
            write_movie(still.data, disk / name, still.fps, overwrite=True)
        return "done"

    def _batch(self, disk: Path) -> str:
        listed = self._folder / "list.csv"
        listed.write_text(f"movie,name,preset\n{disk / 'movie.tif'},one,fast\n", encoding="utf-8")
        (outcome,) = sv.run_batch(listed, out=disk / "batch", device="cpu")
        return "done" if outcome.status == "finished" else f"sentence {outcome.error}"


def _used(disk: Path) -> int:
    found = os.statvfs(disk)
    return (found.f_blocks - found.f_bfree) * found.f_frsize

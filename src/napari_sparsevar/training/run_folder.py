"""Where a training writes, so that a finished result is never lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from napari_sparsevar.disk.contents import read_table, write_table
from napari_sparsevar.disk.files import LEFTOVERS, explain, replacing
from napari_sparsevar.disk.lock import LOCK, FolderLock, check_free
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import WithResult
from napari_sparsevar.run.covariates import COVARIATES
from napari_sparsevar.run.left_out import LEFT_OUT
from napari_sparsevar.run.registration import SHIFTS
from napari_sparsevar.run.replacement import recover_run, replace_run, working_folder
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import (
    EVENTS,
    LOSS_COLUMNS,
    LOSSES,
    RECORD,
    is_run_directory,
    write_record,
)
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.events import StepLoss, TrainingEvent, ValidationLoss

T = TypeVar("T")


@dataclass(frozen=True)
class RunFolder:
    """The folder a training works in and the place its result goes.

    An existing run is replaced only when the new one is complete: until then the training works in
    a hidden folder beside it.

    Attributes
    ----------
    out : Path
        The run directory.
    working : Path
        ``out`` itself where that was free.
    lock : FolderLock
        Keeps other trainings out of ``working``.
    made : tuple of Path
        Folders that were not there before, the deepest first.
    """

    out: Path
    working: Path
    lock: FolderLock
    made: tuple[Path, ...] = ()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def publish(self) -> None:
        """Move the complete result to its place."""
        if self.working != self.out:
            self.lock.release()  # it would move along, and on Windows be in the way
            replace_run(self.out, self.working)

    def discard(self) -> None:
        """Forget a training without a single step, so that the next one finds the place free."""
        for name in (RECORD, EVENTS, COVARIATES, LEFT_OUT, SHIFTS):
            (self.working / name).unlink(missing_ok=True)

    def release(self) -> None:
        """Let others have the folder, which goes if nothing came of it."""
        self.lock.release()
        with contextlib.suppress(OSError):  # as soon as one of them is not empty
            for folder in self.made:
                folder.rmdir()


def prepare_folder(out: Path, *, resume: bool, overwrite: bool) -> RunFolder:
    """Decide where to work, creating the folder; it is locked until released.

    Raises
    ------
    UserError
        If there is something at ``out`` already and neither switch was given, nothing to resume,
        another training is at work there, or the folder cannot be written.
    """
    out = out.expanduser().absolute()
    try:
        for folder in (out, working_folder(out)):
            check_free(folder)
        recover_run(out)
        return _folder_to_resume(out) if resume else _new_folder(out, overwrite)
    except OSError as error:
        raise UserError(f"Cannot use the run directory {out}: {explain(error)}.") from error


def _new_folder(out: Path, overwrite: bool) -> RunFolder:
    occupied = out.exists() and (not out.is_dir() or not _is_empty(out))
    if occupied and not is_run_directory(out):
        raise UserError(
            f"{out} exists already, is not a run directory and is not overwritten: choose another."
        )
    if occupied and not overwrite:
        raise UserError(
            f"{out} exists already: choose another run directory, overwrite it (--overwrite) or, "
            "where its training was cut short, resume it (--resume)."
        )
    working = working_folder(out) if occupied else out
    if occupied and working.exists():
        shutil.rmtree(working)
    made = tuple(folder for folder in (working, *working.parents) if not folder.exists())
    working.mkdir(parents=True, exist_ok=True)
    return RunFolder(out, working, FolderLock(working), made)


def _is_empty(folder: Path) -> bool:
    """Return whether a folder holds only what a process leaves that is killed at once."""
    return all(entry.name == LOCK or entry.match(LEFTOVERS) for entry in folder.iterdir())


def _folder_to_resume(out: Path) -> RunFolder:
    for working in (working_folder(out), out):
        if (working / CHECKPOINT).exists():
            if working == out and is_run_directory(out) and read_record(out).status == "finished":
                working = _aside(out)
            lock = FolderLock(working)
            for unfinished in working.glob(LEFTOVERS):  # written when the process was killed
                unfinished.unlink()
            return RunFolder(out, working, lock)
    if not is_run_directory(out):
        raise UserError(f"There is no checkpoint in {out} to resume from: train without resume.")
    if read_record(out).status == "finished":
        raise UserError(f"The run {out} is complete: there is nothing to resume.")
    raise UserError(
        f"The training in {out} ended before its first checkpoint, so there is nothing to resume: "
        "overwrite it."
    )


def _aside(out: Path) -> Path:
    """Copy what a stopped training needs to go on to a folder beside its run; return that.

    The run stays as it is, and whole, until what continues it is.
    """
    working = working_folder(out)
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir()
    write_record(working, read_record(out).model_copy(update={"status": "training"}))
    for name in (
        EVENTS,
        LOSSES,
        COVARIATES,
        LEFT_OUT,
        SHIFTS,
        CHECKPOINT,
    ):  # the last makes it a training to be resumed
        if (out / name).exists():
            with replacing(working / name) as copy:
                shutil.copyfile(out / name, copy)
    return working


@dataclass
class EventLog:
    """Keeps ``events.jsonl`` and ``loss.csv`` of a training.

    Every event is written as it happens; the losses when a checkpoint is, so that the two agree.
    """

    folder: Path
    _losses: list[dict[str, Any]] = field(default_factory=list)

    def load(self, step: int) -> None:
        """Take over the losses of an earlier session up to ``step``."""
        self._end_last_line()
        path = self.folder / LOSSES
        if path.exists():
            try:
                table = read_table(path, LOSS_COLUMNS)
            except (ValueError, KeyError) as error:
                raise UserError(f"{path} is damaged: train again with overwrite.") from error
            self._losses = table[table["step"] <= step].to_dict("records")

    def keeping(self, work: Generator[TrainingEvent, None, T]) -> Generator[TrainingEvent, None, T]:
        """Append every event of a work as it passes."""
        events = WithResult(work)
        for event in events:
            self.add(event)
            yield event
        return events.result

    def add(self, event: TrainingEvent) -> None:
        """Append one event."""
        if isinstance(event, StepLoss):
            self._losses.append({"step": event.step, "split": "training", **event.terms})
        elif isinstance(event, ValidationLoss):
            self._losses.append({"step": event.step, "split": "validation", **event.terms})
        line = json.dumps({"event": type(event).__name__, **_plain(event)})
        try:
            with (self.folder / EVENTS).open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise UserError(f"Cannot write {self.folder / EVENTS}: {explain(error)}.") from error

    def _end_last_line(self) -> None:
        """Drop the half of a line that a process was killed in."""
        path = self.folder / EVENTS
        if path.exists():
            whole = path.read_bytes()
            os.truncate(path, whole.rfind(b"\n") + 1)

    def write_losses(self) -> None:
        """Write ``loss.csv``."""
        write_table(self.folder / LOSSES, pd.DataFrame(self._losses, columns=LOSS_COLUMNS))


def _plain(event: TrainingEvent) -> dict[str, Any]:
    assert is_dataclass(event)
    items: Iterable[tuple[str, Any]] = asdict(event).items()
    return {name: str(value) if isinstance(value, Path) else value for name, value in items}

"""Where a training writes, so that a finished result is never lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from napari_sparsevar.analysis.run import read_record
from napari_sparsevar.analysis.store import (
    EVENTS,
    LOSS_COLUMNS,
    LOSSES,
    is_run_directory,
    write_table,
)
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.files import explain
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.events import StepLoss, TrainingEvent, ValidationLoss


@dataclass(frozen=True)
class RunFolder:
    """The folder a training works in and the place its result goes.

    An existing run is replaced only when the new one is complete: until then the training works in
    ``<out>.new`` beside it.
    """

    out: Path
    working: Path

    def publish(self) -> Path:
        """Move the complete result to its place; return it."""
        if self.working == self.out:
            return self.out
        old = self.out.with_name(f"{self.out.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        self.out.rename(old)
        self.working.rename(self.out)
        shutil.rmtree(old, ignore_errors=True)
        return self.out


def prepare_folder(out: Path, *, resume: bool, overwrite: bool) -> RunFolder:
    """Decide where to work, creating the folder.

    Raises
    ------
    UserError
        If there is something at ``out`` already and neither switch was given, nothing to resume,
        or the folder cannot be written.
    """
    if resume:
        return _folder_to_resume(out)
    occupied = out.exists() and (not out.is_dir() or any(out.iterdir()))
    if occupied and not overwrite:
        raise UserError(
            f"{out} exists already: choose another run directory, or overwrite or resume it."
        )
    if occupied and not is_run_directory(out):
        raise UserError(f"{out} is not a run directory and is not overwritten: choose another.")
    working = out.with_name(f"{out.name}.new") if occupied else out
    try:
        if working != out:
            shutil.rmtree(working, ignore_errors=True)
        working.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot create the run directory {out}: {explain(error)}.") from error
    return RunFolder(out, working)


def _folder_to_resume(out: Path) -> RunFolder:
    for working in (out.with_name(f"{out.name}.new"), out):
        if (working / CHECKPOINT).exists():
            return RunFolder(out, working)
    if is_run_directory(out) and read_record(out).status == "finished":
        raise UserError(f"The run {out} is complete: there is nothing to resume.")
    raise UserError(f"There is no checkpoint in {out} to resume from: train without resume.")


@dataclass
class EventLog:
    """Keeps ``events.jsonl`` and ``loss.csv`` of a training.

    Every event is written as it happens; the losses when a checkpoint is, so that the two agree.
    """

    folder: Path
    _losses: list[dict[str, Any]] = field(default_factory=list)

    def load(self, step: int) -> None:
        """Take over the losses of an earlier session up to ``step``."""
        path = self.folder / LOSSES
        if path.exists():
            table = pd.read_csv(path)
            self._losses = table[table["step"] <= step].to_dict("records")

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

    def write_losses(self) -> None:
        """Write ``loss.csv``."""
        write_table(self.folder / LOSSES, pd.DataFrame(self._losses, columns=LOSS_COLUMNS))


def _plain(event: TrainingEvent) -> dict[str, Any]:
    assert is_dataclass(event)
    items: Iterable[tuple[str, Any]] = asdict(event).items()
    return {name: str(value) if isinstance(value, Path) else value for name, value in items}

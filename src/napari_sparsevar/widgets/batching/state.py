"""The batch of one viewer: idle, working through its list, or stopping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_sparsevar.training.config import PresetName
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.one_work import OneWork, Report

if TYPE_CHECKING:
    from napari_sparsevar.batch.listing import Recording
    from napari_sparsevar.batch.outcome import Outcome

FOLDER = "sparsevar-batch"
"""Proposed for the results, beside the first movie or the list."""


@dataclass(frozen=True)
class BatchRow:
    """A recording and what became of it.

    Parameters
    ----------
    recording : Recording
    own_settings : bool
        Whether it is from a list that says how it is trained.
    outcome : Outcome or None
    """

    recording: Recording
    own_settings: bool
    outcome: Outcome | None = None


class Batching(OneWork):
    """One batch at a time; docks watch it and can be closed and opened again.

    Attributes
    ----------
    rows_changed : psygnal.Signal
        Emitted in the main thread.
    rows : tuple of BatchRow
    out : Path or None
        Folder of the results.
    """

    rows_changed = Signal()

    def __init__(self) -> None:
        super().__init__(
            "The batch",
            working="working",
            ending="stopping",
            ended="Stopped. Run goes on where it was.",
        )
        self.rows: tuple[BatchRow, ...] = ()
        self.out: Path | None = None

    @property
    def at_work_on(self) -> int | None:
        """Which row is being worked on."""
        if self.state == "idle":
            return None
        waiting = (index for index, row in enumerate(self.rows) if row.outcome is None)
        return next(waiting, None)

    def add_movies(self, movies: Sequence[Path]) -> None:
        """Add movies, which are trained as is said at the start."""
        from napari_sparsevar.batch.listing import recordings_of

        taken = [row.recording.name for row in self.rows]
        self._add([BatchRow(one, False) for one in recordings_of(movies, taken)], movies[0])

    def take_list(self, path: Path) -> None:
        """Take the recordings of a list in place of those there are.

        Raises
        ------
        UserError
            If the list cannot be read.
        """
        from napari_sparsevar.batch.listing import read_list

        rows = [BatchRow(one, True) for one in read_list(path)]
        self.rows = ()
        self._add(rows, path)

    def remove(self, index: int) -> None:
        """Take a row off the list."""
        self.rows = self.rows[:index] + self.rows[index + 1 :]
        self.rows_changed.emit()

    def start(self, out: Path, preset: PresetName) -> None:
        """Work through the list; ignored while it works."""
        if self.state != "idle" or not self.rows:
            return
        self.out = out
        self.rows = tuple(replace(row, outcome=None) for row in self.rows)
        control = TrainingControl()
        recordings = [
            row.recording
            if row.own_settings
            else row.recording.model_copy(update={"preset": preset})
            for row in self.rows
        ]
        self._begin(partial(_outcomes, recordings, out, control), hurry=control.stop)
        self._say_where()

    def _add(self, rows: Sequence[BatchRow], beside: Path) -> None:
        self.rows = (*self.rows, *rows)
        if self.out is None:
            self.out = beside.absolute().parent / FOLDER
        self.rows_changed.emit()

    def _receive(self, news: Any) -> None:
        if isinstance(news, Failure):
            super()._receive(news)
            return
        self.rows = tuple(
            replace(row, outcome=news) if row.recording.name == news.name else row
            for row in self.rows
        )
        self._say_where()

    def _say_where(self) -> None:
        outcomes = [row.outcome for row in self.rows if row.outcome is not None]
        of_all = f"of {len(self.rows)}"
        at = self.at_work_on
        if at is not None:
            name = self.rows[at].recording.name
            said = f"{len(outcomes)} {of_all} done; working on {name}."
            if self.state == "working":
                self._tell(Report(said, len(outcomes) / len(self.rows)))
        else:
            whole = sum(outcome.status == "finished" for outcome in outcomes)
            self._settle(Report(f"{whole} {of_all} finished; the table is results.csv.", 1.0))
        self.rows_changed.emit()

    def _become(self, state: str) -> None:
        super()._become(state)
        self.rows_changed.emit()


def _outcomes(
    recordings: Sequence[Recording], out: Path, control: TrainingControl
) -> Iterator[Outcome]:
    from napari_sparsevar.batch.run import run_batch

    return run_batch(recordings, out=out, control=control)

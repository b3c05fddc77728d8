"""What became of a recording, and the table of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict

from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.disk.contents import write_table
from napari_sparsevar.run.record import RunRecord

TABLE = "results.csv"

Status = Literal["waiting", "finished", "failed"]


class Outcome(BaseModel):
    """One row of the table of results.

    Attributes
    ----------
    status : {"waiting", "finished", "failed"}
    run : str
        The run directory.
    drivers, edges, steps, validation_loss, seconds
        As in the record of the run; None where there is none.
    warnings : str
        What the run says its user should know.
    error : str
        One sentence, where it failed.
    details : str
        The traceback of what was not foreseen; not in the table.
    skipped : bool
        Whether it was finished before; not in the table.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    movie: str
    status: Status
    run: str
    drivers: int | None = None
    edges: int | None = None
    steps: int | None = None
    validation_loss: float | None = None
    seconds: float | None = None
    warnings: str = ""
    error: str = ""
    details: str = ""
    skipped: bool = False

    @classmethod
    def waiting(cls, recording: Recording, out: Path) -> Outcome:
        """Of a recording nothing was done for yet."""
        return cls(
            name=recording.name,
            movie=str(recording.movie),
            status="waiting",
            run=str(out / recording.name),
        )

    def failed(self, error: str, details: str = "") -> Outcome:
        """Return the same recording as failed."""
        update = {"status": "failed", "error": " ".join(error.split()), "details": details}
        return self.model_copy(update=update)

    def finished(self, record: RunRecord, *, skipped: bool = False) -> Outcome:
        """Return the same recording with what its run says."""
        found = {"validation_loss": record.metrics.get("best_validation_loss")}
        for name in ("drivers", "edges", "steps", "seconds"):
            found[name] = record.metrics.get(name)
        notices = " ".join(record.notices)
        update = {"status": "finished", "warnings": notices, "skipped": skipped, **found}
        return self.model_copy(update=update)


_NOT_IN_TABLE = {"details", "skipped"}
COLUMNS = [name for name in Outcome.model_fields if name not in _NOT_IN_TABLE]


def write_outcomes(out: Path, outcomes: Mapping[str, Outcome] | Sequence[Outcome]) -> Path:
    """Write ``results.csv``, one row a recording in the order of the list, whole or not at all."""
    rows = list(outcomes.values()) if isinstance(outcomes, Mapping) else list(outcomes)
    table = pd.DataFrame([row.model_dump(exclude=_NOT_IN_TABLE) for row in rows], columns=COLUMNS)
    whole = dict.fromkeys(("drivers", "edges", "steps"), "Int64")
    write_table(out / TABLE, table.astype(whole))
    return out / TABLE

"""Whatever is chosen of a fit of cells, as one folder."""

from __future__ import annotations

from collections.abc import Collection, Generator
from pathlib import Path
from typing import Literal, get_args

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.errors import UserError
from napari_sparsevar.export.cells.graph import write_graph
from napari_sparsevar.export.cells.nwb import write_cells_nwb
from napari_sparsevar.export.cells.tables import (
    needed_pyarrow,
    write_csv,
    write_npy,
    write_parquet,
)
from napari_sparsevar.export.nwb_parts import needed_pynwb
from napari_sparsevar.export.record import Exported, check_folder, write_record
from napari_sparsevar.progress import Step, moved

CellsAs = Literal["csv", "graphml", "nwb", "npy", "parquet"]

FORMATS: tuple[CellsAs, ...] = get_args(CellsAs)

USUAL: tuple[CellsAs, ...] = ("csv", "graphml")
"""Formats that any installation can write and most programs read."""


def export_cells(
    fit: CellFit,
    folder: Path | str,
    formats: Collection[CellsAs] = USUAL,
    *,
    level: float | None = LEVEL,
    session_start: str | None = None,
    overwrite: bool = False,
) -> Generator[Step, None, Exported]:
    """Write cells, traces, matrices and edges into one folder, whole or not at all.

    Cells have the names they came with. Closing the generator leaves nothing behind.

    Parameters
    ----------
    fit : CellFit
    folder : path
        The folder to make.
    formats : collection of {"csv", "graphml", "nwb", "npy", "parquet"}
    level : float, optional
        Of the graph: adjusted p-value up to which an edge is in it; None takes all in the table.
    session_start : str, optional
        Of NWB: when the recording began.
    overwrite : bool
        Whether an earlier export there may be replaced. A folder that holds anything else never is.

    Yields
    ------
    Step

    Raises
    ------
    UserError
        If there is no such format, something it needs is missing, or the folder may not be written.
    """
    out = Path(folder)
    check_cells_export(out, formats, overwrite=overwrite)
    chosen = [each for each in FORMATS if each in formats]
    notes: list[str] = []
    with replacing_folder(out, overwrite=True) as inside:
        for index, each in enumerate(chosen):
            work = _writing(fit, inside, each, level, session_start)
            note = yield from moved(work, index / len(chosen), (index + 1) / len(chosen))
            notes += [note] if note else []
        about = {
            "cells": len(fit.names),
            "cells_from": str(fit.cells.source or ""),
            "fitted": fit.said,
            "formats": chosen,
            "notes": [*fit.notes, *notes],
        }
        write_record(inside, about)
    return Exported(out, tuple(notes))


def check_cells_export(
    folder: Path, formats: Collection[CellsAs] = USUAL, *, overwrite: bool = False
) -> None:
    """Refuse what cannot be had, before the work.

    Raises
    ------
    UserError
        If there is no such format, a library is missing, or the folder may not be written.
    """
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown or not formats:
        wrong = f"There is no format {unknown[0]!r}" if unknown else "No format is chosen"
        raise UserError(f"{wrong}: cells are written as {', '.join(FORMATS)}.")
    if "nwb" in formats:
        needed_pynwb()
    if "parquet" in formats:
        needed_pyarrow()
    check_folder(folder, overwrite=overwrite)


def _writing(
    fit: CellFit, folder: Path, chosen: CellsAs, level: float | None, session_start: str | None
) -> Generator[Step, None, str]:
    """Write one format; return what was assumed."""
    match chosen:
        case "csv":
            yield from write_csv(fit, folder)
        case "npy":
            yield from write_npy(fit, folder)
        case "parquet":
            yield from write_parquet(fit, folder)
        case "graphml":
            yield 0.0, "Writing the graph"
            drawn = write_graph(fit, folder / "graph.graphml", level=level)
            return "" if drawn or level is None else _no_edge(fit, level)
        case "nwb":
            return (yield from write_cells_nwb(fit, folder / "cells.nwb", start=session_start))
    return ""


def _no_edge(fit: CellFit, level: float) -> str:
    why = f"no edge has p <= {level:g}" if fit.tested else "no edge could be tested"
    return f"The graph has cells only, because {why}; take all edges to see what is kept."

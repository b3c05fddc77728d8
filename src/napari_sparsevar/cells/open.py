"""Open whatever a person calls cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from pydantic import PositiveFloat

from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.cells import Cells, TraceKind
from napari_sparsevar.cells.formats.format import (
    CellChoice,
    CellsIn,
    Setting,
    cell_format_of,
    cell_formats,
    unused,
)
from napari_sparsevar.cells.memory import CellsLike, cells_in_memory
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError


@checked
def open_cells(
    given: CellsLike,
    *,
    variable: str | None = None,
    cells_in: CellsIn | None = None,
    kind: TraceKind | None = None,
    plane: int | None = None,
    fps: PositiveFloat | None = None,
) -> Cells:
    """Open cells of another program: outlines, traces and names, as far as a file has them.

    Parameters
    ----------
    given : path, label image of int (Y, X), layer, sequence of sparse footprints (Y, X), or Cells
        A file or folder in a known format (``docs/cells.md`` lists them), or what is in memory: of
        a Shapes layer of napari every area is a cell, and a column ``name`` of the features of a
        layer names its cells.
    variable : str, optional
        Which of several arrays or series in a file.
    cells_in : {"rows", "columns"}, optional
        Where the cells of a bare table of numbers are.
    kind : str, optional
        What the traces of a bare table are, see ``TraceKind``; by default ``raw``. A file that says
        it has to have some of this kind.
    plane : int, optional
        Only the cells of this plane in depth, the first is 1.
    fps : float, optional
        Frames per second; overrides what the file says.

    Returns
    -------
    Cells

    Raises
    ------
    UserError
        If it cannot be read or holds no cells, or has no use for a setting: one sentence says why
        and what to do.
    CellChoiceNeeded
        A `UserError` for a file that leaves open which array is meant, or where its cells are.
    """
    choice = CellChoice(variable, cells_in, kind)
    if isinstance(given, str | PathLike):
        cells = _of_file(Path(given).expanduser(), choice)
    else:
        cells = cells_in_memory(given)
        _check_uses("What is in memory", choice, ())
    if kind is not None and kind not in cells.traces:
        there = f"traces that are {', '.join(cells.traces)}" if cells.traces else "no traces"
        what = cells.source or "What is in memory"
        raise UserError(f"{what} has {there}, none that are {kind}: leave kind out.")
    cells = cells if fps is None else replace(cells, fps=fps)
    return cells if plane is None else cells.of_plane(plane)


def _of_file(file: Path, choice: CellChoice) -> Cells:
    try:
        file.stat()
        found = cell_format_of(file)
        if found is None:
            raise UserError(
                f"{file} holds no cells in a known format: "
                f"{', '.join(sorted({format_.name for format_ in cell_formats()}))}."
            )
        _check_uses(file, choice, found.uses)
        cells = found.read(file, choice)
    except OSError as error:
        raise UserError(f"Cannot read {file}: {explain(error)}.") from error
    return replace(cells, source=cells.source or file, kind=cells.kind or found.name)


def _check_uses(what: object, choice: CellChoice, uses: Sequence[Setting]) -> None:
    """Refuse a setting that would be ignored."""
    given: dict[Setting, str | None] = {"variable": choice.variable, "cells_in": choice.cells_in}
    for setting, value in given.items():
        if value is not None and setting not in uses:
            raise unused(what, setting)

"""Open whatever a person calls cells."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_sparsevar.cells.cells import Cells, TraceKind
from napari_sparsevar.cells.formats.format import (
    CellChoice,
    CellsIn,
    cell_format_of,
    cell_formats,
)
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError


def open_cells(
    path: Path | str,
    *,
    variable: str | None = None,
    cells_in: CellsIn | None = None,
    kind: TraceKind | None = None,
    plane: int | None = None,
    fps: float | None = None,
) -> Cells:
    """Open cells of another program: outlines, traces and names, as far as a file has them.

    Parameters
    ----------
    path : path
        A file or folder in a known format (``docs/cells.md`` lists them).
    variable : str, optional
        Which of several arrays or series in a file.
    cells_in : {"rows", "columns"}, optional
        Where the cells of a bare table of numbers are.
    kind : str, optional
        What the traces of a bare table are, see ``TraceKind``; by default ``raw``.
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
        If it cannot be read or holds no cells: one sentence says why and what to do.
    CellChoiceNeeded
        A `UserError` for a file that leaves open which array is meant, or where its cells are.
    """
    file = Path(path).expanduser()
    try:
        file.stat()
        found = cell_format_of(file)
        if found is None:
            raise UserError(
                f"{file} holds no cells in a known format: "
                f"{', '.join(sorted({format_.name for format_ in cell_formats()}))}."
            )
        cells = found.read(file, CellChoice(variable, cells_in, kind))
    except OSError as error:
        raise UserError(f"Cannot read {file}: {explain(error)}.") from error
    cells = replace(
        cells,
        source=cells.source or file,
        kind=cells.kind or found.name,
        fps=cells.fps if fps is None else fps,
    )
    return cells if plane is None else cells.of_plane(plane)

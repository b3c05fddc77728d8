"""suite2p for MATLAB: ``Fall.mat``, which has what lies in the folder of a plane."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import Cells, TraceKind
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.suite2p import cells_of_plane, checked_outlines, flat
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import DAMAGED, explained
from napari_sparsevar.movie.formats.hdf5_file import is_hdf5
from napari_sparsevar.movie.formats.mat_struct import listed_variables, read_variables

_TRACES: dict[str, TraceKind] = {"F": "raw", "Fneu": "neuropil", "spks": "deconvolved"}
_SORTED = "iscell"


def claims(path: Path) -> bool:
    """Return whether this is a ``.mat`` file with the variables of suite2p; False if damaged."""
    if path.suffix.lower() != ".mat" or not path.is_file() or is_hdf5(path):
        return False
    try:
        listed = {head.name: head.kind for head in listed_variables(path)}
    except DAMAGED:
        return False
    return listed.get("stat") == "cell" and listed.get("ops") == "struct" and "F" in listed


def read(path: Path, choice: CellChoice) -> Cells:
    """Open the cells, called by their numbers in ``iscell``, which count from 0."""
    wanted = ["stat", "ops", *_TRACES, _SORTED]
    with explained(path, f"{path} is damaged"):
        found = read_variables(path, wanted)
    stat = found["stat"]
    outlines = checked_outlines([stat] if isinstance(stat, dict) else list(stat), path)
    return cells_of_plane(
        flat(found["ops"]),
        outlines,
        {
            kind: values
            for name, kind in _TRACES.items()
            if (values := _rows(found, name, len(outlines), path)) is not None
        },
        _rows(found, _SORTED, len(outlines), path),
        path,
    )


def _rows(found: dict[str, Any], name: str, n_cells: int, path: Path) -> npt.NDArray[Any] | None:
    """Return a matrix with a row a cell; None where suite2p has nothing: it is empty."""
    values = np.asarray(found.get(name, ()))
    if values.size == 0:
        return None
    values = values[None] if n_cells == 1 and values.ndim == 1 else values
    if values.ndim != 2 or len(values) != n_cells:
        raise UserError(f"{path}: {name} has no row for each of {n_cells} cells; save it again.")
    return values


FORMAT = CellFormat(
    name="suite2p",
    priority=10,
    suffixes=(".mat",),
    claims=claims,
    read=read,
)

"""MATLAB 5 and 4: a matrix among the variables of a ``.mat`` file, also inside of structs.

Functions and objects of MATLAB are passed over. MATLAB 7.3 is HDF5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.variables import cells_of_contents, contents_of
from napari_sparsevar.movie.formats.failures import DAMAGED, explained
from napari_sparsevar.movie.formats.hdf5_file import is_hdf5
from napari_sparsevar.movie.formats.mat_4 import read_variables_4
from napari_sparsevar.movie.formats.mat_struct import (
    is_matlab_5,
    listed_variables,
    read_variables,
)


def claims(path: Path) -> bool:
    """Return whether this is a ``.mat`` file with a matrix or struct; True where it is damaged."""
    if path.suffix.lower() != ".mat" or not path.is_file() or is_hdf5(path):
        return False
    if not is_matlab_5(path):
        return True
    try:
        listed = listed_variables(path)
    except DAMAGED:
        return True
    return any(
        each.kind == "struct" or (len(each.shape) == 2 and min(each.shape) > 1) for each in listed
    )


def read(path: Path, choice: CellChoice) -> Cells:
    """Open the matrix that is meant."""
    with explained(path, f"{path} is damaged or no MATLAB file"):
        found = read_variables(path) if is_matlab_5(path) else read_variables_4(path)
    return cells_of_contents(contents_of(dict(_flat(found))), path, choice)


def _flat(found: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the variables, those of a struct as ``struct.field``."""
    for name, value in found.items():
        if name.startswith("__"):
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{inside}{name}.")
        elif isinstance(value, list):
            several = np.empty(len(value), object)
            several[:] = value
            yield inside + name, several
        else:
            yield inside + name, value


FORMAT = CellFormat(
    name="MATLAB",
    suffixes=(".mat",),
    claims=claims,
    read=read,
    uses=("variable", "cells_in"),
)

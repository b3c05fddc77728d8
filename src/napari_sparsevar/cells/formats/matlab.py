"""MATLAB 5 and 4: a matrix among the variables of a ``.mat`` file, also inside of structs.

Functions and objects of MATLAB are passed over. MATLAB 7.3 is HDF5.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.variables import cells_of_contents, contents_of
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.hdf5_file import is_hdf5


def claims(path: Path) -> bool:
    """Return whether this is a ``.mat`` file with a matrix or struct; True where it is damaged."""
    if path.suffix.lower() != ".mat" or not path.is_file() or is_hdf5(path):
        return False
    from scipy.io import whosmat
    from scipy.io.matlab import MatReadError

    try:
        listed = whosmat(path)
    except (ValueError, TypeError, LookupError, NotImplementedError, MatReadError, zlib.error):
        return True
    return any(
        kind == "struct" or (len(shape) == 2 and min(shape) > 1) for _, shape, kind in listed
    )


def read(path: Path, choice: CellChoice) -> Cells:
    """Open the matrix that is meant."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    damaged = (MatReadError, NotImplementedError, NameError, MemoryError, zlib.error)
    with explained(path, f"{path} is damaged or no MATLAB file", *damaged):
        found = loadmat(path, simplify_cells=True)
    return cells_of_contents(contents_of(dict(_flat(found))), path, choice)


def _flat(found: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the variables, those of a struct as ``struct.field``."""
    for name, value in found.items():
        if name.startswith("__"):
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{inside}{name}.")
        elif isinstance(value, list):
            yield inside + name, np.array(value, dtype=object)
        else:
            yield inside + name, value


FORMAT = CellFormat(
    name="MATLAB",
    suffixes=(".mat",),
    claims=claims,
    read=read,
    uses=("variable", "cells_in"),
)

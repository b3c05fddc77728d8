"""Bare arrays: traces in a ``.npy`` file; of ``.npz`` the array that is meant."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat, unused
from napari_sparsevar.cells.formats.matrix import cells_axis, matrix_cells, traces_of
from napari_sparsevar.cells.formats.variables import Contents, cells_of_contents, contents_of
from napari_sparsevar.movie.formats.failures import explained


def claims(path: Path) -> bool:
    """Return whether this is a matrix of fractions, or a file of named arrays."""
    if not path.is_file() or path.suffix.lower() not in FORMAT.suffixes:
        return False
    if path.suffix.lower() == ".npz":
        return zipfile.is_zipfile(path)
    try:
        shape, dtype = npy_head(path)
    except ValueError:
        return False
    return len(shape) == 2 and dtype.kind in "fc"


def read(path: Path, choice: CellChoice) -> Cells:
    """Open traces; where their cells are has to be said, in an ``.npz`` names may say it."""
    with explained(path, f"{path} is damaged or cut short"):
        if path.suffix.lower() == ".npz":
            return cells_of_contents(_contents(path), path, choice)
        if choice.variable is not None:
            raise unused(path, "variable")
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        traces = traces_of(values, cells_axis(values.shape, str(path), choice), str(path))
    # A label image that is said to be traces comes here as well.
    return replace(matrix_cells(traces, str(path), choice), kind=FORMAT.name)


def npy_head(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return shape and type of the array in a ``.npy`` file, whether or not it is whole.

    Raises
    ------
    ValueError
        If the file has no such head.
    """
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        first = version == (1, 0)
        read_head = np.lib.format.read_array_header_1_0
        read_long_head = np.lib.format.read_array_header_2_0
        try:
            shape, _, dtype = (read_head if first else read_long_head)(file)
        except (SyntaxError, TokenError, TypeError, KeyError) as error:
            raise ValueError(f"{path} has no head of an array") from error
    return shape, dtype


def _contents(path: Path) -> Contents:
    found: dict[str, Any] = {}
    # Of a damaged file NumPy would leave open what it opens itself.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        for name in file.files:
            try:
                found[name] = file[name]
            except ValueError:  # an array of Python objects, which nobody unpickles
                continue
    return contents_of(found)


FORMAT = CellFormat(
    name="array",
    priority=-10,
    suffixes=(".npy", ".npz"),
    claims=claims,
    read=read,
    uses=("variable", "cells_in"),
)

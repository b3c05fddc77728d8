"""HDF5, also as MATLAB 7.3 writes it: the data set that is the traces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.variables import Contents, Matrix, cells_of_contents
from napari_sparsevar.movie.formats.hdf5_file import holds, is_dataset, is_hdf5, open_hdf5

if TYPE_CHECKING:
    import h5py

_MOST = 10_000_000
"""Longest list that is looked at beside the traces."""


def claims(path: Path) -> bool:
    """Return whether this is HDF5 with a matrix of numbers; True where it is damaged."""
    return is_hdf5(path) and holds(path, _is_matrix)


def read(path: Path, choice: CellChoice) -> Cells:
    """Open the data set that is meant; MATLAB stores it transposed, which is undone."""
    with open_hdf5(path) as file:
        contents = Contents()

        def collect(name: str, node: object) -> None:
            # MATLAB keeps there what its cell arrays refer to.
            if is_dataset(node) and not name.startswith("#"):
                _add(contents, name, node)

        file.visititems(collect)
        return cells_of_contents(contents, path, choice)


def _add(contents: Contents, name: str, node: h5py.Dataset) -> None:
    kind = _matlab_class(node)
    called = name.replace("/", ".") if kind else name
    if "MATLAB_empty" in node.attrs:
        return
    if kind == "cell":
        contents.add(called, _words(node))
    elif kind == "char":
        return
    elif _is_matrix(node):
        shape = node.shape[::-1] if kind else node.shape
        contents.matrices[called] = Matrix(shape, lambda: node[()].T if kind else node[()])
    elif node.size is not None and node.size <= _MOST and node.ndim <= 2:
        text = _holds_text(node)
        if text or node.dtype.kind in "uif":
            contents.add(called, np.asarray(node.asstr()[()] if text else node[()]))


def _is_matrix(node: object) -> bool:
    return (
        is_dataset(node)
        and node.ndim == 2
        and min(node.shape) > 1
        and node.dtype.kind in "uif"
        and _matlab_class(node) not in ("cell", "char")
    )


def _holds_text(node: h5py.Dataset) -> bool:
    import h5py

    return h5py.check_string_dtype(node.dtype) is not None


def _matlab_class(node: h5py.Dataset) -> str:
    """Return what MATLAB calls this, empty where it is not from MATLAB."""
    kind = node.attrs.get("MATLAB_class", b"")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def _words(node: h5py.Dataset) -> npt.NDArray[Any]:
    """Return the words in a cell array; empty where anything else is in it."""
    found = [node.file[reference] for reference in node[()].ravel()]
    if not all(is_dataset(entry) and _matlab_class(entry) == "char" for entry in found):
        return np.array([])
    return np.array(["".join(map(chr, entry[()].ravel())) for entry in found], dtype=object)


FORMAT = CellFormat(
    name="HDF5",
    priority=-20,
    suffixes=(".h5", ".hdf5", ".mat"),
    claims=claims,
    read=read,
    uses=("variable", "cells_in"),
)

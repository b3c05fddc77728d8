"""Cells that lie beside a movie: results of suite2p and CaImAn, known by their names."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from napari_sparsevar.cells.formats import caiman, suite2p
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError

_FOLDER = "suite2p"
_CAIMAN = re.compile(r"caiman|cnm|results|estimates|memmap_", re.IGNORECASE)
"""What the names of files have in common that are saved from CaImAn, as its examples save them."""


class CellsBeside(NamedTuple):
    """What looks like cells; whether it is, opening tells.

    Attributes
    ----------
    path : Path
        For ``open_cells``.
    format : str
        ``suite2p`` or ``CaImAn``.
    """

    path: Path
    format: str


def find_cells(movie: Path | str) -> tuple[CellsBeside, ...]:
    """Look beside a movie for cells that suite2p or CaImAn found in it.

    suite2p's are looked for in the folder of the movie, in its ``suite2p`` and in ``plane0``,
    ``plane1`` ... of either; CaImAn's are files of HDF5 in the folder that are called as its
    results are. No file is opened: folders are listed, and few files looked for.

    Parameters
    ----------
    movie : path
        A file, or a folder of one movie, which is looked into as well.

    Returns
    -------
    tuple of CellsBeside
        Those with the name of the movie first.

    Raises
    ------
    UserError
        If the folder of the movie cannot be listed.
    """
    path = Path(movie).expanduser().absolute()
    inside = path.is_dir() and path.suffix.lower() != ".zarr"  # which can hold a million chunks
    try:
        found = [each for folder in [path] * inside + [path.parent] for each in _in(folder, path)]
    except OSError as error:
        raise UserError(f"Cannot look for cells beside {path}: {explain(error)}.") from error
    return tuple(sorted(dict.fromkeys(found), key=lambda each: path.stem not in each.path.name))


def _in(folder: Path, movie: Path) -> list[CellsBeside]:
    """Return what lies in a folder, in the order of names."""
    places = [folder / _FOLDER, folder]
    first = next((place for place in places if suite2p.claims(place)), None)
    found = [] if first is None else [CellsBeside(first, suite2p.FORMAT.name)]
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        if Path(name).suffix.lower() in caiman.FORMAT.suffixes and _CAIMAN.search(name):
            found.append(CellsBeside(folder / name, caiman.FORMAT.name))
    return [each for each in found if each.path != movie]

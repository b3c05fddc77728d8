"""Label images: every pixel holds the number of its cell, 0 outside; TIFF, PNG and ``.npy``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats import array
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat, unused
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import DAMAGED, explained
from napari_sparsevar.movie.formats.tiff_family.opened import series_of

_SUFFIXES = (".tif", ".tiff", ".png", ".npy")


def claims(path: Path) -> bool:
    """Return whether this is one image of whole numbers, by its head, or else its pixels."""
    if not path.is_file() or path.suffix.lower() not in _SUFFIXES:
        return False
    try:
        shape, dtype = _head(path)
    except (OSError, MemoryError, *DAMAGED):
        return False
    if len(shape) != 2 or min(shape) < 2:
        return False
    return dtype.kind in "uib" or (dtype.kind == "f" and _holds_numbers_of_cells(path))


def _holds_numbers_of_cells(path: Path) -> bool:
    """Return whether pixels are whole numbers from 0, which some programs keep as fractions."""
    try:
        pixels = _pixels(path)
    except (OSError, MemoryError, *DAMAGED):
        return False
    whole = np.isfinite(pixels).all() and (pixels % 1.0 == 0.0).all()
    return bool(whole and pixels.min() == 0.0 and pixels.max() > 0.0)


def read(path: Path, choice: CellChoice) -> Cells:
    """Open a label image: a cell a number, named by it; of traces where a person says so."""
    if path.suffix.lower() == ".npy" and (choice.cells_in or choice.kind):
        return array.read(path, choice)
    if choice.cells_in is not None:
        raise unused(path, "cells_in")
    with explained(path, f"{path} is no image"):
        labels = _pixels(path)
    if labels.dtype.kind in "fb":
        labels = labels.astype(np.int64)
    if not (labels > 0).any():
        raise UserError(f"{path} has no pixel above 0: it labels no cell; choose another file.")
    patches, count = ndimage.label(labels > 0)
    if count > 1 and len(np.unique(labels[labels > 0])) == 1:
        cells = Cells.of_labels(patches)
        said = f"{path} has one number for all cells: each of its {count} patches is taken as one."
        return replace(cells, notes=(*cells.notes, said))
    return Cells.of_labels(labels)


def _head(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return array.npy_head(path)
    if suffix == ".png":
        image = _pixels(path)
        return image.shape, image.dtype
    import tifffile

    with tifffile.TiffFile(path) as file:
        first = series_of(file)[0]
        return first.shape, first.dtype


def _pixels(path: Path) -> npt.NDArray[Any]:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return np.asarray(np.load(path, allow_pickle=False))
    if suffix == ".png":
        from PIL import Image

        with Image.open(path) as image:
            return np.asarray(image)
    import tifffile

    with tifffile.TiffFile(path) as file:
        return np.asarray(series_of(file)[0].asarray())


FORMAT = CellFormat(
    name="label image",
    priority=-10,
    suffixes=_SUFFIXES,
    claims=claims,
    read=read,
    uses=("cells_in",),
)

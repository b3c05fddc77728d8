"""Cellpose: the label image in ``_seg.npy``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sparsevar.cells.cells import Cells, footprints_of_labels
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.plain_pickle import read_plain


def claims(path: Path) -> bool:
    """Return whether this is a ``_seg.npy``, by its name."""
    return path.name.endswith("_seg.npy") and path.is_file()


def read(path: Path, choice: CellChoice) -> Cells:
    """Open a segmentation: cells are called by the numbers of their masks."""
    found = read_plain(path)
    masks = found.get("masks") if isinstance(found, dict) else None
    if not isinstance(masks, np.ndarray) or masks.dtype.kind not in "ui":
        raise UserError(f"{path} holds no masks of Cellpose; save the segmentation again.")
    if masks.ndim != 2:
        raise UserError(f"{path} holds masks of {masks.ndim} axes: bring those of one plane.")
    footprints, numbers = footprints_of_labels(masks)
    if not len(numbers):
        raise UserError(f"{path} has no mask: choose another segmentation.")
    shape = (int(masks.shape[0]), int(masks.shape[1]))
    return Cells([str(number) for number in numbers], footprints, shape)


FORMAT = CellFormat(
    name="Cellpose",
    priority=5,
    suffixes=(".npy",),
    claims=claims,
    read=read,
)

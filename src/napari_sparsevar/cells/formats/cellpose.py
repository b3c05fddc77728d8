"""Cellpose: the label image in ``_seg.npy``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from napari_sparsevar.cells.cells import Cells
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
    if not masks.any():
        raise UserError(f"{path} has no mask: choose another segmentation.")
    return Cells.of_labels(masks)


FORMAT = CellFormat(
    name="Cellpose",
    priority=5,
    suffixes=(".npy",),
    claims=claims,
    read=read,
)

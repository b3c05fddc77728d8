"""Cells that a person brings: open, fit, tables, matrix."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit
    from napari_sparsevar.cells.cells import Cells
    from napari_sparsevar.cells.detection import detect_cells
    from napari_sparsevar.cells.fit import fit_traces
    from napari_sparsevar.cells.open import open_cells
    from napari_sparsevar.cells.store import load_fit, save_fit

__all__ = [
    "CellFit",
    "Cells",
    "detect_cells",
    "fit_traces",
    "load_fit",
    "open_cells",
    "save_fit",
]

if not TYPE_CHECKING:  # a type checker would believe in any name
    __getattr__ = from_home(
        __name__,
        {
            "CellFit": "cell_fit",
            "Cells": "cells",
            "detect_cells": "detection",
            "fit_traces": "fit",
            "load_fit": "store",
            "open_cells": "open",
            "save_fit": "store",
        },
    )

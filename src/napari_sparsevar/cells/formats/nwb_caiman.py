"""CaImAn's own NWB (``estimates.save_NWB``): its components as ``cnm.save`` would have them.

Up to version 1.12 it lays masks out along rows whose pixels are counted down the columns, stores
the model C as fluorescence, and lists the background among the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from napari_sparsevar.cells.cells import Cells, Float32Array, TraceKind
from napari_sparsevar.cells.formats.matrix import single
from napari_sparsevar.cells.formats.nwb_series import Series
from napari_sparsevar.movie.formats.hdf5_file import is_dataset

if TYPE_CHECKING:
    import h5py

_SAID, _RESIDUAL = "CNMF_ROIs", "processing/ophys/residuals/data"


def is_caiman(table: h5py.Group) -> bool:
    """Return whether a segmentation was written by CaImAn."""
    return bool(table.attrs.get("description", "") == _SAID)


def mended(cells: Cells, table: h5py.Group, series: Sequence[Series]) -> Cells:
    """Return the components alone, in their places, with what their traces are.

    Parameters
    ----------
    cells : Cells
        As the file has them.
    table : h5py.Group
    series : sequence of Series
        Those that were read.
    """
    models = next((entry for entry in series if entry.kind == "raw"), None)
    if models is None:
        return cells
    keep = table.get("keep")  # idx_components; ``accepted`` is what a person marked
    if is_dataset(keep) and len(keep) == len(cells):
        cells = replace(cells, accepted=np.asarray(keep[()], bool))
    if cells.footprints is not None and cells.shape is not None:
        cells = replace(cells, footprints=_recounted(cells.footprints, cells.shape))
    found: dict[TraceKind, Float32Array] = {"denoised": cells.traces["raw"][:, models.rows]}
    left = table.file.get(_RESIDUAL)
    if is_dataset(left) and left.shape == found["denoised"].shape:
        found["residual"] = single(left[()])
        found = {"raw": found["denoised"] + found["residual"], **found}
    return replace(replace(cells, traces={}).take(models.rows), traces=found)


def _recounted(footprints: sparse.csr_array, shape: tuple[int, int]) -> sparse.csr_array:
    """Return footprints whose pixels were counted down the columns, counted along the rows."""
    stored = sparse.coo_array(footprints)
    places = np.unravel_index(stored.col, shape, order="F")
    pixels = np.ravel_multi_index(places, shape)
    return sparse.csr_array((stored.data, (stored.row, pixels)), shape=stored.shape)

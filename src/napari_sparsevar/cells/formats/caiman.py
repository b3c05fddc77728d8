"""CaImAn: the components that ``cnm.save`` writes, of a file ``.hdf5``.

Its pixels are counted down the columns. The model of a component is C, what it leaves YrA; their
sum is the trace before the model, and the raw one here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.cells.cells import BoolArray, Cells, Float32Array, FloatArray, TraceKind
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.matrix import single
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.hdf5_file import is_dataset, is_hdf5, open_hdf5

if TYPE_CHECKING:
    import h5py

_ESTIMATES = "estimates"


def claims(path: Path) -> bool:
    """Return whether this is HDF5 with the estimates of CaImAn; False where it is damaged."""
    if not is_hdf5(path):
        return False
    try:
        with open_hdf5(path) as file:
            return f"{_ESTIMATES}/A" in file and f"{_ESTIMATES}/C" in file
    except UserError:
        return False


def read(path: Path, choice: CellChoice) -> Cells:
    """Open components, named by their numbers from 0."""
    with open_hdf5(path) as file:
        return _read(file, path)


def _read(file: h5py.File, path: Path) -> Cells:
    weights = _footprints(file[_ESTIMATES]["A"])
    dims = _array(file, f"{_ESTIMATES}/dims", "dims", "params/data/dims")
    if dims is None or np.prod(dims) != weights.shape[1]:
        raise UserError(
            f"{path} does not say how large its field of view of {weights.shape[1]} pixels is; "
            "save it again from CaImAn."
        )
    outlines = _outlines(weights, tuple(int(size) for size in dims), path)
    rate = _array(file, "params/data/fr")
    return Cells(
        [str(number) for number in range(weights.shape[0])],
        traces=_traces(file[_ESTIMATES], weights.shape[0], path),
        accepted=_accepted(file[_ESTIMATES], weights.shape[0]),
        fps=None if rate is None else float(rate.ravel()[0]),
        **outlines,
    )


def _footprints(node: h5py.Group | h5py.Dataset) -> sparse.csr_array:
    """Return the weights of every component, (n, pixels): stored compressed, or as they are."""
    if is_dataset(node):
        return sparse.csr_array(single(node[()].T))
    shape = tuple(int(size) for size in node["shape"][()])
    parts = (single(node["data"][()]), node["indices"][()], node["indptr"][()])
    by_column = len(parts[2]) == shape[1] + 1
    stored = (sparse.csc_array if by_column else sparse.csr_array)(parts, shape=shape)
    stored.check_format(full_check=True)  # SciPy reads past the end of what is damaged
    return sparse.csr_array(stored.T)


def _outlines(weights: sparse.csr_array, dims: tuple[int, ...], path: Path) -> dict[str, Any]:
    """Return footprints with pixels along rows; of a volume where its components are."""
    found = sparse.coo_array(weights)
    places = np.unravel_index(found.col, dims, order="F")
    if len(dims) == 2:
        pixels = np.ravel_multi_index(places, dims)
        footprints = sparse.csr_array((found.data, (found.row, pixels)), shape=weights.shape)
        footprints.eliminate_zeros()
        return {"footprints": footprints, "shape": dims}
    total = np.maximum(np.asarray(abs(weights).sum(axis=1)).ravel(), 1e-12)
    centres: list[FloatArray] = [
        np.bincount(found.row, abs(found.data) * place, minlength=weights.shape[0]) / total
        for place in places
    ]
    note = f"{path} is of a volume: its components are places without outlines."
    return {
        "positions": np.stack(centres[:2], axis=1),
        "plane": np.rint(centres[2]).astype(np.intp) + 1,
        "notes": (note,),
    }


def _traces(estimates: h5py.Group, n_cells: int, path: Path) -> dict[TraceKind, Float32Array]:
    stored: dict[TraceKind, str] = {
        "denoised": "C",
        "residual": "YrA",
        "dff": "F_dff",
        "deconvolved": "S",
    }
    found: dict[TraceKind, Float32Array] = {}
    for kind, name in stored.items():
        values = _array(estimates, name, *(["R"] if name == "YrA" else []))
        if values is None or values.size == 0:
            continue
        if values.ndim != 2 or values.shape[0] != n_cells:
            raise UserError(
                f"{path}: {name} has the shape {values.shape} and should have {n_cells} rows; "
                "save it again from CaImAn."
            )
        found[kind] = single(values.T)
    if "denoised" in found and "residual" in found:
        return {"raw": found["denoised"] + found["residual"], **found}
    return found


def _accepted(estimates: h5py.Group, n_cells: int) -> BoolArray | None:
    """Return which were accepted; None where CaImAn has not judged them."""
    numbers = _array(estimates, "idx_components")
    if numbers is None:
        return None
    accepted = np.zeros(n_cells, bool)
    accepted[numbers.astype(np.intp)] = True
    return accepted


def _array(group: h5py.Group, *names: str) -> npt.NDArray[Any] | None:
    """Return the first of some that holds numbers: CaImAn writes a word where there are none."""
    for name in names:
        node = group.get(name)
        if is_dataset(node) and node.dtype.kind in "uif":
            return np.asarray(node[()])
    return None


FORMAT = CellFormat(
    name="CaImAn",
    priority=10,
    suffixes=(".hdf5", ".h5"),
    claims=claims,
    read=read,
)

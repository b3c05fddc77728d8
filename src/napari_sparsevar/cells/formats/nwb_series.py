"""Traces of a ``PlaneSegmentation``: what each ``RoiResponseSeries`` is, by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import Float32Array, FloatArray, TraceKind
from napari_sparsevar.cells.formats.matrix import single
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.hdf5_file import is_dataset
from napari_sparsevar.movie.formats.nwb import rate_of
from napari_sparsevar.movie.formats.nwb_series import type_of

if TYPE_CHECKING:
    import h5py

# The first that fits counts: a corrected trace may have neuropil in its name.
_KINDS: tuple[tuple[TraceKind, str], ...] = (
    ("deconvolved", r"deconv|spike|spks|event|inferred"),
    ("dff", r"df_?f|dfoverf|df_over_f|df/f|deltaf"),
    ("denoised", r"denoised"),
    ("residual", r"residual"),
    ("raw", r"corrected|subtracted"),
    ("neuropil", r"neuropil|fneu|background|surround"),
)
_CORRECTED = re.compile(r"corrected|subtracted")
_OTHER_CHANNEL = re.compile(r"chan(nel)?_?2|[/_]red\b|/fitted$")


@dataclass(frozen=True)
class Series:
    """A series of responses.

    Attributes
    ----------
    path : str
        In the file.
    table : str
        Path of the segmentation whose rows it is of.
    rows : ndarray of int, shape (m,)
        Which of them.
    kind : str
        A ``TraceKind``.
    """

    path: str
    table: str
    rows: npt.NDArray[np.intp]
    kind: TraceKind

    @property
    def name(self) -> str:
        """How a person says which: ``Fluorescence/plane0``."""
        return "/".join(self.path.split("/")[-2:])

    @property
    def corrected(self) -> bool:
        """Whether the neuropil is taken off already."""
        return _CORRECTED.search(self.name.lower()) is not None

    @property
    def aside(self) -> bool:
        """Whether it is of a second channel, or of a fit: read only where it is named."""
        return _OTHER_CHANNEL.search(self.name.lower()) is not None


def series_in(file: h5py.File) -> list[Series]:
    """Return all series of responses of which the rows are known."""
    found: list[Series] = []

    def collect(_: str, node: Any) -> None:
        if is_dataset(node) or type_of(node) != "RoiResponseSeries" or "data" not in node:
            return
        rows = node.get("rois")
        if is_dataset(rows) and "table" in rows.attrs:
            table = file[rows.attrs["table"]].name
            found.append(Series(node.name, table, rows[()].astype(np.intp), _kind_of(node)))

    file.visititems(collect)
    return found


def traces_of_series(
    file: h5py.File, chosen: Sequence[Series], n_cells: int
) -> tuple[dict[TraceKind, Float32Array], tuple[str, ...]]:
    """Return traces (T, n) by kind, NaN where a cell has none, and notes.

    Parameters
    ----------
    file : h5py.File
    chosen : sequence of Series
        Of one segmentation. Series of one kind do not share rows.
    n_cells : int
    """
    found: dict[TraceKind, Float32Array] = {}
    notes: list[str] = []
    for series in chosen:
        values, said = _values(file, series)
        traces = found.setdefault(series.kind, np.full((len(values), n_cells), np.nan, np.float32))
        traces[:, series.rows] = values
        notes += said
    return found, tuple(notes)


def times_of(series: h5py.Group) -> tuple[FloatArray | None, float | None]:
    """Return times of frames in seconds, where they are stored, and frames per second."""
    stamps = series.get("timestamps")
    rate: float | None = rate_of(series)
    return (np.asarray(stamps[()], np.float64) if is_dataset(stamps) else None), rate


def _values(file: h5py.File, series: Series) -> tuple[Float32Array, tuple[str, ...]]:
    """Return the traces of a series (T, m): frames come first, unless the rows say no."""
    values, m = single(file[series.path]["data"][()]), len(series.rows)
    values = values[:, None] if values.ndim == 1 else values
    if values.ndim == 2 and values.shape[1] == m:
        return values, ()
    if values.ndim == 2 and values.shape[0] == m:
        note = (
            f"{series.path} is stored with cells in rows, which is not as NWB has it; it is turned."
        )
        return np.ascontiguousarray(values.T), (note,)
    raise UserError(
        f"{file.filename}:{series.path} has the shape {values.shape} and is of {m} cells; "
        "export it again."
    )


def _kind_of(node: h5py.Group) -> TraceKind:
    """Return what a series holds, by its own name and that of what it lies in."""
    own, inside = node.name.lower().split("/")[-1], node.name.lower().split("/")[-2]
    for text in (own, inside):
        for kind, pattern in _KINDS:
            if re.search(pattern, text):
                return kind
    return "dff" if type_of(node.parent) == "DfOverF" else "raw"

"""Cells that are in memory: label images, layers of a viewer, sparse footprints.

A layer is known by what it has, not by its class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.naming import text_of, unique_names
from napari_sparsevar.cells.outlines import Outline, ellipse_in, outlined_cells
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.memory import is_array, is_layer
from napari_sparsevar.movie.units import micrometres


class Layer(Protocol):
    """A layer of labels, or of shapes, which has a ``shape_type`` as well."""

    @property
    def data(self) -> Any:
        """An image, or the corners of every shape."""
        ...

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def scale(self) -> Any:
        """Size of a pixel along each axis."""
        ...


InMemory = Cells | npt.NDArray[np.integer] | Layer | Sequence[sparse.sparray]
"""Cells, a label image (Y, X), a Labels or Shapes layer, or sparse footprints (Y, X)."""

CellsLike = InMemory | str | PathLike[str]
"""Whatever a person calls cells: in memory, or a path."""

_AREAS = ("rectangle", "ellipse", "polygon")


def cells_in_memory(given: InMemory) -> Cells:
    """Return as cells what is in memory.

    Parameters
    ----------
    given : Cells, label image of int (Y, X), layer, or sequence of sparse footprints (Y, X)
        Of a Labels layer over a movie the labels of all frames lie on one another. Of a Shapes
        layer every area is a cell, and the last two coordinates count. A column ``name`` of the
        layer's features names the cells.

    Raises
    ------
    UserError
        If it is nothing of these, or holds no cell.
    """
    if isinstance(given, Cells):
        return given
    if is_layer(given):
        return _of_shapes(given) if hasattr(given, "shape_type") else _of_labels(given)
    if sparse.issparse(given):
        raise UserError("Sparse footprints are a list, one (Y, X) for each cell.")
    if is_array(given):
        return replace(Cells.of_labels(_flat(given, "The label image")), kind="label image")
    return _of_footprints(given)


def _flat(labels: Any, what: str) -> npt.NDArray[np.integer]:
    """Return a label image (Y, X), refused where it is none."""
    if labels.ndim != 2 or labels.dtype.kind not in "ui":
        raise UserError(
            f"{what} is {labels.dtype} of the shape {labels.shape}: give height x width of whole "
            "numbers, 0 outside of cells."
        )
    return np.asarray(labels)


def _of_labels(layer: Any) -> Cells:
    what = f"The layer {str(layer.name)!r}"
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    if not is_array(data):
        raise UserError(f"{what} holds neither labels nor shapes: choose another.")
    labels, notes = _joined(data, what) if data.ndim > 2 else (np.asarray(data), ())
    cells = Cells.of_labels(_flat(labels, what))
    features = _features(layer)
    if "index" not in features:  # napari: a row for every label, background too
        features = features.assign(index=np.arange(len(features)))
    known = dict(zip(features["index"], _names(features), strict=True))
    names, twice = unique_names([known.get(int(own)) or own for own in cells.names], what)
    found = replace(cells, names=names, notes=(*notes, *twice))
    return replace(found, pixel_size_um=_pixel_size(layer), kind="Labels layer")


def _joined(data: Any, what: str) -> tuple[npt.NDArray[np.integer], tuple[str, ...]]:
    """Return labels (Y, X) of many frames, and a note where several have some."""
    found = np.zeros(data.shape[-2:], data.dtype)
    used = 0
    for index in np.ndindex(*data.shape[:-2]):
        frame = np.asarray(data[index])
        if not frame.any():
            continue
        if (both := (frame != 0) & (found != 0) & (frame != found)).any():
            row, column = np.argwhere(both)[0]
            raise UserError(
                f"{what} has different labels at row {row}, column {column} of its frames or "
                "planes: give those of one, height x width."
            )
        found = np.maximum(found, frame)
        used += 1
    return found, (f"{what}: the labels of {used} frames lie on one another.",) * (used > 1)


def _of_shapes(layer: Any) -> Cells:
    what = f"The layer {str(layer.name)!r}"
    names = _names(_features(layer))
    outlines = [
        Outline(name or str(number), _polygons(np.asarray(corners, np.float64)[:, -2:], kind))
        for number, (corners, kind, name) in enumerate(
            zip(layer.data, layer.shape_type, names or [""] * len(layer.data), strict=True)
        )
    ]
    cells = outlined_cells(outlines, what)
    return replace(cells, pixel_size_um=_pixel_size(layer), kind="Shapes layer")


def _polygons(corners: npt.NDArray[np.float64], kind: str) -> Sequence[npt.NDArray[np.float64]]:
    if kind not in _AREAS:
        return []
    return [ellipse_in(corners) if kind == "ellipse" else corners]


def _features(layer: Any) -> pd.DataFrame:
    return pd.DataFrame(getattr(layer, "features", None))


def _names(features: pd.DataFrame) -> list[str]:
    """Return what each row is called, empty where nothing is said."""
    if "name" not in features:
        return [""] * len(features)
    return ["" if pd.isna(name) else text_of(name) for name in features["name"]]


def _pixel_size(layer: Any) -> float | None:
    units = getattr(layer, "units", None)
    return None if units is None else micrometres(float(layer.scale[-1]), units[-1])


def _of_footprints(given: Any) -> Cells:
    try:
        images = [sparse.csr_array(footprint) for footprint in given]
    except (TypeError, ValueError) as error:
        raise UserError(
            "Cells are a path, a label image, a layer of labels or shapes, or a list of sparse "
            f"footprints, not {type(given).__name__}."
        ) from error
    shapes = {image.shape for image in images}
    if len(shapes) > 1 or any(len(shape) != 2 for shape in shapes):
        raise UserError(
            f"The footprints have the shapes {', '.join(map(str, sorted(shapes)))}: give height x "
            "width of the one field of view for each."
        )
    if not images:
        raise UserError("The list of footprints is empty: there is no cell.")
    rows = [image.reshape((1, -1)) for image in images]
    names = [str(number) for number in range(len(rows))]
    stacked = sparse.csr_array(sparse.vstack(rows))
    return Cells(names, stacked, images[0].shape, kind="footprints")

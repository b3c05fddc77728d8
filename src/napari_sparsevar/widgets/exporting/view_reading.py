"""What a viewer shows, as plain data for a figure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer, Points, Shapes, Vectors
from scipy import ndimage

from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.view.layers import (
    ArrowsInView,
    Blending,
    ImageInView,
    LayerInView,
    OutlinesInView,
    PointsInView,
    View,
)
from napari_sparsevar.movie.units import micrometres, seconds

N_COLOURS = 256
_ELLIPSE_CORNERS = 72


def current_view(viewer: ViewerModel) -> View:
    """Describe the visible layers as they are drawn now; lazy frames are not read here.

    Raises
    ------
    UserError
        If the viewer shows three dimensions or a grid, or nothing at all.
    """
    if viewer.dims.ndisplay != 2 or viewer.canvas.grid.enabled:
        raise UserError("Only a flat view can be drawn: switch 3-D and grid off in the viewer.")
    visible = [layer for layer in viewer.layers if layer.visible and layer.opacity > 0]
    if not visible:
        raise UserError("There is nothing to see in the viewer: open a movie or show a layer.")
    described = [(layer, _described(viewer, layer)) for layer in visible]
    centre = np.asarray(viewer.scene.camera.center[-2:], float)
    half = np.asarray(viewer.canvas.size, float) / viewer.scene.camera.zoom / 2
    return View(
        tuple(found for _, found in described if found is not None),
        tuple(centre - half),
        tuple(centre + half),
        micrometres(1.0, visible[0].units[-1]),
        _time(viewer),
        tuple(np.asarray(viewer.canvas.background_color, float)[:3]),
        tuple(layer.name for layer, found in described if found is None),
    )


def _described(viewer: ViewerModel, layer: Layer) -> LayerInView | None:
    """Return a layer as plain data; None for what cannot be drawn."""
    axes = _axes(viewer, layer)
    describe = _DESCRIBE.get(type(layer))
    if axes is None or describe is None:
        return None
    return describe(layer, _index(viewer, layer), axes)


def _axes(viewer: ViewerModel, layer: Layer) -> list[int] | None:
    """Return which axes of the layer are drawn down and to the right."""
    offset = viewer.dims.ndim - layer.ndim
    axes = [axis - offset for axis in viewer.dims.displayed]
    return axes if min(axes) >= 0 else None


def _index(viewer: ViewerModel, layer: Layer) -> npt.NDArray[np.int64]:
    """Return where in the layer the sliders stand, in its own pixels."""
    point = np.asarray(viewer.dims.point)[-layer.ndim :]
    return np.round(np.asarray(layer.world_to_data(point))).astype(int)


def _image(layer: Image, index: npt.NDArray[np.int64], axes: list[int]) -> ImageInView | None:
    data = layer.data[0] if layer.multiscale else layer.data
    pixels = _slice(data, index, axes)
    if pixels is None:
        return None
    if layer.rgb:
        whole = np.asarray(pixels)
        pixels = whole / 255 if whole.dtype == np.uint8 else whole
    low, high = layer.contrast_limits
    return ImageInView(
        layer.name,
        pixels,
        *_affine(layer, index, axes),
        colours=np.asarray(layer.colormap.map(np.linspace(0, 1, N_COLOURS)), float),
        limits=(float(low), float(high)),
        gamma=float(layer.gamma),
        opacity=float(layer.opacity),
        blending=_blending(layer),
        interpolation=str(layer.interpolation2d),
    )


def _labels(layer: Labels, index: npt.NDArray[np.int64], axes: list[int]) -> ImageInView | None:
    found = _slice(layer.data[0] if layer.multiscale else layer.data, index, axes)
    if found is None:
        return None
    labels = np.array(found)  # a copy: somebody may be painting
    if layer.show_selected_label:
        labels[labels != layer.selected_label] = 0
    if layer.contour > 0:
        labels = _outlined(labels, layer.contour)
    return ImageInView(
        layer.name,
        np.asarray(layer.colormap.map(labels), float).reshape(*labels.shape, 4),
        *_affine(layer, index, axes),
        colours=np.zeros((1, 4)),
        opacity=float(layer.opacity),
        blending=_blending(layer),
        is_labels=True,
    )


def _vectors(layer: Vectors, index: npt.NDArray[np.int64], axes: list[int]) -> ArrowsInView:
    data = np.asarray(layer.data, float)
    shown = _in_slice(data[:, 0], index, axes)
    matrix, offset = _affine(layer, index, axes)
    return ArrowsInView(
        layer.name,
        data[shown, 0][:, axes] @ matrix.T + offset,
        layer.length * data[shown, 1][:, axes] @ matrix.T,
        np.asarray(layer.edge_color, float)[shown],
        float(layer.edge_width) * float(np.abs(matrix).sum(axis=1).mean()),
        str(layer.vector_style) != "line",
        float(layer.opacity),
    )


def _points(layer: Points, index: npt.NDArray[np.int64], axes: list[int]) -> PointsInView:
    data = np.asarray(layer.data, float)
    shown = _in_slice(data, index, axes) & np.asarray(layer.shown)
    matrix, offset = _affine(layer, index, axes)
    sizes = np.asarray(layer.size, float)[shown] * float(np.abs(matrix).sum(axis=1).mean())
    # Discs are never smaller or larger on the screen than their layer allows.
    least, most = np.asarray(layer.canvas_size_limits) * layer.scale_factor
    words = np.broadcast_to(np.asarray(layer.text.values, str), len(data))
    return PointsInView(
        layer.name,
        data[shown][:, axes] @ matrix.T + offset,
        np.clip(sizes, least, most),
        np.asarray(layer.face_color, float)[shown],
        np.asarray(layer.border_color, float)[shown],
        float(layer.opacity),
        tuple(words[shown].tolist()),
    )


def _shapes(layer: Shapes, index: npt.NDArray[np.int64], axes: list[int]) -> OutlinesInView:
    matrix, offset = _affine(layer, index, axes)
    others = [axis for axis in range(layer.ndim) if axis not in axes]
    shown = [
        shape
        for shape in np.argsort(layer.z_index, kind="stable")
        if _spans(np.asarray(layer.data[shape], float)[:, others], index[others])
    ]
    kinds = [str(layer.shape_type[shape]) for shape in shown]
    corners = [np.asarray(layer.data[shape], float)[:, axes] for shape in shown]
    size = float(np.abs(matrix).sum(axis=1).mean())
    return OutlinesInView(
        layer.name,
        tuple(
            (_ellipse(each) if kind == "ellipse" else each) @ matrix.T + offset
            for kind, each in zip(kinds, corners, strict=True)
        ),
        tuple(kind not in ("line", "path") for kind in kinds),
        np.asarray(layer.face_color, float).reshape(-1, 4)[shown],
        np.asarray(layer.edge_color, float).reshape(-1, 4)[shown],
        np.asarray(layer.edge_width, float)[shown] * size,
        float(layer.opacity),
    )


def _blending(layer: Layer) -> Blending:
    """Return how a layer is laid over those below it."""
    known: dict[str, Blending] = {str(each): each for each in get_args(Blending)}
    return known[str(layer.blending)]


def _spans(positions: npt.NDArray[np.float64], at: npt.NDArray[np.int64]) -> bool:
    """Return whether a shape reaches from before to behind a position along the sliders' axes."""
    return bool(((positions.min(axis=0) <= at + 0.5) & (positions.max(axis=0) >= at - 0.5)).all())


def _ellipse(box: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return corners of an ellipse from those of the rectangle round it, (4, 2)."""
    angle = np.linspace(0, 2 * np.pi, _ELLIPSE_CORNERS, endpoint=False)
    along, across = (box[1] - box[0]) / 2, (box[3] - box[0]) / 2
    middle: npt.NDArray[np.float64] = box.mean(axis=0)
    return middle + np.outer(np.cos(angle), along) + np.outer(np.sin(angle), across)


_DESCRIBE: dict[type[Layer], Callable[..., LayerInView | None]] = {
    Image: _image,
    Labels: _labels,
    Vectors: _vectors,
    Points: _points,
    Shapes: _shapes,
}


def _slice(data: Any, index: npt.NDArray[np.int64], axes: list[int]) -> Any:
    """Return the frame shown of an array, still lazy; None where the slider is outside of it."""
    chosen: list[Any] = [slice(None)] * len(index)
    for axis, at in enumerate(index):
        if axis in axes:
            continue
        if not 0 <= at < data.shape[axis]:
            return None
        chosen[axis] = int(at)
    frame = data[tuple(chosen)]
    return frame if axes == sorted(axes) else frame.swapaxes(0, 1)


def _in_slice(
    positions: npt.NDArray[np.float64], index: npt.NDArray[np.int64], axes: list[int]
) -> npt.NDArray[np.bool_]:
    others = [axis for axis in range(positions.shape[1]) if axis not in axes]
    inside: npt.NDArray[np.bool_] = (np.round(positions[:, others]) == index[others]).all(axis=1)
    return inside


def _affine(
    layer: Layer, index: npt.NDArray[np.int64], axes: list[int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how the drawn axes of a layer go to the world: matrix (2, 2) and offset (2,)."""

    def world(row: float, column: float) -> npt.NDArray[np.float64]:
        position = index.astype(float)
        position[axes] = row, column
        at: npt.NDArray[np.float64] = np.asarray(layer.data_to_world(position), float)[axes]
        return at

    origin = world(0, 0)
    return np.stack([world(1, 0) - origin, world(0, 1) - origin], axis=1), origin


def _outlined(labels: npt.NDArray[Any], thickness: int) -> npt.NDArray[Any]:
    """Leave only the outermost pixels of every label, as napari draws outlines."""
    cross = ndimage.generate_binary_structure(2, 1)
    thick = ndimage.iterate_structure(cross, thickness)
    most = ndimage.grey_dilation(labels, footprint=cross)
    least = ndimage.grey_erosion(labels, footprint=thick)
    return np.where(most == least, 0, labels)


def _time(viewer: ViewerModel) -> str:
    """Return the time of the frame shown, or its number; empty where nothing changes in time."""
    for layer in viewer.layers:
        if isinstance(layer, Image) and layer.visible and layer.ndim == viewer.dims.ndim > 2:
            frame = int(_index(viewer, layer)[0])
            interval = seconds(float(layer.scale[0]), layer.units[0])
            return f"{frame * interval:.2f} s" if interval else f"frame {frame}"
    return ""

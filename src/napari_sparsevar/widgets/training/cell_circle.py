"""A circle of the diameter of a cell on the movie, to be dragged and resized."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Shapes
from psygnal import Signal

from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.widgets.layers.movies import placement_of
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

KIND = "cell size"
_COLOUR = "#ffd400"
_LINE_SHARE = 0.08
"""Of the diameter: how thick the line is."""


class CellCircle:
    """The circle of one viewer.

    Attributes
    ----------
    resized : psygnal.Signal
        With the diameter in pixels that a person has given it.
    shown_changed : psygnal.Signal
        With whether it is there.
    """

    resized = Signal(float)
    shown_changed = Signal(bool)

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = OpenViewer(viewer)
        self._layer: weakref.ref[Shapes] | None = None
        self._telling = False
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Shapes | None:
        """The layer of the circle; None where there is none."""
        return None if self._layer is None else self._layer()

    def show(self, movie_layer: Image, diameter: float) -> None:
        """Draw it in the middle of the view, ready to be dragged."""
        viewer = self._viewer()
        if viewer is None or self.layer is not None:
            return
        where = placement_of(movie_layer)
        centre = np.asarray(viewer.scene.camera.center[-2:], float)
        inside = (centre - where.translate) / where.scale
        middle = np.clip(inside, 0, np.asarray(movie_layer.data.shape[-2:]) - 1)
        layer = Shapes(
            [_box(middle, diameter)],
            shape_type="ellipse",
            name="cell size",
            edge_color=_COLOUR,
            edge_width=_LINE_SHARE * diameter,
            face_color="transparent",
            metadata={METADATA_KEY: {"kind": KIND}},
            **where.arguments,
        )
        layer.events.data.connect(self._on_data)
        self._layer = weakref.ref(layer)
        viewer.add_layer(layer)
        layer.mode, layer.selected_data = "select", {0}
        self.shown_changed.emit(True)

    def hide(self) -> None:
        """Take it away."""
        viewer, layer = self._viewer(), self.layer
        if viewer is not None and layer is not None:
            viewer.layers.remove(layer)

    def set_diameter(self, diameter: float) -> None:
        """Make it a circle of a diameter in pixels, where it lies."""
        layer = self.layer
        if self._telling or layer is None or not len(layer.data):
            return
        with self._told():
            layer.data = [_box(np.mean(layer.data[0], axis=0), diameter)]
            layer.edge_width = [_LINE_SHARE * diameter]

    def _on_data(self, *_: object) -> None:
        layer = self.layer
        if not self._telling and layer is not None and len(layer.data):
            # The number it goes to is rounded: the shape must not change in the person's hand.
            with self._told():
                self.resized.emit(_diameter(layer))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Keep number and circle from answering each other inside."""
        self._telling = True
        try:
            yield
        finally:
            self._telling = False

    def _on_removed(self, event: object) -> None:
        layer = self.layer
        if layer is not None and getattr(event, "value", None) is layer:
            self._layer = None
            self.shown_changed.emit(False)


def _box(centre: npt.NDArray[np.float64], diameter: float) -> npt.NDArray[np.float64]:
    corners = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * diameter / 2
    return np.asarray(centre + corners)


def _diameter(layer: Shapes) -> float:
    """Return the mean of both axes of the last shape, in pixels."""
    corners = np.asarray(layer.data[-1], float)
    return float(np.linalg.norm(np.diff(corners[:3], axis=0), axis=1).mean())

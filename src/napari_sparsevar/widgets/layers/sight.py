"""Places of the field in the view: brought into sight, and pointed out for a moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import QPointF, Qt, QTimer
from qtpy.QtGui import QColor, QPainter, QPen
from qtpy.QtWidgets import QWidget

from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.parts.lifetime import watch

FLASH_MS = 800

RING_PX = 18
"""Radius of a ring, on the screen at any zoom."""

_INSIDE = 0.95
"""Share of the view in whose middle a place counts as in sight."""

_DEEP = 3  # the axis of planes, counted from the last

Pixel = tuple[float, float]


def bring_into_sight(viewer: ViewerModel, place: Pixel, placement: Placement) -> None:
    """Centre the view on a place (y, x), where it is not in it."""
    world = placement.world(place)
    _go_to_plane(viewer, place, placement)
    camera = viewer.scene.camera
    half = np.asarray(viewer.canvas.size, float) / camera.zoom / 2
    if (np.abs(world - camera.center[-2:]) > _INSIDE * half).any():
        camera.center = (*camera.center[:-2], *map(float, world))


def point_out(viewer: ViewerModel, places: Sequence[Pixel], placement: Placement) -> None:
    """Draw rings round places (y, x) for a moment; nothing where the viewer has no window."""
    canvas = _canvas(viewer)
    if canvas is None:
        return
    for flash in canvas.findChildren(Flash):
        flash.end()
    camera = viewer.scene.camera
    middle = np.array([canvas.height(), canvas.width()]) / 2
    at = [(placement.world(place) - camera.center[-2:]) * camera.zoom + middle for place in places]
    Flash(canvas, [QPointF(x, y) for y, x in at], viewer)


class Flash(QWidget):
    """Rings on the canvas that go by themselves, or with the first move of the view."""

    def __init__(self, canvas: QWidget, places: list[QPointF], viewer: ViewerModel) -> None:
        super().__init__(canvas)
        self.places = places
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setStyleSheet("background: transparent")
        self.setGeometry(canvas.rect())
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(self.end)
        timer.start(FLASH_MS)
        for name in ("center", "zoom"):
            watch(getattr(viewer.scene.camera.events, name), self.end, self)
        self.show()
        self.raise_()

    def end(self, *_: Any) -> None:
        """Leave nothing behind."""
        self.hide()
        self.deleteLater()

    def paintEvent(self, _: Any) -> None:
        """Draw dark and bright, to be seen on every map."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(0, 0, 0, 180), 5), (QColor("white"), 2)):
            painter.setPen(QPen(colour, width))
            for place in self.places:
                painter.drawEllipse(place, RING_PX, RING_PX)


def _go_to_plane(viewer: ViewerModel, place: Pixel, placement: Placement) -> None:
    """Move the slider of planes to that of a place, where there is one."""
    if placement.stack is not None and viewer.dims.ndim >= _DEEP:
        viewer.dims.set_point(viewer.dims.ndim - _DEEP, float(placement.points(place)[0]))


def _canvas(viewer: ViewerModel) -> QWidget | None:
    """Return the widget that the layers are drawn on; napari offers it in no public way."""
    inside = getattr(viewer.window, "_qt_viewer", None)
    return None if inside is None else inside.canvas.native

"""The time axis of a strip, and what the mouse does there: pan and zoom in time, click, mark."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import Qt, Signal


class TimeView(pg.ViewBox):
    """Time runs from left to right, in frames.

    The wheel zooms and dragging pans, in time only. While ``marking``, dragging draws a stretch
    instead. A click says where it was.

    Attributes
    ----------
    clicked : Signal of float
        The frame that was clicked.
    marking_moved, marked : Signal of float, float, bool
        A stretch while it is drawn, and when it is done; whether Shift was held at the beginning.
    """

    clicked = Signal(float)
    marking_moved = Signal(float, float)
    marked = Signal(float, float, bool)

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setMouseEnabled(x=True, y=False)
        self.setDefaultPadding(0.0)
        self.marking = False
        self._with_shift = False

    def mouseClickEvent(self, event: Any) -> None:
        """Report a click of the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.clicked.emit(self._frame(event.pos()))

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        """Draw a stretch while marking; pan otherwise. Only the left button does either."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        if not self.marking:
            super().mouseDragEvent(event, axis=0)
            return
        event.accept()
        if event.isStart():
            self._with_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        first, last = sorted((self._frame(event.buttonDownPos()), self._frame(event.pos())))
        if event.isFinish():
            self.marked.emit(first, last, self._with_shift)
        else:
            self.marking_moved.emit(first, last)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        """Zoom in time, about the pointer."""
        super().wheelEvent(event, axis=0)

    def _frame(self, position: Any) -> float:
        return float(self.mapToView(position).x())


LEFT_PX = 62
"""Room that the name needs to the left of the axis."""

HEIGHT_PX = 20
GAP_PX = 4


class TimeAxis(pg.AxisItem):
    """An axis below a plot, one line of text high: in a strip every line counts."""

    def resizeEvent(self, ev: Any = None) -> None:
        """Put the name where pyqtgraph would not."""
        self.picture = None
        if self.label is None:  # pyqtgraph takes it away before the axis goes
            return
        bounds = self.label.boundingRect()
        self.label.setPos(-bounds.width() - GAP_PX, (self.size().height() - bounds.height()) / 2)

    def setLabel(self, *args: Any, **style: Any) -> None:
        """Take another name, and put it in its place."""
        super().setLabel(*args, **style)
        self.resizeEvent()

    def _updateHeight(self) -> None:
        self.setMaximumHeight(HEIGHT_PX if self.isVisible() else 0)
        self.setMinimumHeight(HEIGHT_PX if self.isVisible() else 0)
        self.picture = None

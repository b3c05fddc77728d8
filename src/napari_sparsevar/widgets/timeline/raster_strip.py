"""The activity of every driver over time, one row each, under the curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtCore import QObject, QRectF, Qt, Signal
from superqt.utils import qthrottled

from napari_sparsevar.widgets.parts.plot import FIRST, STRONGEST, is_light, shortened
from napari_sparsevar.widgets.timeline.inspected_worker import Raster
from napari_sparsevar.widgets.timeline.view import TimeView

REPOOL_MS = 100
COLUMNS_PER_PIXEL = 2.0
BESIDE = 0.5
"""How much more than what is in sight is drawn on either side, for panning."""

ROW_PX, LEAST_PX, MOST_PX = 14, 18, 76
TEXT_PX = 11
"""Height of a row from which on each has its own label."""

LONGEST_NAME = 10


class RasterView(TimeView):
    """Time from left to right, a driver a row; says which row was clicked."""

    row_clicked = Signal(float)

    def mouseClickEvent(self, event: Any) -> None:
        """Report the row under a click of the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.row_clicked.emit(float(self.mapToView(event.pos()).y()))


class RasterStrip(QObject):
    """An image in a view of its own, in step with the time of another view.

    Attributes
    ----------
    clicked : Signal of int
        The row.
    view, axis : the view and the axis to its left, to be laid out by the plot
    """

    clicked = Signal(int)

    def __init__(self, time: pg.ViewBox, parent: QObject) -> None:
        super().__init__(parent)
        self.view = RasterView()
        self.axis = pg.AxisItem("left")
        self.image = pg.ImageItem(axisOrder="row-major")
        self.cursor = pg.InfiniteLine(0)
        self.edges = [pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=0)]
        self._raster: Raster | None = None
        self._drawn: tuple[int, int, int] | None = None
        self._names: list[str] = []
        self._selected: int | None = None
        self._ticks: list[tuple[float, str]] = []
        self._catch_up_soon = qthrottled(self.catch_up, timeout=REPOOL_MS, leading=False)
        self._arrange(time)

    def _arrange(self, time: pg.ViewBox) -> None:
        self.axis.linkToView(self.view)
        self.axis.setStyle(tickLength=0)
        self.view.setXLink(time)
        self.view.invertY(True)
        for item in (self.image, self.cursor, *self.edges):
            self.view.addItem(item, ignoreBounds=True)
        self.cursor.setZValue(10)
        self.view.row_clicked.connect(self._on_click)
        self.view.sigXRangeChanged.connect(self._on_range)
        self.view.sigResized.connect(self._on_range)
        self.set_raster(None, [])

    @property
    def height(self) -> int:
        """How tall it wants to be, in pixels; 0 where there is nothing to show."""
        return 0 if self._raster is None else min(max(ROW_PX * self.n_rows, LEAST_PX), MOST_PX)

    @property
    def n_rows(self) -> int:
        """How many drivers it shows."""
        return 0 if self._raster is None else len(self._raster.keys)

    def set_raster(self, raster: Raster | None, names: Sequence[str]) -> None:
        """Show other rows, with a name each."""
        other, self._raster = raster is not self._raster, raster
        self._names = [shortened(name, LONGEST_NAME) for name in names]
        for item in (self.view, self.axis):
            item.setVisible(raster is not None)
        if raster is not None:
            self.view.setYRange(0, self.n_rows, padding=0)
        if other:
            self._drawn = None
        self.catch_up()

    def set_time(self, n_frames: int) -> None:
        """Keep within a movie of so many frames."""
        self.view.setLimits(xMin=0, xMax=n_frames, minXRange=min(10, n_frames))

    def set_selected(self, row: int | None) -> None:
        """Mark a row, or none."""
        self._selected = row
        for number, edge in enumerate(self.edges):
            edge.setVisible(row is not None)
            edge.setValue((row or 0) + number)
        self._label()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme: rest is as dark or as bright as the background."""
        light = is_light(theme)
        scale = pg.colormap.get("CET-L17" if light else "inferno")
        self.image.setLookupTable(scale.getLookupTable(nPts=256))
        self.cursor.setPen(pg.mkPen(STRONGEST[light], width=1.5))
        for edge in self.edges:
            edge.setPen(pg.mkPen(FIRST[light], width=2))

    def catch_up(self) -> None:
        """Draw what is in sight now, unless it is drawn already or nobody can see it."""
        widget = self.view.getViewWidget()
        if self._raster is not None and widget is not None and widget.isVisible():
            self._pool(self._raster)
            self._label()

    def _pool(self, raster: Raster) -> None:
        view = self.view
        first, last = view.viewRange()[0]
        beside = BESIDE * (last - first)
        columns = int(COLUMNS_PER_PIXEL * max(view.width(), 1) * (1 + 2 * BESIDE))
        width = max(1, int(np.ceil((last - first + 2 * beside) / columns)))
        if self._drawn is not None and self._drawn[2] == width:
            start, stop, _ = self._drawn
            if start <= max(first, 0) and stop >= min(last, raster.pyramid.n_frames):
                return
        pooled = raster.pyramid.between(first - beside, last + beside, columns)
        self._drawn = (pooled.start, pooled.stop, width)
        self.image.setImage(pooled.values, levels=(0.0, raster.brightest), autoLevels=False)
        self.image.setRect(QRectF(pooled.start, 0, pooled.stop - pooled.start, self.n_rows))

    def _label(self) -> None:
        if not self.n_rows:
            return
        row_px = max(self.view.height(), 1) / self.n_rows
        every = max(1, int(np.ceil(TEXT_PX / row_px)))
        rows = set(range(0, self.n_rows, every))
        if self._selected is not None:
            # The selected one is named, whatever is left out for it.
            rows = {row for row in rows if abs(row - self._selected) >= every} | {self._selected}
        ticks = [
            (row + 0.5, ("▸" if row == self._selected else "") + self._names[row])
            for row in sorted(rows)
            if row < len(self._names)
        ]
        if ticks != self._ticks:
            self._ticks = ticks
            self.axis.setTicks([ticks])

    def _on_click(self, y: float) -> None:
        if 0 <= y < self.n_rows:
            self.clicked.emit(int(y))

    def _on_range(self, *_: Any) -> None:
        self._catch_up_soon()

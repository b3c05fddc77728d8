"""Curves over time: the field's mean, places, and the line of the current frame."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor

from napari_sparsevar.widgets.parts.plot import STRONGEST, Plot, plain_view
from napari_sparsevar.widgets.timeline.activity import RegionTrace
from napari_sparsevar.widgets.timeline.inspected_curves import InspectedCurves, thinned_line
from napari_sparsevar.widgets.timeline.inspected_worker import Raster
from napari_sparsevar.widgets.timeline.known_lanes import BAD
from napari_sparsevar.widgets.timeline.lanes import Lane, LaneStrip
from napari_sparsevar.widgets.timeline.left_out_marks import LeftOutMarks
from napari_sparsevar.widgets.timeline.raster_strip import RasterStrip
from napari_sparsevar.widgets.timeline.trace_reading import TraceReading
from napari_sparsevar.widgets.timeline.view import LEFT_PX, TimeAxis, TimeView

STRIP_PX, RASTER_PX = 165, 40
MOST_OF_IT, MOST_LANES = 0.35, 0.5
"""Share of the height that the raster takes at most, and both it and the lanes."""


RELATIVE, STANDARDISED = "ΔF/F", "s.d."
"""What the right axis measures: of places, and of the source and target of an edge."""


class TimePlot(Plot):
    """Time from left to right; grey values on the left axis, traces of places on the right.

    The activity of the drivers and the lanes lie underneath, on the same time axis. x is in frames
    throughout; the axis alone speaks in seconds where the frame rate is known.
    """

    cursor_moved = Signal(float)
    seen_changed = Signal(float, float)

    def __init__(self, theme: str) -> None:
        super().__init__(TimeView(), "field", TimeAxis("bottom"), bottom_row=3)
        self.bottom.setLabel("frame")
        self.region_view = plain_view()
        self.right = self.axis("right", RELATIVE, self.region_view)
        self.field = thinned_line()
        self.draft = pg.LinearRegionItem(movable=False)
        self.cursor = pg.InfiniteLine(0, movable=True)
        self._regions: list[pg.PlotDataItem] = []
        self._n_frames = 0
        self._inspects, self._unit = False, RELATIVE
        self._events: npt.NDArray[np.integer] = np.empty(0, int)
        self.inspected = InspectedCurves(self.region_view, self.view)
        self.raster = RasterStrip(self.view, self)
        self.left_out = LeftOutMarks(self.view)
        self.painted = LeftOutMarks(self.view)
        self.lanes = LaneStrip(self.view, self)
        self._arrange()
        self.set_theme(theme)

    def sizeHint(self) -> QSize:
        """Ask for a strip; the dock can be made taller."""
        raster = RASTER_PX if self.raster.height else 0
        return QSize(600, STRIP_PX + raster + self.lanes.height)

    def minimumSizeHint(self) -> QSize:
        """Insist on no more than the axis and a little above it."""
        return QSize(200, 110)

    def set_time(self, n_frames: int, fps: float | None) -> None:
        """Show a movie of so many frames, all of it, and say the time in seconds if it is known.

        What is in sight stays where only the frame rate is another.
        """
        other, self._n_frames = n_frames != self._n_frames, n_frames
        self.bottom.setScale(1.0 / fps if fps else 1.0)
        self.bottom.setLabel("time (s)" if fps else "frame")
        self.view.setLimits(xMin=0, xMax=n_frames, minXRange=min(10, n_frames))
        self.raster.set_time(n_frames)
        self.lanes.set_time(n_frames)
        self.cursor.setBounds((0, n_frames - 1))
        if other:
            self.show_all()

    def show_all(self) -> None:
        """See the whole movie."""
        self.view.setXRange(0, self._n_frames, padding=0)

    def set_field(self, reading: TraceReading) -> None:
        """Draw the field's mean as far as it is known."""
        values = reading.values[: reading.known, 0] if reading.values.size else np.empty(0)
        self.field.setData(np.arange(len(values), dtype=float), values)

    def set_regions(self, traces: Sequence[RegionTrace]) -> None:
        """Draw the regions, each in its colour."""
        while len(self._regions) > len(traces):
            self.region_view.removeItem(self._regions.pop())
        while len(self._regions) < len(traces):
            self._regions.append(thinned_line())
            self.region_view.addItem(self._regions[-1])
        for line, trace in zip(self._regions, traces, strict=True):
            # Qt draws lines of one pixel many times faster than wider ones.
            line.setPen(pg.mkPen(QColor(*trace.colour), width=1))
            line.setData(np.arange(len(trace.values), dtype=float), trace.values)
        self._show_right()

    def set_inspected(
        self,
        curves: Mapping[str, npt.NDArray[np.float64]],
        shown: Collection[str],
        unit: str = RELATIVE,
    ) -> None:
        """Draw the traces of the inspected place; the field steps back while there are any."""
        if unit != self._unit:
            self._unit = unit
            self.right.setLabel(unit)
        inspects = self.inspected.draw(curves, shown)
        if inspects != self._inspects:
            self._inspects = inspects
            self._colour_field()
        self._show_right()

    def set_events(self, events: npt.NDArray[np.integer]) -> None:
        """Mark the events of the inspected place."""
        self._events = events
        self.inspected.mark(events, *self.view.viewRange()[0])

    def set_raster(self, raster: Raster | None, names: Sequence[str], row: int | None) -> None:
        """Draw the drivers' activity, with their names and the selected one marked."""
        self.raster.set_raster(raster, names)
        self.raster.set_selected(row)
        self._fit_rows()
        self.updateGeometry()

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Draw what is known of the frames, and what was recorded beside them."""
        self.lanes.set_lanes(lanes)
        self._fit_rows()
        self.updateGeometry()

    def set_frame(self, frame: int) -> None:
        """Put the line at a frame, without a word."""
        self.cursor.blockSignals(True)
        self.cursor.setValue(frame)
        self.cursor.blockSignals(False)
        self.raster.cursor.setValue(frame)
        self.lanes.cursor.setValue(frame)

    def set_draft(self, stretch: tuple[float, float] | None) -> None:
        """Show the stretch that is being drawn, or none."""
        self.draft.setVisible(stretch is not None)
        if stretch is not None:
            self.draft.setRegion(stretch)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        self._colour_field()
        self.inspected.set_theme(theme)
        self.raster.set_theme(theme)
        self.left_out.set_colour(self.text)
        self.painted.set_colour(QColor(BAD))
        line = STRONGEST[self.is_light]
        self.cursor.setPen(pg.mkPen(line, width=1.5))
        self.lanes.cursor.setPen(pg.mkPen(line, width=1.5))
        self.cursor.setHoverPen(pg.mkPen(line, width=4))
        shade = QColor(self.text)
        shade.setAlpha(60)
        self.draft.setBrush(shade)

    def _arrange(self) -> None:
        self.ci.setContentsMargins(0, 4, 6, 2)
        self.ci.layout.setColumnMinimumWidth(0, LEFT_PX)
        self.addItem(self.right, row=0, col=2)
        self.addItem(self.raster.axis, row=1, col=0)
        self.addItem(self.raster.view, row=1, col=1)
        self.addItem(self.lanes.axis, row=2, col=0)
        self.addItem(self.lanes.view, row=2, col=1)
        for axis in (self.left, self.raster.axis, self.lanes.axis):
            self.ci.layout.setAlignment(axis, Qt.AlignmentFlag.AlignRight)
        # The regions have a y axis of their own and share the rest with the field.
        self.region_view.setXLink(self.view)
        self.view.scene().addItem(self.region_view)
        self.region_view.setZValue(self.view.zValue() - 1)
        self.view.sigResized.connect(self._fit_regions)
        for view in (self.view, self.region_view):
            view.enableAutoRange(axis="y")
            view.setAutoVisible(y=True)
        self.view.addItem(self.field)
        self.draft.setZValue(-5)
        self.draft.hide()
        self.view.addItem(self.draft, ignoreBounds=True)
        self.cursor.setZValue(20)
        self.view.addItem(self.cursor, ignoreBounds=True)
        self.right.hide()
        self.cursor.sigPositionChanged.connect(self._on_cursor)
        self.view.sigXRangeChanged.connect(self._on_range)

    def resizeEvent(self, event: Any) -> None:
        """Leave room for the curves above the raster."""
        super().resizeEvent(event)
        if hasattr(self, "raster"):  # Qt asks before there is anything
            self._fit_rows()

    def _fit_rows(self) -> None:
        raster = min(self.raster.height, int(MOST_OF_IT * self.height()))
        self.ci.layout.setRowFixedHeight(1, raster)
        left = max(int(MOST_LANES * self.height()) - raster, 0)
        self.ci.layout.setRowFixedHeight(2, min(self.lanes.height, left))

    def _show_right(self) -> None:
        self.right.setVisible(bool(self._regions) or self._inspects)

    def _colour_field(self) -> None:
        faint = QColor(self.text)
        faint.setAlpha(90 if self._inspects else 220)
        self.field.setPen(pg.mkPen(faint, width=1))

    def _fit_regions(self, *_: Any) -> None:
        self.region_view.setGeometry(self.view.sceneBoundingRect())

    def _on_cursor(self, *_: Any) -> None:
        self.cursor_moved.emit(float(self.cursor.value()))

    def _on_range(self, _: Any, seen: tuple[float, float]) -> None:
        self.inspected.mark(self._events, float(seen[0]), float(seen[1]))
        self.seen_changed.emit(float(seen[0]), float(seen[1]))

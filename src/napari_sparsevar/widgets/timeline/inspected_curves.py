"""The inspected place or edge on the time plot: its traces, and ticks at its events."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from napari.utils.theme import get_theme
from qtpy.QtGui import QColor

from napari_sparsevar.widgets.timeline.trace_switches import edge_colours, trace_colours

TICKS = (0.0, 0.1)
"""Where events are marked, from the bottom of the plot to its top."""

MOST_TICKS = 500
"""More would only make a bar of them."""


def thinned_line() -> pg.PlotDataItem:
    """Return an empty line that is thinned to what a screen can show."""
    # Of 100,000 frames a screen shows a few thousand: the largest and the smallest of every half
    # pixel. pyqtgraph's own choice, five a pixel, looks the same and takes twice as long to paint.
    line = pg.PlotDataItem(connect="finite", autoDownsampleFactor=2.0)
    line.setDownsampling(auto=True, method="peak")
    line.setClipToView(True)
    return line


class InspectedCurves:
    """Lines and ticks in two views that share the time axis.

    Parameters
    ----------
    view : pyqtgraph.ViewBox
        Where the lines go.
    ticks_view : pyqtgraph.ViewBox
        Where the ticks go.
    """

    def __init__(self, view: pg.ViewBox, ticks_view: pg.ViewBox) -> None:
        self.lines = {name: thinned_line() for name in _colours("dark")}
        self.ticks = pg.VTickGroup([], list(TICKS))
        self.ticks.setZValue(15)
        self._events: npt.NDArray[np.integer] = np.empty(0, int)
        # The movie lies under what the model says of it.
        for height, line in enumerate(self.lines.values()):
            line.setZValue(height)
            view.addItem(line)
        ticks_view.addItem(self.ticks, ignoreBounds=True)

    def draw(self, curves: Mapping[str, npt.NDArray[np.float64]], shown: Collection[str]) -> bool:
        """Draw what is known and wanted; return whether that is anything."""
        drawn = False
        for name, line in self.lines.items():
            values = curves.get(name) if name in shown else None
            if values is not None and np.isfinite(values).any():
                line.setData(np.arange(len(values), dtype=np.float64), values)
                drawn = True
            elif line.xData is not None and len(line.xData):
                line.setData([], [])
        return drawn

    def mark(self, events: npt.NDArray[np.integer], first: float, last: float) -> None:
        """Mark the events that are in sight."""
        seen = events[(events >= first) & (events <= last)]
        seen = seen[:: -(-len(seen) // MOST_TICKS) or 1]
        if not np.array_equal(seen, self._events):
            self._events = seen
            self.ticks.setXVals(seen.tolist())
            self.ticks.update()

    def set_theme(self, theme: str) -> None:
        """Take the colours that can be seen in a napari theme."""
        for name, colour in _colours(theme).items():
            self.lines[name].setPen(pg.mkPen(colour, width=1))
        text = get_theme(theme).text.as_hex(format="long")
        self.ticks.setPen(pg.mkPen(QColor(text), width=1))


def _colours(theme: str) -> dict[str, str]:
    return trace_colours(theme) | edge_colours(theme)

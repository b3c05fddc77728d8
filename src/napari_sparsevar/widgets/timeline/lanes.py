"""Named lanes under the curves: bad frames, pauses, trials, stimuli and behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QObject
from qtpy.QtGui import QColor, QFont

from napari_sparsevar.comparison.windows import Piece
from napari_sparsevar.widgets.parts.plot import shortened
from napari_sparsevar.widgets.timeline.inspected_curves import thinned_line
from napari_sparsevar.widgets.timeline.view import TimeView

LANE_PX, TEXT_PX = 15, 11
FULL, FREE = 0.76, 0.12
"""Height of what is drawn and what is left free above and below, in heights of a lane."""

LONGEST_NAME = 20


@dataclass(frozen=True, eq=False)
class Lane:
    """One row: stretches in one or more colours, ticks, and a curve.

    Parameters
    ----------
    name : str
    meaning : str
        What it shows, for who rests the mouse on it.
    spans : sequence of (colour, pieces)
        Frames, stop exclusive.
    ticks : ndarray of int
        Frames.
    curve : ndarray, shape (T,), optional
    colour : str
        Of ticks and curve.
    """

    name: str
    meaning: str
    spans: Sequence[tuple[str, Sequence[Piece]]] = ()
    ticks: npt.NDArray[np.integer] = field(default_factory=lambda: np.empty(0, int))
    curve: npt.NDArray[np.floating] | None = None
    colour: str = ""


class LaneStrip(QObject):
    """Lanes in a view of their own, in step with the time of another view.

    Attributes
    ----------
    view, axis : the view and the axis with the names to its left, to be laid out by the plot
    names : tuple of str
        Of the lanes, from above.
    """

    def __init__(self, time: pg.ViewBox, parent: QObject) -> None:
        super().__init__(parent)
        self.view, self.axis = TimeView(), pg.AxisItem("left")
        self.cursor = pg.InfiniteLine(0)
        self.names: tuple[str, ...] = ()
        self._items: list[Any] = []
        self.axis.linkToView(self.view)
        font = QFont()
        font.setPixelSize(TEXT_PX)
        self.axis.setStyle(tickLength=0, tickFont=font)
        self.view.setXLink(time)
        self.view.invertY(True)
        self.cursor.setZValue(10)
        self.view.addItem(self.cursor, ignoreBounds=True)
        self.set_lanes([])

    @property
    def height(self) -> int:
        """How tall it wants to be, in pixels."""
        return LANE_PX * len(self.names)

    def set_time(self, n_frames: int) -> None:
        """Keep within a movie of so many frames."""
        self.view.setLimits(xMin=0, xMax=n_frames, minXRange=min(10, n_frames))

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Draw these, the first on top."""
        for item in self._items:
            self.view.removeItem(item)
        self._items, self.names = [], tuple(lane.name for lane in lanes)
        for row, lane in enumerate(lanes):
            self._draw(row, lane)
        for item in (self.view, self.axis):
            item.setVisible(bool(lanes))
        self.view.setYRange(0, max(len(lanes), 1), padding=0)
        self.axis.setTicks(
            [[(row + 0.5, shortened(name, LONGEST_NAME)) for row, name in enumerate(self.names)]]
        )
        said = "<br>".join(f"<b>{lane.name}</b>: {lane.meaning}" for lane in lanes)
        for item in (self.view, self.axis):
            item.setToolTip(f"<qt>{said}</qt>" if lanes else "")

    def _draw(self, row: int, lane: Lane) -> None:
        top, bottom = row + FREE, row + 1 - FREE
        for colour, pieces in lane.spans:
            edges = np.asarray(pieces, float).reshape(-1, 2)
            # A line around it: a single frame of many is narrower than a pixel.
            options = {
                "pen": pg.mkPen(QColor(colour), width=1),
                "brush": pg.mkBrush(QColor(colour)),
            }
            bars = pg.BarGraphItem(x0=edges[:, 0], x1=edges[:, 1], y0=top, height=FULL, **options)
            self._add(bars)
        pen, thick = (pg.mkPen(QColor(lane.colour or "grey"), width=width) for width in (1, 2))
        if len(lane.ticks):
            x, y = np.repeat(lane.ticks, 2), np.tile([top, bottom], len(lane.ticks))
            self._add(pg.PlotCurveItem(x + 0.5, y, connect="pairs", pen=thick))
        if lane.curve is not None:
            line = thinned_line()
            self._add(line)  # first: a line asks its view what can be seen of it
            line.setPen(pen)
            values = bottom - FULL * _from_0_to_1(lane.curve)
            line.setData(np.arange(len(values), dtype=float), values)

    def _add(self, item: Any) -> None:
        self.view.addItem(item, ignoreBounds=True)
        self._items.append(item)


def pieces_of(flags: npt.NDArray[np.bool_]) -> list[Piece]:
    """Return the stretches of frames that are flagged, stop exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


def _from_0_to_1(values: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Return values between the smallest and the largest as 0 to 1; all 0 where they are one."""
    known = values[np.isfinite(values)]
    least, most = (known.min(), known.max()) if known.size else (0.0, 0.0)
    return (values - least) / (most - least) if most > least else np.zeros_like(values)

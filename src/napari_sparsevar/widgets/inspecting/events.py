"""What the target of the chosen edge does around the events of its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QWidget

from napari_sparsevar.widgets.inspecting.edge import ChosenEdge
from napari_sparsevar.widgets.parts.boxes import FittingScroll, boxed, in_column, wrapped_label
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, Plot, plain_view

if TYPE_CHECKING:
    from napari_sparsevar.analysis.evidence.event_average import EventAverage

NOT_CHOSEN = "Choose a partner, a row of Partners, to see what one does around the other's events."
WORKING = "Averaging…"
BAND_ALPHA, LINE_ALPHA = 70, 150


class LagAxis(pg.AxisItem):
    """Time from the event, its unit in the numbers: a title would take a third of the plot."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.unit = ""

    def tickStrings(self, values: Any, scale: float, spacing: float) -> list[str]:
        """Return the time at each place of a number."""
        return [f"{value * scale:+g} {self.unit}" if value else "event" for value in values]


class EventsPlot(Plot):
    """The average, the band of shuffled events, and dots where it lies outside after the event."""

    def __init__(self, theme: str) -> None:
        self.time = LagAxis()
        super().__init__(plain_view(), "s.d.", self.time)
        self.low, self.high = pg.PlotDataItem(), pg.PlotDataItem()
        self.band = pg.FillBetweenItem(self.low, self.high)
        self.average = pg.PlotDataItem()
        self.outside = pg.ScatterPlotItem(size=6, pen=None)
        self.event = pg.InfiniteLine(0)
        for item in (self.low, self.high, self.band, self.average, self.outside):
            self.view.addItem(item)
        self.view.addItem(self.event, ignoreBounds=True)
        self.setToolTip(
            "<qt>What the target's own past does not foretell of it, averaged around the events of "
            "the source. Grey: 95 % of 199 averages around the same events shifted in time, "
            "frame by frame. Dots: outside of the grey after the event.</qt>"
        )
        self.set_theme(theme)

    def show_average(self, found: EventAverage, fps: float | None) -> None:
        """Draw an average, in seconds where the frame rate is known."""
        lags = found.lags.astype(float)
        self.time.setScale(1.0 / fps if fps else 1.0)
        self.time.unit = "s" if fps else "frames"
        self.low.setData(lags, found.low)
        self.high.setData(lags, found.high)
        self.average.setData(lags, found.average)
        dots = found.outside & found.later
        self.outside.setData(lags[dots], found.average[dots])
        self.view.setXRange(lags[0], lags[-1], padding=0.02)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        grey, line = QColor(self.text), QColor(SECOND[self.is_light])
        self.outside.setBrush(QColor(line))
        grey.setAlpha(BAND_ALPHA)
        self.band.setBrush(grey)
        for edge in (self.low, self.high):
            edge.setPen(None)
        line.setAlpha(LINE_ALPHA)
        self.average.setPen(pg.mkPen(line, width=2))
        dashed = pg.mkPen(FIRST[self.is_light], width=1.5, style=Qt.PenStyle.DashLine)
        self.event.setPen(dashed)


class EventsPanel(QWidget):
    """The plot, and what it says in words; nothing is computed while nobody can see it."""

    def __init__(self, edge: ChosenEdge, theme: str) -> None:
        super().__init__()
        self._edge = edge
        self.plot = EventsPlot(theme)
        self.words = wrapped_label(NOT_CHOSEN)
        # Names are a person's own.
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        words = FittingScroll(boxed(in_column(self.words)), minimum_height=52)
        in_column((self.plot, 1), words, inside=self, margins=(0, 4, 0, 0), spacing=2)
        watch(edge.changed, self.refresh, self)
        self.plot.hide()

    def refresh(self, *_: Any) -> None:
        """Draw what is known, where anybody sees it."""
        if not self.isVisible():
            return
        edge, answer = self._edge.edge, self._edge.answer
        average = None if answer is None else answer.average
        if average is not None and edge is not None:
            self.plot.show_average(average, edge.run.fps)
        self.plot.setVisible(average is not None)
        self.words.setText(self._said())

    def _said(self) -> str:
        from napari_sparsevar.analysis.evidence.event_words import event_sentences

        edge, answer = self._edge.edge, self._edge.answer
        if edge is None:
            return NOT_CHOSEN
        if answer is None:
            return self._edge.failure or WORKING
        n_events = len(answer.events)
        return event_sentences(answer.average, n_events, *self._edge.names, edge.run.fps)

    def showEvent(self, event: Any) -> None:
        """Ask for what there is to be seen."""
        super().showEvent(event)
        self._edge.want("events")
        self.refresh()

    def hideEvent(self, event: Any) -> None:
        """Ask for nothing more."""
        super().hideEvent(event)
        self._edge.want("events", False)

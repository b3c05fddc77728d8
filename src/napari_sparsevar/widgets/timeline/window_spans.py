"""Windows drawn on the timeline as coloured spans that can be dragged."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtGui import QColor

from napari_sparsevar.comparison.windows import Piece, Window, snap
from napari_sparsevar.figures.colours import window_colour
from napari_sparsevar.widgets.comparing.windows import MarkedWindows

MANY_PIECES = 4
"""From so many pieces on only the longest is labelled: the names would lie over one another."""

Key = tuple[str, int]


class WindowSpans(QObject):
    """The spans of all windows on one view, in step with the list."""

    clicked = Signal(float)

    def __init__(self, windows: MarkedWindows, view: pg.ViewBox, parent: QObject) -> None:
        super().__init__(parent)
        self._windows = windows
        self._view = view
        self._n_frames = 1
        self._still = False
        self._text = QColor("white")
        self._spans: dict[Key, _Span] = {}

    def set_n_frames(self, n_frames: int) -> None:
        """Keep spans within the movie."""
        self._n_frames = max(1, n_frames)
        for span in self._spans.values():
            span.keep_within(self._n_frames)
        self.draw()

    def set_text_colour(self, colour: QColor) -> None:
        """Write the labels in another colour."""
        self._text = colour
        self.draw()

    def hold_still(self, still: bool) -> None:
        """Let nobody move a span while something else is dragged, or let them again."""
        self._still = still
        for span in self._spans.values():
            span.hold_still(still)

    def span(self, label: str, piece: int = 0) -> pg.LinearRegionItem:
        """Return the span of a piece."""
        return self._spans[label, piece]

    def draw(self, *_: Any) -> None:
        """Make the spans those of the windows; what is there already is only moved."""
        wanted = {
            (window.label, number): window
            for window in self._windows
            for number in range(len(window.pieces))
        }
        for key in [key for key in self._spans if key not in wanted]:
            self._remove(self._spans.pop(key))
        for key, window in wanted.items():
            span = self._spans.get(key) or self._add(key)
            self._show(span, window, key[1])

    def _add(self, key: Key) -> _Span:
        span = _Span(self._n_frames)
        span.hold_still(self._still)
        span.moved.connect(lambda start, stop: self._on_moved(key, start, stop))
        span.clicked.connect(lambda frame: self._on_clicked(key[0], frame))
        self._spans[key] = span
        self._view.addItem(span, ignoreBounds=True)
        return span

    def _remove(self, span: _Span) -> None:
        # A span may go because it was dropped on another: it is still in its own event.
        span.blockSignals(True)
        span.hide()
        self._view.removeItem(span)
        span.deleteLater()

    def _show(self, span: _Span, window: Window, number: int) -> None:
        selected = window.label == self._windows.selected
        lengths = [stop - start for start, stop in window.pieces]
        labelled = len(lengths) < MANY_PIECES or number == lengths.index(max(lengths))
        name = window.label if labelled else ""
        span.show_piece(window.pieces[number])
        span.show_look(self._windows.colour_index(window.label), name, selected, self._text)

    def _on_moved(self, key: Key, start: int, stop: int) -> None:
        label, number = key
        pieces = list(self._windows[label].pieces)
        pieces[number] = (start, stop)
        self._windows.select(label)
        self._windows.replace(label, pieces)
        self.draw()

    def _on_clicked(self, label: str, frame: float) -> None:
        self._windows.select(label)
        self.clicked.emit(frame)


class _Span(pg.LinearRegionItem):
    """One piece of a window; it and its edges move in whole frames."""

    moved = Signal(int, int)
    clicked = Signal(float)

    def __init__(self, n_frames: int) -> None:
        super().__init__(values=(0, n_frames), bounds=(0, n_frames))
        self._n_frames = n_frames
        self._quiet = False
        self._grabbed = (0, n_frames)
        self._name = pg.InfLineLabel(self.lines[0], "", position=0.97, anchors=[(0, 0), (0, 0)])
        self.sigRegionChanged.connect(self._snap)
        self.sigRegionChangeFinished.connect(self._finish)

    def hold_still(self, still: bool) -> None:
        """Take no part in what the mouse drags, or take part again."""
        self.setMovable(not still)

    def keep_within(self, n_frames: int) -> None:
        """Stay within the movie."""
        self._n_frames = n_frames
        self._quiet = True
        self.setBounds((0, n_frames))
        self._quiet = False

    def show_piece(self, piece: Piece) -> None:
        """Lie over these frames."""
        self._quiet = True
        self.setRegion(piece)
        self._quiet = False

    def show_look(self, colour_index: int, name: str, selected: bool, text: QColor) -> None:
        """Take a colour, a name and the looks of being selected."""
        colour = QColor(window_colour(colour_index))
        fill, hover = QColor(colour), QColor(colour)
        fill.setAlpha(95 if selected else 55)
        hover.setAlpha(120)
        self.setBrush(fill)
        self.setHoverBrush(hover)
        for line in self.lines:
            line.setPen(pg.mkPen(colour, width=3 if selected else 1.5))
            line.setHoverPen(pg.mkPen(colour, width=5))
        # The text is a format; a label may hold braces.
        self._name.setFormat(name.replace("{", "{{").replace("}", "}}"))
        self._name.setColor(text)
        font = self._name.textItem.font()
        font.setBold(True)
        self._name.textItem.setFont(font)
        self.update()

    def frames(self) -> Piece:
        """Return the whole frames it lies over, at least one."""
        first, last = sorted(self.getRegion())
        start, stop = snap(first), snap(last)
        return (start, stop) if stop > start else (start, start + 1)

    def mouseClickEvent(self, event: Any) -> None:
        """Report a click of the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.clicked.emit(float(self.mapToView(event.pos()).x()))

    def mouseDragEvent(self, event: Any) -> None:
        """Move as a whole, in whole frames, and no further than the movie reaches."""
        if event.button() != Qt.MouseButton.LeftButton or not self.movable:
            event.ignore()
            return
        event.accept()
        if event.isStart():
            self._grabbed = self.frames()
        start, stop = self._grabbed
        shift = snap(event.pos().x() - event.buttonDownPos().x())
        shift = min(max(shift, -start), self._n_frames - stop)
        self.show_piece((start + shift, stop + shift))
        if event.isFinish():
            self._finish()

    def _snap(self) -> None:
        if not self._quiet:
            self._quiet = True
            # Each edge for itself: they may be about to change sides.
            for line in self.lines:
                line.setValue(snap(line.value()))
            self._quiet = False

    def _finish(self) -> None:
        if not self._quiet:
            self.moved.emit(*self.frames())

"""Live loss curves: training thin, validation with dots, one colour a term."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QLabel, QSizePolicy, QStackedWidget, QWidget
from superqt.utils import qthrottled

from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, Plot, plain_view
from napari_sparsevar.widgets.training.state import LossCurve, LossHistory

REDRAW_MS = 150

# Not the total: it jumps when the prediction joins in and would flatten the curves that matter.
TERMS = ("reconstruction", "prediction")

_COLOURS = {"reconstruction": FIRST, "prediction": SECOND}


class LossPlot(QWidget):
    """Curves of a ``LossHistory``, redrawn a few times a second and only while visible."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._history = LossHistory()
        self._redraw_soon = qthrottled(self.redraw, timeout=REDRAW_MS, leading=False)
        self._legend = QLabel()
        self._plot = Plot(plain_view(), "noise units", "step")
        self._training = {term: _line(self._plot) for term in TERMS}
        self._validation = {term: _line(self._plot) for term in TERMS}
        for axis in (self._plot.left, self._plot.bottom):
            axis.setGrid(40)
        self._pages = QStackedWidget()
        self._pages.addWidget(_hint("The loss appears here while the network trains."))
        self._pages.addWidget(self._plot)
        self._build()
        self.set_theme(theme)

    def _build(self) -> None:
        # An expanding policy keeps napari from adding empty space below the dock's content.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(150)
        in_column(self._legend, (self._pages, 1), inside=self, spacing=2)
        self.setToolTip(
            "<qt>Error in units of the noise of a pixel. "
            "Thin line: training blocks. Dots: held-out blocks of time.</qt>"
        )

    @property
    def empty(self) -> bool:
        """Whether nothing is drawn yet."""
        return self._pages.currentIndex() == 0

    def sizeHint(self) -> QSize:
        """Be content with little; the policy takes what the rest of the dock leaves."""
        return QSize(300, 160)

    def set_history(self, history: LossHistory) -> None:
        """Show another history, at the next redraw."""
        self._history = history
        if self.isVisible():
            self._redraw_soon()

    def showEvent(self, event: Any) -> None:
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        self.redraw()

    def redraw(self) -> None:
        """Draw every curve now."""
        history = self._history
        for term in TERMS:
            _draw(self._training[term], history.training[term])
            _draw(self._validation[term], history.validation[term])
        curves = (*history.training.values(), *history.validation.values())
        drawn = any(curve.steps for curve in curves)
        self._legend.setVisible(drawn)
        self._pages.setCurrentIndex(1 if drawn else 0)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        self._plot.set_theme(theme)
        index = self._plot.is_light
        for term in TERMS:
            self._colour(term, _COLOURS[term][index])
        self._legend.setText(
            "&nbsp; ".join(
                f'<span style="color:{_COLOURS[term][index]}">●</span> {term}' for term in TERMS
            )
        )

    def _colour(self, term: str, colour: str) -> None:
        faint = QColor(colour)
        faint.setAlphaF(0.45)
        self._training[term].setPen(pg.mkPen(faint, width=1))
        line = self._validation[term]
        line.setPen(pg.mkPen(colour, width=2))
        line.setSymbol("o")
        line.setSymbolSize(5)
        line.setSymbolPen(None)
        line.setSymbolBrush(QColor(colour))


def _line(plot: Plot) -> pg.PlotDataItem:
    line = pg.PlotDataItem()
    plot.view.addItem(line)
    return line


def _hint(sentence: str) -> QLabel:
    label = QLabel(sentence)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setWordWrap(True)
    label.setEnabled(False)
    return label


def _draw(line: pg.PlotDataItem, curve: LossCurve) -> None:
    line.setData(curve.steps, curve.values)

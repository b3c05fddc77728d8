"""The null distribution of a comparison, and where the observed value lies."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from napari.utils.theme import get_theme
from qtpy.QtCore import QSize
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QSizePolicy

from napari_sparsevar.comparison.result import DynamicsTest

BINS = 40

# Okabe and Ito's vermilion, told apart from grey with any kind of colour vision.
OBSERVED = "#D55E00"


class NullPlot(pg.GraphicsLayoutWidget):
    """A histogram of the draws and a line at the observed statistic.

    Parameters
    ----------
    theme : str
        Name of the napari theme whose colours to take.
    """

    def __init__(self, theme: str) -> None:
        super().__init__()
        self.view = pg.ViewBox(enableMenu=False, enableMouse=False)
        self.bars = pg.PlotDataItem(stepMode="center", fillLevel=0)
        self.observed = pg.InfiniteLine(0, pen=pg.mkPen(OBSERVED, width=2.5))
        self._left = self._axis("left", "draws")
        self._bottom = self._axis("bottom", "largest difference (s.d. of its null)")
        self._name = pg.InfLineLabel(
            self.observed, "observed", position=0.92, color=OBSERVED, anchors=[(1, 0), (1, 0)]
        )
        self._arrange()
        self.set_theme(theme)

    def sizeHint(self) -> QSize:
        """Be content with little; the policy takes what the rest of the dock leaves."""
        return QSize(260, 150)

    def minimumSizeHint(self) -> QSize:
        """Insist on enough to read it."""
        return QSize(160, 110)

    def show_test(self, test: DynamicsTest | None) -> None:
        """Draw a test, or nothing."""
        if test is not None and not len(test.null):
            test = None
        self.bars.setVisible(test is not None)
        self.observed.setVisible(test is not None)
        if test is None:
            return
        null = np.asarray(test.null, dtype=float)
        low, high = float(null.min()), float(max(null.max(), np.nextafter(null.min(), np.inf)))
        counts, edges = np.histogram(null, bins=BINS, range=(low, high))
        self.bars.setData(edges, counts)
        self.observed.setValue(test.statistic)
        ends = (min(low, test.statistic), max(high, test.statistic))
        self.view.setXRange(*ends, padding=0.05)
        self.view.setYRange(0, float(counts.max()) * 1.1, padding=0)
        # The word goes where there is room for it.
        side = 1 if test.statistic > sum(ends) / 2 else 0
        self._name.anchors = [(side, 0), (side, 0)]
        self._name.updatePosition()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        colours = get_theme(theme)
        text = QColor(colours.text.as_hex(format="long"))
        self.setBackground(QColor(colours.background.as_hex(format="long")))
        for axis in (self._left, self._bottom):
            axis.setPen(pg.mkPen(text, width=1))
            axis.setTextPen(pg.mkPen(text))
        fill = QColor(text)
        fill.setAlpha(90)
        self.bars.setBrush(fill)
        self.bars.setPen(pg.mkPen(text, width=1))

    def _arrange(self) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFrameShape(self.Shape.NoFrame)
        self.ci.setContentsMargins(0, 4, 8, 4)
        self.ci.layout.setSpacing(0)
        self.addItem(self._left, row=0, col=0)
        self.addItem(self.view, row=0, col=1)
        self.addItem(self._bottom, row=1, col=1)
        self.view.addItem(self.bars)
        self.view.addItem(self.observed)

    def _axis(self, side: str, title: str) -> pg.AxisItem:
        axis = pg.AxisItem(side)
        axis.setLabel(title)
        axis.enableAutoSIPrefix(False)
        axis.linkToView(self.view)
        return axis

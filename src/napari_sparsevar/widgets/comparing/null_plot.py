"""The null distribution of a comparison, and where the observed value lies."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from qtpy.QtGui import QColor

from napari_sparsevar.comparison.result import DynamicsTest
from napari_sparsevar.figures.colours import OBSERVED
from napari_sparsevar.widgets.parts.plot import Plot, plain_view

BINS = 40


class NullPlot(Plot):
    """A histogram of the draws and a line at the observed statistic."""

    def __init__(self, theme: str) -> None:
        super().__init__(plain_view(), "draws", "largest difference (s.d. of its null)")
        self.bars = pg.PlotDataItem(stepMode="center", fillLevel=0)
        self.observed = pg.InfiniteLine(0, pen=pg.mkPen(OBSERVED, width=2.5))
        self._name = pg.InfLineLabel(
            self.observed, "observed", position=0.92, color=OBSERVED, anchors=[(1, 0), (1, 0)]
        )
        self.view.addItem(self.bars)
        self.view.addItem(self.observed)
        self.set_theme(theme)

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
        super().set_theme(theme)
        fill = QColor(self.text)
        fill.setAlpha(90)
        self.bars.setBrush(fill)
        self.bars.setPen(pg.mkPen(self.text, width=1))

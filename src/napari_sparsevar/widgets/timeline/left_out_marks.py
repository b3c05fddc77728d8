"""Frames that do not count, as bars behind the curves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtGui import QColor

MOST_BARS = 2000
"""In sight: more could not be told apart."""


class LeftOutMarks:
    """Bars over the whole height of a view, one for each frame that is left out.

    Parameters
    ----------
    view : ViewBox
    """

    def __init__(self, view: pg.ViewBox) -> None:
        self.frames: npt.NDArray[np.integer] = np.empty(0, int)
        self.bars = pg.VTickGroup([], [0.0, 1.0])
        self.bars.setZValue(-10)
        self._view = view
        view.addItem(self.bars, ignoreBounds=True)
        view.sigXRangeChanged.connect(self._draw)

    def set_frames(self, frames: npt.NDArray[np.integer]) -> None:
        """Mark these frames."""
        self.frames = frames
        self._draw()

    def set_colour(self, text: QColor) -> None:
        """Be a shade of the colour of the text."""
        shade = QColor(text)
        shade.setAlpha(70)
        self.bars.setPen(pg.mkPen(shade, width=2))

    def _draw(self, *_: object) -> None:
        first, last = self._view.viewRange()[0]
        seen = self.frames[(self.frames >= first - 1) & (self.frames <= last + 1)]
        seen = seen[:: -(-len(seen) // MOST_BARS) or 1]
        if seen.tolist() != list(self.bars.xvals):
            self.bars.setXVals(seen.tolist())
            self.bars.update()

"""The time axis of a strip: its name stands beside the numbers, not under them."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg

LEFT_PX = 62
"""Room that the name needs to the left of the axis."""

HEIGHT_PX = 20
GAP_PX = 4


class TimeAxis(pg.AxisItem):
    """An axis below a plot, one line of text high: in a strip every line counts."""

    def resizeEvent(self, ev: Any = None) -> None:
        """Put the name where pyqtgraph would not."""
        self.picture = None
        if self.label is None:  # pyqtgraph takes it away before the axis goes
            return
        bounds = self.label.boundingRect()
        self.label.setPos(-bounds.width() - GAP_PX, (self.size().height() - bounds.height()) / 2)

    def setLabel(self, *args: Any, **style: Any) -> None:
        """Take another name, and put it in its place."""
        super().setLabel(*args, **style)
        self.resizeEvent()

    def _updateHeight(self) -> None:
        self.setMaximumHeight(HEIGHT_PX if self.isVisible() else 0)
        self.setMinimumHeight(HEIGHT_PX if self.isVisible() else 0)
        self.picture = None

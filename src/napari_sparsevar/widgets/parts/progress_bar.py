"""A thin bar that says how far work is."""

from __future__ import annotations

from qtpy.QtWidgets import QProgressBar

STEPS = 1000


class ThinBar(QProgressBar):
    """Without numbers: words stand beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0, STEPS)
        self.setTextVisible(False)
        self.setFixedHeight(8)

    def show_fraction(self, fraction: float) -> None:
        """Show a fraction between 0 and 1."""
        self.setValue(round(STEPS * fraction))

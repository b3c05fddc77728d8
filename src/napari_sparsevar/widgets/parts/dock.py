"""A widget in a dock, which goes when the dock is closed."""

from __future__ import annotations

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget


class Dock(QWidget):
    """What napari puts into a dock."""

    def event(self, event: QEvent | None) -> bool:
        """Go with the dock: napari only takes this widget out of it."""
        closed = event is not None and event.type() == QEvent.Type.ParentChange
        if closed and self.parent() is None:
            self.give_up()
            self.deleteLater()
        return bool(super().event(event))

    def give_up(self) -> None:
        """Give back what the viewer lent, because the dock has been closed."""

"""A scroll area that asks for the room its content needs, no more and no less."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget


class FittingScroll(QScrollArea):
    """As tall as its content where there is room; scrolls where there is not.

    Parameters
    ----------
    content : QWidget
        What to show. May hold labels that break their lines.
    minimum_height : int
        Pixels that always stay in sight.
    """

    def __init__(
        self, content: QWidget, minimum_height: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._minimum_height = minimum_height
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        """Ask for the height of the content at the present width."""
        content, viewport = self.widget(), self.viewport()
        if content is None or viewport is None:
            return super().sizeHint()
        hint = content.sizeHint()
        if content.hasHeightForWidth():
            hint.setHeight(content.heightForWidth(viewport.width()))
        # A style sheet may give a frame to an area that was made without one.
        frame = 2 * self.frameWidth()
        return hint + QSize(frame, frame)

    def minimumSizeHint(self) -> QSize:
        """Insist on no more than there is."""
        hint = self.sizeHint()
        return QSize(super().minimumSizeHint().width(), min(self._minimum_height, hint.height()))

    def resizeEvent(self, event: Any) -> None:
        """Another width breaks lines elsewhere."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Pass on that the content has grown or shrunk; Qt watches it here already."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))

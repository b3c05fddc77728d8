"""A picture that fits into the room there is."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy


class FittingPicture(QLabel):
    """Shows a picture at most as large as there is room, or a sentence in its place.

    Attributes
    ----------
    widened : Signal
        Emitted when there is more room than before.
    sentence : str
        What is said in place of a picture; empty where there is one.
    """

    widened = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._whole: QPixmap | None = None
        self.sentence = ""
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    @property
    def shown(self) -> bool:
        """Whether there is a picture to see."""
        return self._whole is not None

    @property
    def pixels_wide(self) -> float:
        """How many dots of the screen there is room for."""
        return max(self.width(), 120) * self.devicePixelRatioF()

    def show_png(self, png: bytes) -> None:
        """Show a picture."""
        whole = QPixmap()
        whole.loadFromData(png, "PNG")
        self._whole, self.sentence = whole, ""
        self._fit()

    def say(self, sentence: str) -> None:
        """Say why there is no picture."""
        self._whole, self.sentence = None, sentence
        self.setText(sentence)

    def sizeHint(self) -> QSize:
        """Ask for little: it takes what is left."""
        return QSize(300, 300)

    def resizeEvent(self, event: Any) -> None:
        """Fit the picture into the room there is."""
        super().resizeEvent(event)
        self._fit()
        if event.size().width() > event.oldSize().width():
            self.widened.emit()

    def _fit(self) -> None:
        if self._whole is None:
            return
        ratio = self.devicePixelRatioF()
        room = QSize(round(self.width() * ratio), round(self.height() * ratio))
        fitting = self._whole.scaled(
            room,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitting.setDevicePixelRatio(ratio)
        self.setPixmap(fitting)

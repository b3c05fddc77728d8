"""A figure as it will look, drawn beside the screen while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QPixmap
from qtpy.QtWidgets import QLabel, QSizePolicy
from superqt.utils import qdebounced

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.exporting.worker import FigureRequest, Preview, preview_stream
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest

DELAY_MS = 200
"""After the last change, before the figure is drawn again."""


class FigurePreview(QLabel):
    """Shows the figure that the dock asks for, at most as large as there is room.

    Parameters
    ----------
    ask : callable
        Returns the ``FigureRequest`` for a resolution in dots an inch; UserError if there is none.
    width_mm : callable
        Returns how wide the figure is.
    """

    def __init__(
        self, ask: Callable[[float], FigureRequest], width_mm: Callable[[], float]
    ) -> None:
        super().__init__()
        self._ask = ask
        self._width_mm = width_mm
        self._whole: QPixmap | None = None
        self._latest: Latest = Latest(preview_stream, self._receive, what="The preview")
        self._draw_soon = qdebounced(self._draw, timeout=DELAY_MS)
        self._due = False
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.setMinimumSize(120, 120)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.destroyed.connect(self._latest.forget)

    @property
    def busy(self) -> bool:
        """Whether a figure is on its way."""
        return self._due or self._latest.busy

    @property
    def shown(self) -> bool:
        """Whether there is a figure to see."""
        return self._whole is not None

    def sizeHint(self) -> QSize:  # noqa: D102 - Qt's name
        return QSize(300, 300)

    def refresh(self, *_: Any) -> None:
        """Draw again soon, if anybody can see it."""
        if self.isVisible():
            self._due = True
            self._draw_soon()

    def showEvent(self, event: Any) -> None:
        """Draw what has changed while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: Any) -> None:
        """Fit the figure into the room there is."""
        super().resizeEvent(event)
        self._fit()
        if event.size().width() > event.oldSize().width():
            self.refresh()

    def _draw(self) -> None:
        self._due = False
        if not self.isVisible():
            return
        pixels = max(self.width(), 120) * self.devicePixelRatioF()
        try:
            self._latest.ask(self._ask(pixels / self._width_mm() * 25.4))
        except UserError as error:
            self._latest.forget()
            self._say(str(error))

    def _receive(self, news: Any) -> None:
        match news:
            case Preview(png=b""):
                self._say(news.sentence)
            case Preview():
                whole = QPixmap()
                whole.loadFromData(news.png, "PNG")
                self._whole = whole
                self._fit()
            case Failure():
                self._say(news.sentence)
                news.report()

    def _say(self, sentence: str) -> None:
        self._whole = None
        self.setText(sentence)

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

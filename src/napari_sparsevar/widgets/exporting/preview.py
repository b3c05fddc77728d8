"""A figure as it will look, drawn beside the screen while somebody looks at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QSize, Qt
from qtpy.QtWidgets import QWidget
from superqt.utils import qdebounced

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.exporting.picture import FittingPicture
from napari_sparsevar.widgets.exporting.worker import FigureRequest, Preview, preview_stream
from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest

DELAY_MS = 200
"""After the last change, before the figure is drawn again."""

_ENLARGED_SHARE = 0.85
"""Of the screen's height, that the window of its own has at first."""


class FigurePreview(FittingPicture):
    """Shows the figure that the dock asks for, here and, if wanted, in a window of its own.

    Parameters
    ----------
    ask : callable
        Returns the ``FigureRequest`` for a resolution in dots an inch; UserError if there is none.
    width_mm : callable
        Returns how wide the figure is.

    Attributes
    ----------
    enlarged : EnlargedFigure
        The window; it shows the same figure as long as it is open.
    """

    def __init__(
        self, ask: Callable[[float], FigureRequest], width_mm: Callable[[], float]
    ) -> None:
        super().__init__()
        self._ask = ask
        self._width_mm = width_mm
        self._latest: Latest = Latest(preview_stream, self._receive, what="The preview")
        self._draw_soon = qdebounced(self._draw, timeout=DELAY_MS)
        self._due = False
        self.enlarged = EnlargedFigure(self)
        for picture in self._pictures:
            picture.widened.connect(self.refresh)
        self.destroyed.connect(self._latest.forget)

    @property
    def busy(self) -> bool:
        """Whether a figure is on its way."""
        return self._due or self._latest.busy

    def enlarge(self) -> None:
        """Show the figure in a window of its own."""
        self.enlarged.appear()
        if self.sentence:
            self.enlarged.picture.say(self.sentence)
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Draw again soon, if anybody can see it."""
        if self._looked_at:
            self._due = True
            self._draw_soon()

    def showEvent(self, event: Any) -> None:
        """Draw what has changed while nobody looked."""
        super().showEvent(event)
        self.refresh()

    @property
    def _pictures(self) -> tuple[FittingPicture, FittingPicture]:
        return self, self.enlarged.picture

    @property
    def _looked_at(self) -> bool:
        return any(picture.isVisible() for picture in self._pictures)

    def _draw(self) -> None:
        self._due = False
        if not self._looked_at:
            return
        seen = [picture for picture in self._pictures if picture.isVisible()]
        pixels = max(picture.pixels_wide for picture in seen)
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
                for picture in self._pictures:
                    picture.show_png(news.png)
            case Failure():
                self._say(news.sentence)
                news.report()

    def _say(self, sentence: str) -> None:
        for picture in self._pictures:
            picture.say(sentence)


class EnlargedFigure(QWidget):
    """A window that can be made as large as the screen; it goes with the dock."""

    def __init__(self, preview: QWidget) -> None:
        super().__init__(preview, Qt.WindowType.Window)
        self.setWindowTitle("Figure (SparseVAR)")
        self.picture = FittingPicture()
        in_column((self.picture, 1), inside=self, margins=(8, 8, 8, 8))

    def appear(self) -> None:
        """Come to the front, large at first and later as the person left it."""
        screen = self.screen()
        if not self.testAttribute(Qt.WidgetAttribute.WA_Resized) and screen is not None:
            side = round(_ENLARGED_SHARE * screen.availableGeometry().height())
            self.resize(QSize(side, side))
        self.show()
        self.raise_()
        self.activateWindow()

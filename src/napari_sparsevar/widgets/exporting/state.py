"""The export of one viewer: idle, exporting or cancelling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.utils.notifications import show_info, show_warning
from psygnal import Signal
from qtpy.QtGui import QGuiApplication, QImage

from napari_sparsevar.widgets.exporting.worker import Copied, Written
from napari_sparsevar.widgets.work.one_work import OneWork, Report
from napari_sparsevar.widgets.work.thread import Make


def copied(png: bytes) -> str:
    """Put a picture on the clipboard and return a sentence about it."""
    image = QImage.fromData(png, "PNG")
    clipboard = QGuiApplication.clipboard()
    if clipboard is None or image.isNull():
        return "The figure could not be copied: save it instead."
    clipboard.setImage(image)
    return f"Copied the figure, {image.width()} x {image.height()} dots."


class Exporting(OneWork):
    """One export at a time; docks watch it and can be closed and opened again.

    Attributes
    ----------
    written : psygnal.Signal
        Emitted in the main thread with the path of what is complete.
    last_folder : Path or None
        Where something was written last.
    """

    written = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "The export",
            working="exporting",
            ending="cancelling",
            ended="Cancelled; nothing was left behind.",
        )
        self.last_folder: Path | None = None

    def start(self, make: Make) -> None:
        """Start what generates ``Progressed`` and a result; ignored while an export runs."""
        if self.state == "idle":
            self._begin(make)

    def _receive(self, news: Any) -> None:
        super()._receive(news)
        if isinstance(news, Copied):
            self._settle(Report(copied(news.png), 1.0))
        if isinstance(news, Written):
            self._settle(Report(" ".join([f"Wrote {news.path}.", *news.notes]), 1.0))
            show_info(f"Wrote {news.path}.")
            for note in news.notes:
                show_warning(note)
            self.last_folder = news.path.absolute().parent
            self.written.emit(news.path)

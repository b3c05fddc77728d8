"""The export of one viewer: idle, exporting or cancelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_info, show_warning
from psygnal import Signal

from napari_sparsevar.widgets.exporting.worker import Written
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.one_work import OneWork


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

    def start(self, make: Callable[[], Iterator[Any]]) -> None:
        """Start an export; ignored while one runs.

        Parameters
        ----------
        make : callable
            Makes a generator of ``Progressed`` and ``Written``, in the thread.
        """
        if self._state == "idle":
            self._begin(make)

    def cancel(self) -> None:
        """End without leaving anything."""
        self._end_early()

    def _receive(self, news: Any) -> None:
        super()._receive(news)
        match news:
            case Written():
                self._settle(1.0, " ".join([f"Wrote {news.path}.", *news.notes]))
                show_info(f"Wrote {news.path}.")
                for note in news.notes:
                    show_warning(note)
                self.last_folder = news.path.absolute().parent
                self.written.emit(news.path)
            case Failure():
                self._settle(0.0, news.sentence)
                news.report()

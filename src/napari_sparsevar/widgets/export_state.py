"""The export of one viewer: idle, exporting or cancelling."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from napari.utils.notifications import show_error, show_info, show_warning
from psygnal import Signal

from napari_sparsevar.widgets.background import Background, Failure
from napari_sparsevar.widgets.compare_worker import Progressed
from napari_sparsevar.widgets.export_worker import Written

State = Literal["idle", "exporting", "cancelling"]

_log = logging.getLogger(__name__)


class Exporting:
    """One export at a time; docks watch it and can be closed and opened again.

    Attributes
    ----------
    state_changed, progress_changed, written : psygnal.Signal
        Emitted in the main thread; ``written`` with the path of what is complete.
    fraction, words : float, str
        How far, and what is being done or was the matter.
    last_folder : Path or None
        Where something was written last.
    """

    state_changed = Signal(str)
    progress_changed = Signal(float, str)
    written = Signal(object)

    def __init__(self) -> None:
        self.fraction, self.words = 0.0, ""
        self._state: State = "idle"
        self._settled = True
        self._work: Background | None = None
        self.last_folder: Path | None = None

    @property
    def state(self) -> State:
        """Where the export stands."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return self._work is not None

    def start(self, make: Callable[[], Iterator[Any]]) -> None:
        """Start an export; ignored while one runs.

        Parameters
        ----------
        make : callable
            Makes a generator of ``Progressed`` and ``Written``, in the thread.
        """
        if self._state != "idle":
            return
        self._work = Background(make, self._receive, self._ended, what="The export", listed=True)
        self._settled = False
        self._tell(0.0, "Beginning…")
        self._become("exporting")
        self._work.start()

    def cancel(self) -> None:
        """End without leaving anything."""
        if self._work is not None and self._state == "exporting":
            self._become("cancelling")
            self._work.abandon()

    def say(self, sentence: str) -> None:
        """Show a sentence until the export has news."""
        self._tell(0.0, sentence)

    def _receive(self, news: Any) -> None:
        match news:
            case Progressed():
                if self._state == "exporting":
                    self._tell(news.fraction, news.what)
            case Written():
                self._settled = True
                self._tell(1.0, " ".join([f"Wrote {news.path}.", *news.notes]))
                show_info(f"Wrote {news.path}.")
                for note in news.notes:
                    show_warning(note)
                self.last_folder = news.path.absolute().parent
                self.written.emit(news.path)
            case Failure():
                self._settled = True
                self._tell(0.0, news.sentence)
                if news.details:
                    _log.error("%s\n%s", news.sentence, news.details)
                show_error(news.sentence)

    def _ended(self) -> None:
        # Only now: a thread that has said its last word may still be there for a moment.
        self._work = None
        if not self._settled:
            self._tell(0.0, "Cancelled; nothing was left behind.")
        self._become("idle")

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _tell(self, fraction: float, words: str) -> None:
        self.fraction, self.words = fraction, words
        self.progress_changed.emit(fraction, words)

"""The comparisons of the current run: idle, comparing or stopping; what is shown; what is kept."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any, Literal

from napari.utils.notifications import show_error, show_warning
from psygnal import Signal

from napari_sparsevar.analysis.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.widgets.background import Background, Failure
from napari_sparsevar.widgets.compare_worker import (
    Compared,
    CompareRequest,
    Loaded,
    Progressed,
    comparing_stream,
    loading_stream,
)
from napari_sparsevar.widgets.windows_state import Windows

State = Literal["idle", "comparing", "stopping"]

_log = logging.getLogger(__name__)


class Comparing:
    """The comparisons of one viewer; docks watch it and can be closed and opened again.

    Attributes
    ----------
    state_changed, progress_changed, sets_changed, shown_changed, arrived : psygnal.Signal
        Emitted in the main thread; ``progress_changed`` with fraction and words, ``arrived`` with a
        comparison that has just been made, before it is shown.
    windows : Windows
    run : Run or None
    sets : tuple of ComparisonSet
        Those of the run, the oldest first.
    fraction, words : float, str
        How far, and what is being done or was the matter.
    """

    state_changed = Signal(str)
    progress_changed = Signal(float, str)
    sets_changed = Signal()
    shown_changed = Signal()
    arrived = Signal(object)

    def __init__(self) -> None:
        self.windows = Windows()
        self.run: Any = None
        self.sets: tuple[ComparisonSet, ...] = ()
        self.fraction, self.words = 0.0, ""
        self._state: State = "idle"
        self._shown: ComparisonSet | None = None
        self._pair = 0
        self._path: Path | None = None
        self._settled = True
        self._work: Background | None = None
        self._loading: Background | None = None

    @property
    def state(self) -> State:
        """Where the comparison stands."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return self._work is not None or self._loading is not None

    @property
    def shown(self) -> ComparisonSet | None:
        """The comparisons being looked at."""
        return self._shown

    @property
    def pair(self) -> tuple[Comparison, float] | None:
        """The pair of windows being looked at, and its adjusted p-value."""
        if self._shown is None or not self._shown.pairs:
            return None
        return self._shown.pairs[self._pair], self._shown.adjusted[self._pair]

    @property
    def differs(self) -> bool:
        """Whether the dynamics of the pair being looked at differ, adjusted for all pairs."""
        pair = self.pair
        return pair is not None and pair[1] <= pair[0].level

    def start(self, request: CompareRequest) -> None:
        """Start a comparison; ignored while one runs."""
        if self._state != "idle":
            return
        self._path = Path(request.run.path)
        self._work = Background(
            partial(comparing_stream, request),
            self._receive,
            self._ended,
            what="The comparison",
            listed=True,
        )
        self._settled = False
        self._tell(0.0, "Beginning…")
        self._become("comparing")
        self._work.start()

    def stop(self) -> None:
        """End without a result."""
        if self._work is not None and self._state == "comparing":
            self._become("stopping")
            self._work.abandon()

    def set_run(self, run: Any) -> None:
        """Look at another run; its comparisons are read in the background."""
        self.run = run
        self.sets = ()
        self._show(None)
        self.sets_changed.emit()
        if self._loading is not None:
            self._loading.drop()
            self._loading = None
        if run is not None:
            self._loading = Background(
                partial(loading_stream, Path(run.path)),
                self._receive_kept,
                self._loaded,
                what="Reading the comparisons",
            )
            self._loading.start()

    def show_set(self, found: ComparisonSet | None) -> None:
        """Look at other comparisons; the most surprising pair first."""
        if found is not self._shown:
            self._show(found)

    def show_pair(self, first: str, second: str) -> None:
        """Look at the pair of these two windows."""
        for index, pair in enumerate(() if self._shown is None else self._shown.pairs):
            if {pair.a.label, pair.b.label} == {first, second} and index != self._pair:
                self._pair = index
                self.shown_changed.emit()

    def say(self, sentence: str) -> None:
        """Show a sentence until the comparison has news."""
        self._tell(0.0, sentence)

    def _show(self, found: ComparisonSet | None) -> None:
        self._shown = found
        adjusted = () if found is None else found.adjusted
        self._pair = min(range(len(adjusted)), key=adjusted.__getitem__, default=0)
        self.shown_changed.emit()

    def _receive(self, news: Any) -> None:
        match news:
            case Progressed():
                if self._state == "comparing":
                    self._tell(news.fraction, news.what)
            case Compared():
                self._on_compared(news)
            case Failure():
                self._settled = True
                self._tell(0.0, news.sentence)
                _report(news)

    def _on_compared(self, news: Compared) -> None:
        self._settled = True
        self._tell(1.0, news.notice)
        if news.notice:
            show_warning(news.notice)
        # Another run may have been opened meanwhile; there the comparison is only kept.
        if self.run is not None and Path(self.run.path) == self._path:
            self.sets = (*self.sets, news.found)
            self.sets_changed.emit()
            self.arrived.emit(news.found)
            self._show(news.found)

    def _ended(self) -> None:
        # Only now: a thread that has said its last word may still be there for a moment.
        self._work = None
        if not self._settled:
            self._tell(0.0, "Stopped; nothing was kept.")
        self._become("idle")

    def _receive_kept(self, news: Any) -> None:
        if isinstance(news, Failure):
            _report(news)
        elif isinstance(news, Loaded):
            self._on_loaded(news)

    def _on_loaded(self, news: Loaded) -> None:
        names = {found.name for found in news.found}
        self.sets = (*news.found, *(found for found in self.sets if found.name not in names))
        for notice in news.notices:
            show_warning(notice)
        self.sets_changed.emit()
        if self.sets and self._shown is None:
            if not len(self.windows):
                self.windows.set_all(self.sets[-1].windows)
            self._show(self.sets[-1])

    def _loaded(self) -> None:
        self._loading = None

    def _become(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _tell(self, fraction: float, words: str) -> None:
        self.fraction, self.words = fraction, words
        self.progress_changed.emit(fraction, words)


def _report(failure: Failure) -> None:
    if failure.details:
        _log.error("%s\n%s", failure.sentence, failure.details)
    show_error(failure.sentence)

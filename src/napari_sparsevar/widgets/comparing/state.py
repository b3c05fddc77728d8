"""The comparisons of the current run: idle, comparing or stopping; what is shown; what is kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.widgets.comparing.windows import MarkedWindows
from napari_sparsevar.widgets.comparing.worker import (
    Compared,
    CompareRequest,
    Loaded,
    comparing_stream,
    loading_stream,
)
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing
from napari_sparsevar.widgets.work.one_work import OneWork, Report

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run


class Comparing(OneWork):
    """The comparisons of one viewer; docks watch it and can be closed and opened again.

    Attributes
    ----------
    sets_changed, shown_changed, arrived : psygnal.Signal
        Emitted in the main thread; ``arrived`` with a comparison that has just been made, before it
        is shown.
    windows : MarkedWindows
    run : Run or None
    sets : tuple of ComparisonSet
        Those of the run, the oldest first.
    shown : ComparisonSet or None
        Those being looked at.
    """

    sets_changed = Signal()
    shown_changed = Signal()
    arrived = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "The comparison",
            working="comparing",
            ending="stopping",
            ended="Stopped; nothing was kept.",
        )
        self.windows = MarkedWindows()
        self.run: Run | None = None
        self.sets: tuple[ComparisonSet, ...] = ()
        self.shown: ComparisonSet | None = None
        self._pair = 0
        self._path: Path | None = None
        self._loading = Replacing(self._receive_kept, what="Reading the comparisons")

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return super().busy or self._loading.busy

    @property
    def pair(self) -> tuple[Comparison, float] | None:
        """The pair of windows being looked at, and its adjusted p-value."""
        if self.shown is None or not self.shown.pairs:
            return None
        return self.shown.pairs[self._pair], self.shown.adjusted[self._pair]

    @property
    def differs(self) -> bool:
        """Whether the dynamics of the pair being looked at differ, adjusted for all pairs."""
        pair = self.pair
        return pair is not None and pair[1] <= pair[0].level

    def start(self, request: CompareRequest) -> None:
        """Start a comparison; ignored while one runs."""
        if self.state == "idle":
            self._path = Path(request.run.path)
            self._begin(partial(comparing_stream, request))

    def set_run(self, run: Run | None) -> None:
        """Look at another run; its comparisons are read in the background."""
        self.run = run
        self.sets = ()
        self._show(None)
        self.sets_changed.emit()
        self._loading.drop()
        if run is not None:
            self._loading.start(partial(loading_stream, Path(run.path)))

    def show_set(self, found: ComparisonSet | None) -> None:
        """Look at other comparisons; the most surprising pair first."""
        if found is not self.shown:
            self._show(found)

    def show_pair(self, first: str, second: str) -> None:
        """Look at the pair of these two windows."""
        for index, pair in enumerate(() if self.shown is None else self.shown.pairs):
            if {pair.a.label, pair.b.label} == {first, second} and index != self._pair:
                self._pair = index
                self.shown_changed.emit()

    def _show(self, found: ComparisonSet | None) -> None:
        self.shown = found
        adjusted = () if found is None else found.adjusted
        self._pair = min(range(len(adjusted)), key=adjusted.__getitem__, default=0)
        self.shown_changed.emit()

    def _receive(self, news: Any) -> None:
        super()._receive(news)
        if isinstance(news, Compared):
            self._on_compared(news)

    def _on_compared(self, news: Compared) -> None:
        self._settle(Report(news.notice, 1.0))
        if news.notice:
            show_warning(news.notice)
        # Another run may have been opened meanwhile; there the comparison is only kept.
        if self.run is not None and Path(self.run.path) == self._path:
            self.sets = (*self.sets, news.found)
            self.sets_changed.emit()
            self.arrived.emit(news.found)
            self._show(news.found)

    def _receive_kept(self, news: Any) -> None:
        if isinstance(news, Failure):
            news.report()
        elif isinstance(news, Loaded):
            self._on_loaded(news)

    def _on_loaded(self, news: Loaded) -> None:
        names = {found.name for found in news.found}
        self.sets = (*news.found, *(found for found in self.sets if found.name not in names))
        for notice in news.notices:
            show_warning(notice)
        self.sets_changed.emit()
        if self.sets and self.shown is None:
            if not len(self.windows):
                self.windows.set_all(self.sets[-1].windows)
            self._show(self.sets[-1])

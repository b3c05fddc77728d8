"""A run whose layers are in the viewer, read in the background."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run


class RunOpening:
    """Reads one run at a time; a later one takes the place of an earlier.

    Attributes
    ----------
    opened : psygnal.Signal
        With the run, and where its maps lie.
    """

    opened = Signal(object, object)

    def __init__(self) -> None:
        self._path: Path | None = None
        self._placement: Placement | None = None
        self._reading = Replacing(self._receive, what="Opening the run")

    @property
    def busy(self) -> bool:
        """Whether a run is being read."""
        return self._reading.busy

    def open(self, path: Path, placement: Placement) -> None:
        """Read a run; ignored if it is being read, or could not be."""
        if path == self._path:
            return
        self._path, self._placement = path, placement
        self._reading.start(partial(run_stream, path))

    def forget(self) -> None:
        """Give up what is being read: another run has become the current one."""
        self._reading.drop()
        self._path = None

    def _receive(self, news: Any) -> None:
        if isinstance(news, Failure):
            news.report()
        else:
            self.opened.emit(news, self._placement)
            self._path = None


def run_stream(path: Path) -> Iterator[Run]:
    """Yield a run."""
    from napari_sparsevar.run.run import load_run

    yield load_run(path)

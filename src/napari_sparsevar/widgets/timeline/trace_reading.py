"""Traces read in the background, filled as the frames come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sparsevar.movie.traces import Traced
from napari_sparsevar.widgets.work.batches import batches
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing
from napari_sparsevar.widgets.work.precedence import calmly

MIN_INTERVAL_S = 0.1
"""Shortest time between two deliveries to the event loop."""


class TraceReading:
    """Means over a movie, known up to the frame that has been read.

    Parameters
    ----------
    pauses : callable
        Called in the thread before each piece is read; yields until it may be.

    Attributes
    ----------
    changed : psygnal.Signal
        More is known, or another movie is read.
    values : ndarray, shape (T, n)
        NaN where not known.
    known : int
        Frames read so far.
    failure : str
        Why the reading ended early; empty if it did not.
    """

    changed = Signal()

    def __init__(self, pauses: Callable[[], Iterator[None]]) -> None:
        self._pauses = pauses
        self._reading = Replacing(self._receive, what="Reading the movie", ended=self.changed.emit)
        self._clear(0, 0)

    @property
    def n_frames(self) -> int:
        """Frames there are to read."""
        return len(self.values)

    @property
    def busy(self) -> bool:
        """Whether it reads now."""
        return self._reading.busy

    def read(self, make: Callable[[], Iterator[Traced]], n_frames: int, n_traces: int) -> None:
        """Read anew; what was being read is given up."""
        self.stop()
        self._clear(n_frames, n_traces)
        if n_frames and n_traces:
            calm = partial(calmly, make, self._pauses)
            self._reading.start(
                partial(batches, calm, MIN_INTERVAL_S, lambda traced: traced is None)
            )
        self.changed.emit()

    def forget(self) -> None:
        """Stop, and hold nothing."""
        self.read(lambda: iter(()), 0, 0)

    def stop(self) -> None:
        """Read no further."""
        self._reading.drop()

    def _clear(self, n_frames: int, n_traces: int) -> None:
        self.values: npt.NDArray[np.float64] = np.full((n_frames, n_traces), np.nan)
        self.known = 0
        self.failure = ""

    def _receive(self, news: tuple[Traced | None, ...] | Failure) -> None:
        if isinstance(news, Failure):
            self.failure = news.sentence
            self.changed.emit()
            return
        known = [traced for traced in news if traced is not None]
        for traced in known:
            self.values[traced.start : traced.stop] = traced.values
            self.known = traced.stop
        if known:
            self.changed.emit()

"""One piece of work at a time that a person starts, watches and may end: where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from psygnal import Signal

from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import Step, WithResult
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import Background

T = TypeVar("T")

MIN_INTERVAL_S = 0.05
"""Shortest time between two deliveries to the event loop."""


@dataclass(frozen=True)
class Progressed:
    """How far the work is."""

    fraction: float
    what: str


def paced(work: Generator[Step, None, T]) -> Generator[Progressed, None, T]:
    """Yield the progress of work of the library, at most 20 times a second; return its outcome."""
    delivered = -MIN_INTERVAL_S
    try:
        steps = WithResult(work)
        for fraction, what in steps:
            if time.monotonic() - delivered >= MIN_INTERVAL_S:
                delivered = time.monotonic()
                yield Progressed(fraction, what)
        return steps.result
    finally:
        # Closing the generator is what stops the work and removes what is half.
        work.close()


class OneWork:
    """Idle, at work, or ending before it is done.

    Parameters
    ----------
    what : str
        Name of the work at the beginning of a sentence, for example ``The comparison``.
    working, ending : str
        Names of the two states beside ``idle``.
    ended : str
        What is said when it was ended before it was done.

    Attributes
    ----------
    state_changed, progress_changed : psygnal.Signal
        Emitted in the main thread; ``progress_changed`` with fraction and words.
    fraction, words : float, str
        How far, and what is being done or was the matter.
    """

    state_changed = Signal(str)
    progress_changed = Signal(float, str)

    def __init__(self, what: str, *, working: str, ending: str, ended: str) -> None:
        self._what, self._working, self._ending, self._said_at_end = what, working, ending, ended
        self.fraction, self.words = 0.0, ""
        self._state = "idle"
        self._settled = True
        self._work: Background | None = None

    @property
    def state(self) -> str:
        """Where the work stands."""
        return self._state

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return self._work is not None

    def say(self, sentence: str) -> None:
        """Show a sentence until the work has news."""
        self._tell(0.0, sentence)

    def refuse(self, error: UserError) -> None:
        """Say why it was not begun."""
        self.say(str(error))
        Failure(str(error)).report()

    def _begin(self, make: Callable[[], Iterator[Any]]) -> None:
        """Begin what ``make`` generates in a thread; only while idle."""
        self._work = Background(make, self._receive, self._ended, what=self._what, listed=True)
        self._settled = False
        self._tell(0.0, "Beginning…")
        self._become(self._working)
        self._work.start()

    def _end_early(self) -> None:
        if self._work is not None and self._state == self._working:
            self._become(self._ending)
            self._work.abandon()

    def _receive(self, news: Any) -> None:
        """Take what the work yields; whoever inherits takes its outcome."""
        if isinstance(news, Progressed) and self._state == self._working:
            self._tell(news.fraction, news.what)

    def _settle(self, fraction: float, words: str) -> None:
        """Say how it came out."""
        self._settled = True
        self._tell(fraction, words)

    def _ended(self) -> None:
        # Only now: a thread that has said its last word may still be there for a moment.
        self._work = None
        if not self._settled:
            self._tell(0.0, self._said_at_end)
        self._become("idle")

    def _become(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _tell(self, fraction: float, words: str) -> None:
        self.fraction, self.words = fraction, words
        self.progress_changed.emit(fraction, words)

"""One piece of work at a time that a person starts, watches and may end: where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from psygnal import Signal

from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import Step, WithResult
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import Background, Make

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


@dataclass(frozen=True)
class Report:
    """What a person is told: one sentence, how far, how long (to what), how fast, what to know."""

    sentence: str = ""
    fraction: float = 0.0
    eta_seconds: float | None = None
    frames_per_second: float | None = None
    notices: tuple[str, ...] = ()
    toward: str = "left"


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
    state_changed, report_changed : psygnal.Signal
        Emitted in the main thread.
    state : str
    report : Report
    """

    state_changed = Signal(str)
    report_changed = Signal(object)

    def __init__(self, what: str, *, working: str, ending: str, ended: str) -> None:
        self._what, self._working, self._ending, self._said_at_end = what, working, ending, ended
        self.state = "idle"
        self.report = Report()
        self._settled = True
        self._work: Background | None = None

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return self._work is not None

    @property
    def can_end(self) -> bool:
        """Whether it can be ended before it is done."""
        return self.state == self._working and not self._settled

    def say(self, sentence: str) -> None:
        """Show a sentence until the work has news."""
        self._tell(Report(sentence))

    def refuse(self, error: UserError) -> None:
        """Say why it was not begun."""
        self.say(str(error))
        Failure(str(error)).report()

    def stop(self) -> None:
        """End without a result."""
        if self.can_end:
            self._become(self._ending)
            self.abandon()

    def abandon(self) -> None:
        """End at the next news, because nobody will see the result."""
        if self._work is not None:
            self._work.abandon()

    def _begin(self, make: Make, hurry: Callable[[], None] = lambda: None) -> None:
        """Begin what ``make`` generates in a thread; only while idle."""
        self._work = Background(
            make, self._receive, self._ended, what=self._what, listed=True, hurry=hurry
        )
        self._settled = False
        self.say("Beginning…")
        self._become(self._working)
        self._work.start()

    def _receive(self, news: Any) -> None:
        """Take what the work yields; whoever inherits takes its outcome."""
        match news:
            case Progressed() if self.state == self._working:
                self._tell(Report(news.what, news.fraction))
            case Failure():
                self._settle(Report(news.sentence, notices=self.report.notices))
                news.report()

    def _settle(self, report: Report) -> None:
        """Say how it came out."""
        self._settled = True
        self._tell(report)

    def _ended(self) -> None:
        # Only now: a thread that has said its last word may still be there for a moment.
        self._work = None
        if not self._settled:
            self.say(self._said_at_end)
        self._become("idle")

    def _become(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    def _tell(self, report: Report) -> None:
        self.report = report
        self.report_changed.emit(report)

"""Work whose place a later one takes, and questions of which only the last is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from napari_sparsevar.widgets.work.precedence import Precedence
from napari_sparsevar.widgets.work.thread import Background, Make


class Replacing:
    """One piece of work at a time; nothing more is delivered of what has been replaced.

    Parameters
    ----------
    deliver : callable
        Called in the main thread with all that the work yields, or a ``Failure``.
    what : str
        Name of the work at the beginning of a sentence.
    ended : callable, optional
        Called in the main thread when it is done.
    """

    def __init__(
        self,
        deliver: Callable[[Any], None],
        *,
        what: str,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self._deliver, self._what, self._tell_ended = deliver, what, ended
        self._work: Background | None = None

    @property
    def busy(self) -> bool:
        """Whether it works now."""
        return self._work is not None

    def start(self, make: Make) -> None:
        """Begin what ``make`` generates in a thread, in place of what there is."""
        self.drop()
        self._work = Background(make, self._deliver, self._ended, what=self._what)
        self._work.start()

    def drop(self) -> None:
        """Give up what is being done."""
        if self._work is not None:
            self._work.drop()
            self._work = None

    def _ended(self) -> None:
        self._work = None
        self._tell_ended()


class Latest:
    """Answers one question at a time; of those asked meanwhile, only the last.

    Parameters
    ----------
    answer : callable
        Takes a question and yields news, in a thread.
    deliver : callable
        Called in the main thread with all that it yields, or a ``Failure``.
    what : str
        Name of the work at the beginning of a sentence.
    precedence : Precedence, optional
        Told while there is a question without an answer.
    """

    def __init__(
        self,
        answer: Callable[[Any], Iterator[Any]],
        deliver: Callable[[Any], None],
        *,
        what: str,
        precedence: Precedence | None = None,
    ) -> None:
        self._answer = answer
        self._precedence = precedence or Precedence()
        self._waiting: list[Any] = []
        self._work = Replacing(deliver, what=what, ended=self._ended)

    @property
    def busy(self) -> bool:
        """Whether there is a question without an answer."""
        return self._work.busy

    def ask(self, question: Any) -> None:
        """Ask now, or as soon as the present question is answered."""
        if self.busy:
            self._waiting = [question]
            return
        self._precedence.begin()
        self._work.start(partial(self._answer, question))

    def forget(self) -> None:
        """Deliver nothing more of what was asked."""
        self._waiting = []
        if self.busy:
            self._work.drop()
            self._precedence.end()

    def _ended(self) -> None:
        self._precedence.end()
        if self._waiting:
            self.ask(self._waiting.pop())

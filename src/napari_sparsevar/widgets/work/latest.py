"""Questions asked faster than they can be answered: only the last one counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from napari_sparsevar.widgets.work.precedence import Precedence
from napari_sparsevar.widgets.work.thread import Background


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
        self._deliver = deliver
        self._what = what
        self._precedence = precedence
        self._work: Background | None = None
        self._waiting: list[Any] = []

    @property
    def busy(self) -> bool:
        """Whether there is a question without an answer."""
        return self._work is not None

    def ask(self, question: Any) -> None:
        """Ask now, or as soon as the present question is answered."""
        if self._work is not None:
            self._waiting = [question]
            return
        make = partial(self._answer, question)
        self._work = Background(make, self._deliver, self._ended, what=self._what)
        if self._precedence is not None:
            self._precedence.begin()
        self._work.start()

    def forget(self) -> None:
        """Deliver nothing more of what was asked."""
        self._waiting = []
        if self._work is not None:
            self._work.drop()
            self._give_way()

    def _give_way(self) -> None:
        self._work = None
        if self._precedence is not None:
            self._precedence.end()

    def _ended(self) -> None:
        self._give_way()
        if self._waiting:
            self.ask(self._waiting.pop())

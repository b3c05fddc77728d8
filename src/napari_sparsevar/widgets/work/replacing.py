"""Work whose place a later one takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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

"""Reading the movie waits while somebody waits for an answer: both want the same few cores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

REST_S = 0.15
"""How long after an answer the screen still shows it, and the next stroke may come."""

LONGEST_S = 1.0
"""Nothing waits longer than this for its next piece, however long somebody paints."""

_TURN_S = 0.05

T = TypeVar("T")


def calmly(
    make: Callable[[], Iterator[T]], pauses: Callable[[], Iterator[None]]
) -> Generator[T | None]:
    """Yield what a generator yields, and None while it pauses before each step.

    Whoever wants to end the work can do so at each None.
    """
    yield from pauses()
    for each in make():
        yield each
        yield from pauses()


class Precedence:
    """Tells threads when an answer is being computed.

    ``begin`` and ``end`` are called in the main thread, ``pauses`` in any other.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = 0
        self._free_from = 0.0

    def begin(self) -> None:
        """Say that somebody waits."""
        with self._lock:
            self._open += 1

    def end(self) -> None:
        """Say that the answer is there."""
        with self._lock:
            self._open -= 1
            self._free_from = time.monotonic() + REST_S

    def pauses(self) -> Iterator[None]:
        """Yield now and then until nobody waits any more, so that the work can be ended."""
        longest = time.monotonic() + LONGEST_S
        while time.monotonic() < longest and self._taken():
            time.sleep(_TURN_S)
            yield

    def _taken(self) -> bool:
        with self._lock:
            return self._open > 0 or time.monotonic() < self._free_from

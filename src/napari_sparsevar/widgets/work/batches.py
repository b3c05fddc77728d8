"""News that come faster than a screen can show them, delivered together."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def batches(
    make: Callable[[], Generator[T]], every_s: float, urgent: Callable[[T], bool]
) -> Iterator[tuple[T, ...]]:
    """Yield all that a generator yields, in order, in tuples.

    What waits is delivered before an error too.

    Parameters
    ----------
    make : callable
        Makes the generator.
    every_s : float
        Seconds between two tuples.
    urgent : callable
        Whether something, and all before it, is to be delivered at once.
    """
    waiting: list[T] = []
    delivered = -every_s
    try:
        # Closing the generator is what stops the work and gives its memory back.
        with closing(make()) as work:
            for each in work:
                waiting.append(each)
                if urgent(each) or time.monotonic() - delivered >= every_s:
                    delivered = time.monotonic()
                    yield tuple(waiting)
                    waiting.clear()
    except Exception:
        yield tuple(waiting)
        raise
    yield tuple(waiting)

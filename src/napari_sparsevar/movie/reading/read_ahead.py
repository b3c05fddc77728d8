"""Reading what is needed next in a thread of its own while the last piece is worked on."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count
from types import TracebackType
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

DEPTH = 2
"""Pieces read ahead: one would do if reading and computing always took equally long."""


class ReadAhead(Generic[K, T]):
    """Gives what ``read(key)`` returns, begun before it is asked for.

    One thread reads, one piece after the other, so that ``read`` sees the same calls as without it.
    What ``read`` raises is raised where the piece is taken. Used as a context manager, it leaves no
    thread behind.

    Parameters
    ----------
    read : callable
        Gives the piece of a key, always the same one; called from the thread.
    """

    def __init__(self, read: Callable[[K], T]) -> None:
        self._read = read
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        self._coming: OrderedDict[K, Future[T]] = OrderedDict()

    def take(self, key: K, following: Iterable[K]) -> T:
        """Return the piece of a key and begin with those that follow.

        Parameters
        ----------
        key : hashable
        following : iterable of hashable
            What will probably be taken next, in order; what was begun and is neither this nor that
            is forgotten.
        """
        wanted = [key, *following]
        for unwanted in [other for other in self._coming if other not in wanted]:
            self._coming.pop(unwanted).cancel()
        for each in wanted:
            if each not in self._coming:
                self._coming[each] = self._pool.submit(self._read, each)
        return self._coming.pop(key).result()

    def close(self) -> None:
        """Stop reading, once the piece that is being read is there."""
        self._coming.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> ReadAhead[K, T]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def in_turn(
    read: Callable[[K], T], keys: Iterable[K], depth: int = DEPTH
) -> Generator[tuple[K, T], None, None]:
    """Yield each key with its piece, in order, the next pieces being read meanwhile.

    Parameters
    ----------
    read : callable
        Gives the piece of a key; called from a thread.
    keys : iterable of hashable
        All different.
    depth : int
        Pieces read ahead.
    """
    every = list(keys)
    with ReadAhead(read) as ahead:
        for index, key in enumerate(every):
            yield key, ahead.take(key, every[index + 1 : index + 1 + depth])


def ahead_of(pieces: Iterable[T]) -> Generator[T, None, None]:
    """Yield pieces in order, each made in a thread while those before it are worked on.

    Parameters
    ----------
    pieces : iterable
        Gone through in the thread.
    """
    coming = iter(pieces)
    with ReadAhead[int, T | None](lambda _: next(coming, None)) as ahead:
        for number in count():
            piece = ahead.take(number, (number + 1, number + 2))
            if piece is None:
                return
            yield piece

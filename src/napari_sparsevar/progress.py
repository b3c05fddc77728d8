"""Work that says how far it is: generators of fractions that return a result."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")
News = TypeVar("News")

Step = tuple[float, str]
"""Fraction done between 0 and 1, and what is being done."""


class WithResult(Generic[News, T]):
    """Work to loop over, once: what it returned is its ``result`` afterwards.

    >>> def work():
    ...     yield 0.5
    ...     return "done"
    >>> steps = WithResult(work())
    >>> list(steps), steps.result
    ([0.5], 'done')
    """

    result: T

    def __init__(self, work: Generator[News, None, T]) -> None:
        self._work = work

    def __iter__(self) -> Iterator[News]:
        self.result = yield from self._work


def returned(work: Generator[object, None, T]) -> T:
    """Run work to its end and return its result."""
    steps = WithResult(work)
    for _ in steps:
        pass
    return steps.result


def part(work: Generator[float, None, T], start: float, stop: float) -> Generator[float, None, T]:
    """Run a part of a larger work, moving its progress into start .. stop."""
    steps = WithResult(work)
    for fraction in steps:
        yield start + (stop - start) * fraction
    return steps.result


def stage(
    work: Generator[float, None, T], start: float, stop: float, message: str
) -> Generator[Step, None, T]:
    """Run a part of a larger work as ``part`` does, and say what is being done from its start."""
    yield start, message
    steps = WithResult(part(work, start, stop))
    for fraction in steps:
        yield fraction, message
    return steps.result


def moved(work: Generator[Step, None, T], start: float, stop: float) -> Generator[Step, None, T]:
    """Run a part of a larger work that says itself what is being done, as ``part`` does."""
    steps = WithResult(work)
    for fraction, message in steps:
        yield start + (stop - start) * fraction, message
    return steps.result

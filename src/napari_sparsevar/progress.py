"""Work that says how far it is: generators of fractions that return a result."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Step = tuple[float, str]
"""Fraction done between 0 and 1, and what is being done."""


def part(work: Generator[float, None, T], start: float, stop: float) -> Generator[float, None, T]:
    """Run a part of a larger work, moving its progress into start .. stop."""
    while True:
        try:
            fraction = next(work)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]
        yield start + (stop - start) * fraction


def named(work: Generator[float, None, T], message: str) -> Generator[Step, None, T]:
    """Say with every fraction what is being done."""
    while True:
        try:
            fraction = next(work)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]
        yield fraction, message


def returned(work: Generator[object, None, T]) -> T:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as finished:
            return finished.value  # type: ignore[no-any-return]

"""A test is composed of a statistic, a null and an adjustment for how much is looked at.

Whatever fits one of the three protocols below can be put in its place: a new null is one file.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


class Null(Protocol):
    """Draws of what could have been observed if nothing were there."""

    @property
    def draws(self) -> int:
        """Draws in all; p-values that are counted are at least 1 / (draws + 1)."""
        ...

    def batches(self, most: int) -> Iterator[Tensor]:
        """Yield all draws, at most ``most`` at a time, (D, ...): the same each time."""
        ...


class Statistic(Protocol):
    """What is looked at in each draw: large where something is."""

    def __call__(self, drawn: Tensor, /) -> Tensor:
        """Return the m statistics of a family of hypotheses: (D, ...) to (D, m)."""
        ...


class Collector(Protocol):
    """Takes in the statistics of all draws."""

    def add(self, null: Tensor, /) -> None:
        """Take in some draws, (D, m)."""
        ...


class Adjustment(Collector, Protocol):
    """Compares the statistics observed with those of all draws."""

    def p_values(self) -> Tensor:
        """Return the adjusted p-values of what was observed, (m,), once all draws are in."""
        ...


@dataclass(frozen=True, eq=False)
class Family:
    """A family of hypotheses: its statistic, and what it is adjusted by.

    Attributes
    ----------
    statistic : Statistic
    adjustments : sequence of Collector
        An ``Adjustment`` knows the observed statistics.
    """

    statistic: Statistic
    adjustments: Sequence[Collector]


def draw(null: Null, families: Sequence[Family], most: int) -> Generator[float, None, None]:
    """Draw a null and compare families of hypotheses with it; yield the fraction done.

    Parameters
    ----------
    null : Null
    families : sequence of Family
        Their adjustments know the p-values afterwards.
    most : int
        Draws that may be in memory together.
    """
    done = 0
    for drawn in null.batches(most):
        for family in families:
            statistics = family.statistic(drawn)
            for adjustment in family.adjustments:
                adjustment.add(statistics)
        done += len(drawn)
        yield done / null.draws

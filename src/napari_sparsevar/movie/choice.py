"""What a file leaves open: which channel, plane or data set, and the shape of raw pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from napari_sparsevar.errors import UserError

_NAMED = 8
"""Arrays of a file that a sentence names; there may be thousands."""


@dataclass(frozen=True)
class Choice:
    """What of a file is the movie, where the file holds more or says less.

    Parameters
    ----------
    channel, plane : int, optional
        Number of the channel and of the plane in depth, the first is 1.
    dataset : str, optional
        Name of the array inside an HDF5, NWB or Zarr file.
    shape : tuple of int, optional
        Height and width of a frame, for files of bare pixels.
    axes : str, optional
        A letter for each axis of an array that does not name them, or not rightly: ``YXT``.
    channels : int, optional
        How many channels take turns, frame by frame, in a file that does not say so.
    planes : tuple of int, optional
        Numbers of several planes that are one movie, ascending; empty: all of them.
    """

    channel: int | None = None
    plane: int | None = None
    dataset: str | None = None
    shape: tuple[int, int] | None = None
    axes: str | None = None
    channels: int | None = None
    planes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Offer:
    """What a file has to choose from.

    Parameters
    ----------
    channels, planes : int
        How many there are.
    datasets : tuple of str
        Names of the movies inside; empty where the format has no names.
    turns : float, optional
        In how many periods of a plane a volume is read: of its planes, and of what flies back.
    """

    channels: int = 1
    planes: int = 1
    datasets: tuple[str, ...] = ()
    turns: float | None = None


class ChoiceNeeded(UserError):
    """A file holds several movies and nobody said which.

    Parameters
    ----------
    sentence : str
        For a person.
    datasets : sequence of str
        For a program that opens each.
    """

    def __init__(self, sentence: str, datasets: Sequence[str]) -> None:
        super().__init__(sentence)
        self.datasets = tuple(datasets)


_TOGETHER = "; all as one run with --planes all, in Python planes='all'"


def number_of(
    number: int | None, count: int, name: str, what: str
) -> tuple[int | None, tuple[str, ...]]:
    """Return which channel or plane is taken, and a note if nobody chose one.

    Parameters
    ----------
    number : int or None
        What was asked for, the first is 1.
    count : int
        How many there are.
    name : str
        ``channel`` or ``plane``.
    what : str
        What to call the movie in a sentence.

    Returns
    -------
    number : int or None
        The first is 1; None where there is only one, so that nothing is chosen.
    notes : tuple of str
        One sentence where the first of several was taken unasked.

    Raises
    ------
    UserError
        If there is no such channel or plane.
    """
    if count == 1:
        return None, ()
    if number is None:
        note = (
            f"{what} has {count} {name}s; the first one is used "
            f"(choose another with --{name} N, in Python {name}=N"
            f"{_TOGETHER if name == 'plane' else ''})."
        )
        return 1, (note,)
    if not 1 <= number <= count:
        raise UserError(
            f"{what} has {count} {name}s, there is no {name} {number}; choose 1 to {count}."
        )
    return number, ()


def pick(dataset: str | None, found: Sequence[str], what: str) -> str:
    """Return the name of the array that is the movie, one of those found.

    Parameters
    ----------
    dataset : str or None
        What was asked for.
    found : sequence of str
        Names of all arrays that can be movies.
    what : str
        What to call the file in a sentence.

    Raises
    ------
    ChoiceNeeded
        If there are several and nobody chose.
    UserError
        If there is no such array.
    """
    names = ", ".join(found[:_NAMED]) + f" and {len(found) - _NAMED} more" * (len(found) > _NAMED)
    if dataset is None:
        if len(found) == 1:
            return found[0]
        raise ChoiceNeeded(
            f"{what} holds {len(found)} movies ({names}); "
            "choose one with --dataset NAME, in Python dataset=NAME.",
            found,
        )
    wanted = dataset.strip("/")
    matching = [name for name in found if name.strip("/") == wanted] or [
        name for name in found if name.endswith(f"/{wanted}")
    ]
    if len(matching) == 1:
        return matching[0]
    if matching:
        raise UserError(
            f"{what} holds {len(matching)} movies {dataset!r}; say which: {', '.join(matching)}."
        )
    raise UserError(f"{what} holds no movie {dataset!r}; it holds {names}.")


def check_used(choice: Choice, used: Choice, what: str) -> None:
    """Refuse a choice that the file gave no occasion for.

    Parameters
    ----------
    choice : Choice
        What was asked for.
    used : Choice
        What the movie says was chosen.
    what : str
        What to call the movie in a sentence.

    Raises
    ------
    UserError
        If, for example, a channel was asked for and the movie has none.
    """
    for field in fields(Choice):
        wanted, got = getattr(choice, field.name), getattr(used, field.name)
        if field.name == "planes" and wanted == ():
            wanted = got  # all that there are
        named = isinstance(wanted, str) and isinstance(got, str) and got.endswith(wanted.strip("/"))
        if wanted is None or wanted == got or named or (got is None and wanted == 1):
            continue
        raise UserError(
            f"{what} leaves no choice of {_PLAIN[field.name]}; leave {field.name} ({wanted}) out."
        )


_PLAIN = {
    "channel": "a channel",
    "plane": "a plane",
    "dataset": "a data set",
    "shape": "shape",
    "axes": "axes",
    "channels": "channels that take turns",
    "planes": "several planes",
}

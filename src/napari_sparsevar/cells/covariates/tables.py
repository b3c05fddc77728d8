"""Covariates in a table: a column each, and maybe one of times or of numbers of frames."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.cells.covariates.samples import Samples
from napari_sparsevar.cells.formats.matrix import time_unit
from napari_sparsevar.cells.formats.table_text import Table
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.units import seconds

_UNIT = re.compile(r"\s*(.*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]\s*")
_UNNAMED = ("", "index", "Unnamed: 0")

MOST_WORDS = 20
"""Different words in a column, each of which becomes an event."""


_LASTS = {
    "onset": ("duration", "offset"),
    "start_s": ("stop_s", "duration"),
    "start_time": ("stop_time", "end_time", "duration"),
    "time": ("duration",),
    "start": ("stop",),
    "start_frame": ("stop_frame", "end_frame"),
}
"""Columns that say when something begins, those that say how long it lasts."""

_IN_FRAMES = ("start", "start_frame")


class _When(NamedTuple):
    times: npt.NDArray[np.float64] | None
    numbers: npt.NDArray[np.intp] | None
    columns: tuple[int, ...] = ()
    until: npt.NDArray[np.float64] | None = None

    def of(self, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
        """Return what ``Samples`` takes of some rows."""
        given = {"times": self.times, "numbers": self.numbers, "until": self.until}
        return {name: None if each is None else each[rows] for name, each in given.items()}


def samples_of_table(table: Table, what: str, alone: str) -> list[Samples]:
    """Return the covariates of a table.

    Parameters
    ----------
    table : Table
        Numbers, or words that each name an event. With a column of times or frames, words, a column
        of ones and no other column at all are lists of events.
    what : str
        What to call it in a sentence.
    alone : str
        What to call events that have no name.

    Raises
    ------
    UserError
        If there is nothing to use.
    """
    header = table.header or tuple(f"column {i + 1}" for i in table.body)
    when = _when(table, header, what)
    found: list[Samples] = []
    columns = [
        i for i in table.body if i not in when.columns and not _says_nothing(table, header, i)
    ]
    for column in columns:
        found += _of_column(table.body[column], header[column], when, what)
    if not columns and when.columns:
        found = [Samples(alone, "", None, **when.of(np.ones(len(table.body), bool)))]
    if not found:
        raise UserError(f"{what} holds no covariate: bring a column each, with its name above.")
    return found


def split_unit(label: str) -> tuple[str, str]:
    """Return name and unit of ``speed (cm/s)`` or ``speed [cm/s]``; the unit may be empty."""
    match = _UNIT.fullmatch(label)
    return (match[1], match[2]) if match and match[1] else (label.strip(), "")


def _when(table: Table, header: tuple[str, ...], what: str) -> _When:
    lasting = _lasting(table, [re.sub(r"[ _]+", "_", n.strip().lower()) for n in header], what)
    if lasting is not None:
        return lasting
    clocks = [i for i in table.body if time_unit(header[i]) is not None]
    # Seconds rather than numbers of frames.
    for column in sorted(clocks, key=lambda i: time_unit(header[i]) == "frame"):
        unit = time_unit(header[column])
        given = pd.to_numeric(table.body[column], errors="coerce").to_numpy(np.float64)
        if not np.isfinite(given).all():
            row = int(np.flatnonzero(~np.isfinite(given))[0]) + 1
            raise UserError(f"{what}, row {row}: {header[column]} is no number; mend it.")
        rising = (i for i in clocks if i != column and table.body[i].is_monotonic_increasing)
        columns = (column, *rising)
        if unit == "frame":
            return _When(None, given.round().astype(np.intp), columns)
        return _When(given * (seconds(1.0, unit or "s") or 1.0), None, columns)
    return _When(None, None)


def _lasting(table: Table, names: list[str], what: str) -> _When | None:
    """Return when stimuli begin and end; None where the table says it in another way."""
    for start, ends in _LASTS.items():
        end = next((name for name in ends if name in names), None)
        if start not in names or end is None:
            continue
        columns = names.index(start), names.index(end)
        begins, until = (
            pd.to_numeric(table.body[i], errors="coerce").to_numpy(np.float64) for i in columns
        )
        if not np.isfinite(begins).all():
            row = int(np.flatnonzero(~np.isfinite(begins))[0]) + 1
            raise UserError(f"{what}, row {row}: {start} is no number; mend it.")
        until = begins + until if end == "duration" else until
        if (backwards := until < begins).any():
            row = int(backwards.argmax()) + 1
            raise UserError(f"{what}, row {row}: {end} is before {start}; mend it.")
        if start in _IN_FRAMES:
            return _When(None, begins.round().astype(np.intp), columns, until)
        return _When(begins, None, columns, until)
    return None


def _says_nothing(table: Table, header: tuple[str, ...], column: int) -> bool:
    """Return whether a column without a name is empty, or only counts the rows."""
    given = table.body[column]
    if header[column] not in _UNNAMED:
        return False
    if given.isna().all():  # behind a last comma
        return True
    return bool(pd.api.types.is_numeric_dtype(given) and (np.diff(given) == 1).all())


def _of_column(given: pd.Series[Any], label: str, when: _When, what: str) -> list[Samples]:
    name, unit = split_unit(label)
    values = pd.to_numeric(given, errors="coerce").to_numpy(np.float64)
    words = given.notna().to_numpy() & np.isnan(values)
    if words.any():
        return _of_words(given, name, when, what)
    listed = bool(when.columns) and bool((values == 1.0).all())
    known = np.ones(len(values), bool)
    if when.until is not None:
        return [Samples(name, unit, None if listed else np.nan_to_num(values), **when.of(known))]
    order = slice(None) if when.times is None else np.argsort(when.times, kind="stable")
    times = None if when.times is None else when.times[order]
    return [Samples(name, unit, None if listed else values[order], times, when.numbers)]


def _of_words(given: pd.Series[Any], name: str, when: _When, what: str) -> list[Samples]:
    said = given.astype(str).str.strip().where(given.notna(), "")
    different = [word for word in dict.fromkeys(said) if word]
    if len(different) > MOST_WORDS:
        raise UserError(
            f"{what}: {name} has {len(different)} different words ({different[0]!r} ...): it takes "
            f"at most {MOST_WORDS}; leave it out, or write numbers."
        )
    found = []
    for word in different:
        here = (said == word).to_numpy()
        called = f"{name} {word}"
        if not when.columns:
            found.append(Samples(called, "", here.astype(np.float64)))
            continue
        found.append(Samples(called, "", None, **when.of(here)))
    return found

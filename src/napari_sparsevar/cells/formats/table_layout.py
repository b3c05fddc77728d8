"""Where cells and times are in a table, told from the names of its rows and columns."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.cells.cells import Cells, FloatArray
from napari_sparsevar.cells.formats.format import CellChoice
from napari_sparsevar.cells.formats.matrix import (
    Times,
    cells_axis,
    matrix_cells,
    time_unit,
    traces_of,
)
from napari_sparsevar.cells.formats.naming import text_of
from napari_sparsevar.cells.formats.table_text import Table
from napari_sparsevar.errors import UserError

_NAMES = re.compile(r"(cell|roi|neuron|unit|component)([ _]?(id|name|label|number|no))?|name|label")
_UNNAMED = ("", "index", "Unnamed: 0")
_MEASURED = re.compile(
    r"(Area|Mean|StdDev|Mode|Min|Max|Median|IntDen|RawIntDen|Perim\.|X|Y|XM|YM|%Area|Ch|Slice|Frame|"
    r"Circ\.|AR|Round|Solidity|Feret|FeretX|FeretY|FeretAngle|MinFeret|BX|BY|Width|Height|Major|"
    r"Minor|Angle|Skew|Kurt)(\d+|\(.+\))"
)
_NUMBER_OF_FRAME = re.compile(r"(frame|time)[ _]?\d+")


_UNEVEN, _FEWEST_TIMES = 0.05, 10
"""Most by which steps of time differ, in steps, and fewest times, where nothing but this says that
it is time."""


class _Roles(NamedTuple):
    """Which column is what, by number; None where there is none.

    Attributes
    ----------
    time : int
        Of times.
    names : int
        Of names of cells.
    numbers : int
        Of whole numbers without a name: of frames or of cells.
    values : list of int
        Of traces.
    """

    time: int | None
    names: int | None
    numbers: int | None
    values: list[int]


def cells_of_table(table: Table, path: Path, choice: CellChoice) -> Cells:
    """Return the traces of a table.

    A column of times, or names of columns that are no numbers, say that cells are in columns; a
    column of names, or times as names of columns, that they are in rows.

    Raises
    ------
    CellChoiceNeeded
        If nothing says it.
    UserError
        If there is something else than numbers.
    """
    what = str(path)
    roles = _roles(table, what)
    if choice.cells_in is None and _is_long(table, roles):
        return _long(table, roles, path, choice)
    values, body = roles.values, table.body
    header = None if table.header is None else [table.header[i] for i in values]
    along, size = _columns_are(header), (len(body), len(values))
    axis = _axis(roles, along, size, what, choice)
    traces = traces_of(_numbers(table, values, what, np.float32), axis, what)
    if axis == 0:
        column = roles.numbers if roles.names is None else roles.names
        names = None if column is None else [text_of(v) for v in body[column].tolist()]
        times = _times_of_header(header) if along == "frames" else None
        return matrix_cells(traces, what, choice, names, times)
    timed = roles.numbers if roles.time is None else roles.time
    times = None if timed is None else _times(table, timed, what)
    named = (
        None
        if header is None
        else [name or f"column {i + 1}" for i, name in zip(values, header, strict=True)]
    )
    return _judged(matrix_cells(traces, what, choice, named, times), table, values)


def _axis(
    roles: _Roles, along: str | None, size: tuple[int, int], what: str, choice: CellChoice
) -> int:
    rows = roles.names is not None or along == "frames"
    columns = roles.time is not None or along == "cells"
    if choice.cells_in is None and rows and roles.time is None:
        return 0
    if choice.cells_in is None and columns and roles.names is None:
        return 1
    return cells_axis(size, what, choice)


def _roles(table: Table, what: str) -> _Roles:
    """Return what the columns are; a first one that only counts the rows is left out."""
    body, labels = table.body, table.header or ("",) * table.body.shape[1]
    values = [i for i in body if labels[i] not in _UNNAMED or not body[i].isna().all()]
    measured = [i for i in values if _MEASURED.fullmatch(labels[i])]
    if measured and all(i in measured or _says_which_row(labels[i]) for i in values):
        return _Roles(None, None, None, _means(labels, measured, what))
    clocks = [i for i in values if time_unit(labels[i]) is not None]
    # Seconds rather than numbers of frames; what else goes up like a clock is no trace either.
    time = min(clocks, key=lambda i: time_unit(labels[i]) == "frame", default=None)
    values = [i for i in values if i == time or i not in clocks or not _rises(body[i])]
    names = next((i for i in values if _NAMES.fullmatch(labels[i].lower())), None)
    numbers = None
    if values and values[0] not in (time, names):
        first = values[0]
        if _counts(body[first]):
            del values[0]
        elif time is None and names is None and _dates(body[first]) is not None:
            time = first
        elif time is None and names is None and _holds_words(body[first]):
            names = first if body[first].nunique() > 1 else None
        elif table.header and labels[first] in _UNNAMED and _numbers_rows(body[first]):
            numbers = first
        elif time is None and names is None and table.header and _rises_evenly(body[first]):
            time = first
    return _Roles(time, names, numbers, [i for i in values if i not in (time, names, numbers)])


def _says_which_row(label: str) -> bool:
    """Return whether a column beside ImageJ's measures says which row it is, and which image."""
    return label.strip() in (*_UNNAMED, "Label")


def _means(labels: tuple[str, ...], values: list[int], what: str) -> list[int]:
    """Return the means, where ImageJ has measured area, extremes and so on of each cell as well."""
    measures = {i: str(_MEASURED.fullmatch(labels[i])[1]) for i in values}  # type: ignore[index]
    different = sorted(set(measures.values()))
    if len(different) == 1:
        return values
    if "Mean" not in different:
        raise UserError(
            f"{what} holds {', '.join(different[:4])} of each region and no Mean: measure the mean "
            "grey value too."
        )
    return [i for i in values if measures[i] == "Mean"]


def _rises(column: pd.Series[Any]) -> bool:
    """Return whether a column never goes down, and ends above where it began."""
    if not pd.api.types.is_numeric_dtype(column):
        return True
    steps = np.diff(column.to_numpy(np.float64))
    return bool((steps >= 0.0).all() and steps.any())


def _numbers_rows(column: pd.Series[Any]) -> bool:
    """Return whether a column holds whole numbers that go up: of frames or of cells."""
    if not pd.api.types.is_numeric_dtype(column):
        return False
    numbers = column.to_numpy(np.float64)
    return bool((numbers % 1.0 == 0.0).all() and (np.diff(numbers) > 0.0).all())


def _dates(column: pd.Series[Any]) -> FloatArray | None:
    """Return seconds since the first of dates or durations, (rows,); None where it holds others."""
    if pd.api.types.is_timedelta64_dtype(column):
        return np.asarray((column - column.iloc[0]).dt.total_seconds(), np.float64)
    dates = column
    if not pd.api.types.is_datetime64_any_dtype(column):
        if not _holds_words(column):
            return None
        dates = pd.to_datetime(column, errors="coerce", format="ISO8601", utc=True)
    if not dates.notna().all():
        return None
    return np.asarray((dates - dates.iloc[0]).dt.total_seconds(), np.float64)


def _holds_words(column: pd.Series[Any]) -> bool:
    return not pd.api.types.is_numeric_dtype(column) and bool(
        pd.to_numeric(column, errors="coerce").isna().all()
    )


def _counts(column: pd.Series[Any]) -> bool:
    """Return whether a column counts its rows, from 0 or 1."""
    if len(column) < 3 or not pd.api.types.is_numeric_dtype(column):
        return False
    return bool((np.diff(column) == 1).all()) and column.iloc[0] in (0, 1)


def _rises_evenly(column: pd.Series[Any]) -> bool:
    """Return whether a column goes up by the same from row to row, as time does and no trace."""
    if len(column) < _FEWEST_TIMES or not pd.api.types.is_numeric_dtype(column):
        return False
    steps = np.diff(column.to_numpy(np.float64))
    return bool(steps.min() > 0.0 and np.ptp(steps) < _UNEVEN * np.median(steps))


def _columns_are(header: list[str] | None) -> str | None:
    """Return what names of columns name: ``cells``, ``frames``, or None where it is open."""
    if header is None or not any(header):
        return None
    if all(_NUMBER_OF_FRAME.fullmatch(name.lower()) for name in header):
        return "frames"
    numbers = _header_numbers(header)
    if numbers is None:
        return "cells"
    whole = not (numbers % 1.0).any()
    return None if whole or not (np.diff(numbers) > 0).all() else "frames"


def _header_numbers(header: list[str]) -> FloatArray | None:
    try:
        return np.array([float(name.replace(",", ".")) for name in header])
    except ValueError:
        return None


def _times_of_header(header: list[str] | None) -> Times | None:
    numbers = _header_numbers(header or ["none"])
    return None if numbers is None else Times(numbers, "")


def _times(table: Table, column: int, what: str) -> Times:
    """Return the times in a column: numbers, or dates of the calendar."""
    if (since := _dates(table.body[column])) is not None:
        return Times(since, "s")
    name = "" if table.header is None else table.header[column]
    return Times(_numbers(table, [column], what)[:, 0], time_unit(name) or "")


def _numbers(
    table: Table, columns: list[int], what: str, dtype: npt.DTypeLike = np.float64
) -> npt.NDArray[Any]:
    """Return the numbers of some columns, (rows, columns).

    Raises
    ------
    UserError
        If a word is among them.
    """
    found = np.empty((len(table.body), len(columns)), dtype)
    for place, column in enumerate(columns):
        given = table.body[column]
        values = pd.to_numeric(given, errors="coerce")
        wrong = np.flatnonzero(values.isna() & given.notna())
        if len(wrong):
            named = f" ({table.header[column]})" if table.header else ""
            raise UserError(
                f"{what} holds {str(given.iloc[wrong[0]])[:40]!r} in column {column + 1}{named}, "
                f"row {int(wrong[0]) + 1}, which is no number; leave such columns and rows out."
            )
        found[:, place] = values.to_numpy(np.float64, na_value=np.nan)
    return found


def _judged(cells: Cells, table: Table, values: list[int]) -> Cells:
    """Return cells of which those are accepted that the file does not call rejected."""
    if table.status is None:
        return cells
    marks = [table.status[i] if i < len(table.status) else "" for i in values]
    return replace(cells, accepted=np.array([mark != "rejected" for mark in marks]))


def _is_long(table: Table, roles: _Roles) -> bool:
    """Return whether each row is one cell at one time."""
    if roles.time is None or roles.names is None or len(roles.values) != 1:
        return False
    return not table.body[roles.names].is_unique


def _long(table: Table, roles: _Roles, path: Path, choice: CellChoice) -> Cells:
    """Return the traces of a table with a row a cell and time."""
    assert table.header is not None
    what = str(path)
    tidy = pd.DataFrame(
        {
            "name": [text_of(name) for name in table.body[roles.names].tolist()],
            "time": _times(table, roles.time or 0, what).values,
            "value": _numbers(table, roles.values, what)[:, 0],
        }
    )
    if tidy.duplicated(["name", "time"]).any():
        raise UserError(f"{what} has two rows for one cell at one time; export it again.")
    wide = tidy.pivot(index="time", columns="name", values="value")
    wide = wide[list(dict.fromkeys(tidy["name"]))]
    times = Times(wide.index.to_numpy(np.float64), time_unit(table.header[roles.time or 0]) or "")
    traces = traces_of(wide.to_numpy(), 1, what)
    return matrix_cells(traces, what, choice, [str(name) for name in wide.columns], times)

"""Tables as text: their encoding, separator, decimal sign and first lines are found out."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained

_HEAD_BYTES = 1 << 20
_HEAD_LINES = 12
_QUOTED = re.compile(r'"[^"]*"')
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+([eE][+-]?\d+)?\s*")
_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_EMPTY = {"", "na", "n/a", "nan", "null", "none", "inf", "-inf"}
_STATUS = {"accepted", "rejected", "undecided"}
"""What Inscopix writes of each cell below its name."""


@dataclass(frozen=True)
class Table:
    """A table as it lies in a file.

    Attributes
    ----------
    header : tuple of str or None
        Names of the columns; None where the first row holds numbers.
    body : DataFrame
        The rows below, columns numbered from 0.
    status : tuple of str or None
        A second row of words: what somebody thought of each column.
    """

    header: tuple[str, ...] | None
    body: pd.DataFrame
    status: tuple[str, ...] | None = None


def table_of(frame: pd.DataFrame) -> Table:
    """Return a table that is in memory; an index that does more than count is its first column."""
    if isinstance(frame.index, pd.MultiIndex):
        raise UserError(
            "The rows of the table have names of several levels: make them columns (reset_index), "
            "or drop them."
        )
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=frame.index.name or "")
    header = tuple(str(name) for name in frame.columns)
    return Table(header, frame.set_axis(range(len(header)), axis=1))


def read_text(path: Path) -> Table:
    """Read a table of text.

    Raises
    ------
    UserError
        If it is empty or no table.
    """
    with explained(path, f"{path} is no table", csv.Error):
        encoding = _encoding(path)
        with path.open(encoding=encoding, errors="replace") as file:
            comment, lines = _head(file)
        if not lines:
            raise UserError(f"{path} is empty; choose another file.")
        separator = _separator([line for _, line in lines])
        rows = list(csv.reader((line for _, line in lines), delimiter=separator))
        decimal = "," if separator != "," and _decimal_comma(rows) else "."
        header = _header(rows, decimal)
        status = _status(rows) if header is not None else None
        first = (header is not None) + (status is not None)
        if first >= len(rows):
            raise UserError(f"{path} holds names but no numbers; choose another file.")
        if not _words(rows[0], decimal):
            named = next(csv.reader([comment], delimiter=separator), [])
            header, first = (tuple(named), 0) if len(named) == len(rows[0]) else (header, first)
        body = pd.read_csv(
            path,
            sep=separator,
            header=None,
            skiprows=lines[first][0],
            decimal=decimal,
            thousands="." if decimal == "," and _thousands(rows) else None,
            encoding=encoding,
            encoding_errors="replace",
            low_memory=False,
            skipinitialspace=True,
        )
    return Table(_of_all_columns(header, body.shape[1], path), body, status)


def _of_all_columns(
    header: tuple[str, ...] | None, n_columns: int, path: Path
) -> tuple[str, ...] | None:
    if header is None or len(header) == n_columns:
        return header
    if len(header) == n_columns - 1:
        return ("", *header)  # as R writes it: row names have no name
    raise UserError(
        f"{path} has {len(header)} names of columns and {n_columns} columns; export it again."
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The last letter may be cut in two.
        return "utf-8-sig" if error.start > len(head) - 4 and len(head) == _HEAD_BYTES else "cp1252"
    return "utf-8-sig"


def _head(text: Iterable[str]) -> tuple[str, list[tuple[int, str]]]:
    """Return the last line of a comment on top, and the first lines with something in them.

    With each of these comes how many lines precede it.
    """
    comment = ""
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text):
        if line.startswith("#") and not found:
            comment = line.lstrip("# ")
        elif line.strip():
            found.append((number, line))
        if len(found) == _HEAD_LINES:
            break
    return comment, found


def _separator(lines: list[str]) -> str:
    """Return the first sign that cuts all lines into as many parts, names apart."""
    for sign in ("\t", ";", ",", " "):
        counts = [_QUOTED.sub("", line).count(sign) + 1 for line in lines]
        body = counts[1:] or counts
        if min(body) > 1 and len(set(body)) == 1:
            return sign
    return max("\t;,", key=lines[0].count)


def _decimal_comma(rows: list[list[str]]) -> bool:
    return any(_DECIMAL_COMMA.fullmatch(word) for row in rows[-3:] for word in row)


def _thousands(rows: list[list[str]]) -> bool:
    """Return whether points are between thousands: nothing else has one."""
    words = [word.strip() for row in rows[1:] for word in row if "." in word]
    return bool(words) and all(_GROUPED.fullmatch(word) for word in words)


def _header(rows: list[list[str]], decimal: str) -> tuple[str, ...] | None:
    """Return the first row where it names columns.

    Words do. So do whole numbers, each another, over rows that are not whole: numbers of regions.
    """
    first = tuple(word.strip() for word in rows[0])
    if _words(rows[0], decimal) or first[0] == "":
        return first
    values = [_number(word, decimal) or 0.0 for word in first]
    numbers = all(value.is_integer() for value in values) and len(set(values)) == len(values)
    below = [_number(word, decimal) for row in rows[1:] for word in row]
    broken = any(value is not None and value % 1.0 for value in below)
    return first if numbers and broken and len(values) > 1 else None


def _words(row: list[str], decimal: str) -> bool:
    """Return whether anything in a row is no number."""
    return any(_number(word, decimal) is None for word in row)


def _status(rows: list[list[str]]) -> tuple[str, ...] | None:
    words = [word.strip().lower() for word in rows[1]] if len(rows) > 1 else []
    return tuple(words) if words[1:] and set(words[1:]) <= _STATUS else None


def _number(word: str, decimal: str) -> float | None:
    """Return a number, NaN where nothing is said, None for any other word."""
    if word.strip().lower() in _EMPTY:
        return float("nan")
    try:
        return float(word.replace(decimal, "."))
    except ValueError:
        return None

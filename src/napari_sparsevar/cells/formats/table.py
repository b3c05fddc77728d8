"""Tables of traces with names: CSV, TSV and Parquet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.formats.table_layout import cells_of_table
from napari_sparsevar.cells.formats.table_text import Table, read_text, table_of
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained

_TEXT = (".csv", ".tsv")
_PARQUET = b"PAR1"
_GLANCE = 4096


def claims(path: Path) -> bool:
    """Return whether this is a table, text by its name and Parquet by its first bytes."""
    if not path.is_file():
        return False
    return path.suffix.lower() in _TEXT or _is_parquet(path)


def read(path: Path, choice: CellChoice) -> Cells:
    """Open traces; names of rows and columns say where cells are, else it is asked."""
    return cells_of_table(read_table(path), path, choice)


def read_table(path: Path) -> Table:
    """Read a table, Parquet by its first bytes and text otherwise.

    Raises
    ------
    UserError
        If it is none, or damaged.
    """
    if _is_parquet(path):
        return _parquet(path)
    with path.open("rb") as file:
        begins = file.read(_GLANCE)
    if begins.startswith(b"PK\3\4"):
        raise UserError(f"{path} is a workbook or an archive; save its table as CSV.")
    if b"\0" in begins and not begins.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{path} is no table of text; save it as CSV.")
    return read_text(path)


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_PARQUET)) == _PARQUET


def _parquet(path: Path) -> Table:
    try:
        import pyarrow
    except ImportError:
        raise UserError(
            f"{path} is Parquet, which needs pyarrow: pip install 'napari-sparsevar[parquet]'."
        ) from None
    with explained(path, f"{path} is damaged or no Parquet file", pyarrow.ArrowException):
        frame = pd.read_parquet(path, engine="pyarrow")
    return table_of(frame)


FORMAT = CellFormat(
    name="table",
    suffixes=(*_TEXT, ".parquet"),
    claims=claims,
    read=read,
    uses=("cells_in",),
)

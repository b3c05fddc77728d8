"""Matrices, tables and traces of cells as CSV, NumPy arrays and Parquet."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.cells.cell_fit import MATRIX_KINDS, CellFit, MatrixKind
from napari_sparsevar.cells.cells import Float32Array, FloatArray
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.disk.names import free_names
from napari_sparsevar.errors import UserError
from napari_sparsevar.progress import Step


def write_csv(fit: CellFit, folder: Path) -> Generator[Step, None, None]:
    """Write tables, matrices and traces into a folder as CSV; yield how far it is."""
    for name, table in tables_of(fit):
        with replacing(folder / f"{name}.csv") as temporary:
            table.to_csv(temporary, index=False)
    for fraction, name, matrix in _matrices(fit):
        yield 0.5 * fraction, "Writing matrices as CSV"
        with replacing(folder / f"{name}.csv") as temporary:
            _write_numbers(temporary, ("source", *fit.names), fit.names, matrix)
    for fraction, name, traces in _traces(fit):
        yield 0.5 + 0.5 * fraction, "Writing traces as CSV"
        title, times = _times(fit, len(traces))
        with replacing(folder / f"{name}.csv") as temporary:
            _write_numbers(temporary, (title, *fit.names), map(repr, times.tolist()), traces)


def write_npy(fit: CellFit, folder: Path) -> Generator[Step, None, None]:
    """Write matrices, traces and the names of their cells as NumPy arrays of plain numbers."""
    _save(np.asarray(fit.names, str), folder / "names.npy")
    for fraction, name, matrix in _matrices(fit):
        yield 0.5 * fraction, "Writing matrices as NPY"
        _save(matrix, folder / f"{name}.npy")
    for fraction, name, traces in _traces(fit):
        yield 0.5 + 0.5 * fraction, "Writing traces as NPY"
        _save(traces, folder / f"{name}.npy")


def write_parquet(fit: CellFit, folder: Path) -> Generator[Step, None, None]:
    """Write tables, matrices and traces as Parquet: a column a cell, by its name.

    Raises
    ------
    UserError
        If pyarrow is not installed.
    """
    needed_pyarrow()

    def write(table: pd.DataFrame, name: str) -> None:
        with replacing(folder / f"{name}.parquet") as temporary:
            table.to_parquet(temporary, engine="pyarrow")

    for name, table in tables_of(fit):
        write(table, name)
    for fraction, name, matrix in _matrices(fit):
        yield 0.5 * fraction, "Writing matrices as Parquet"
        write(named(fit, matrix), name)
    for fraction, name, traces in _traces(fit):
        yield 0.5 + 0.5 * fraction, "Writing traces as Parquet"
        write(trace_table(fit, traces), name)


def needed_pyarrow() -> None:
    """Raise UserError if pyarrow is not installed."""
    with suppress(ImportError):
        import pyarrow as pyarrow

        return
    raise UserError(
        "Parquet files need pyarrow, which is not installed: pip install "
        "'napari-sparsevar[parquet]'."
    )


def tables_of(fit: CellFit) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the tables of a fit with their names."""
    yield "edges", fit.edges
    yield "cells", fit.drivers
    if fit.beside is not None:
        yield "disagreements", fit.disagreements


def write_matrix(
    fit: CellFit,
    path: Path,
    kind: MatrixKind = "estimate",
    lag: int | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write one matrix, rows drive columns: CSV, ``.npy`` or ``.parquet`` by the ending.

    Parameters
    ----------
    fit : CellFit
    path : Path
    kind, lag
        As of ``CellFit.matrix``.
    overwrite : bool

    Raises
    ------
    UserError
        If there is no such matrix or ending, or the file exists.
    """
    matrix, ending = fit.matrix(kind, lag), path.suffix.lower()
    if ending == ".parquet":
        needed_pyarrow()
    writers: dict[str, Callable[[Path], Any]] = {
        ".csv": lambda file: _write_numbers(file, ("source", *fit.names), fit.names, matrix),
        ".npy": lambda file: np.save(file, matrix, allow_pickle=False),
        ".parquet": lambda file: named(fit, matrix).to_parquet(file, engine="pyarrow"),
    }
    if ending not in writers:
        raise UserError(f"{path}: a matrix is written as {', '.join(writers)}; choose an ending.")
    with replacing(path, overwrite=overwrite) as temporary:
        writers[ending](temporary)


def named(fit: CellFit, matrix: FloatArray) -> pd.DataFrame:
    """Return a matrix (n, n) with the names of the cells as index and columns."""
    return pd.DataFrame(matrix, index=list(fit.names), columns=list(fit.names))


def trace_table(fit: CellFit, traces: Float32Array) -> pd.DataFrame:
    """Return traces (T, n) as a table: a row a frame, a column a cell, by its name.

    The first column is ``time_s``, or ``frame`` where the frame rate is not known.
    """
    table = pd.DataFrame(traces, columns=list(fit.names))
    table.insert(0, *_times(fit, len(traces)))
    return table


def _times(fit: CellFit, n_frames: int) -> tuple[str, npt.NDArray[Any]]:
    """Return the column of the time, and what it is called: as no cell is."""
    title = next(free_names("time_s" if fit.fps else "frame", fit.names))
    frames = np.arange(n_frames)
    return title, frames / fit.fps if fit.fps else frames


def _matrices(fit: CellFit) -> Iterator[tuple[float, str, FloatArray]]:
    """Yield every matrix and its name, one after the other: they can be large."""
    wanted: list[tuple[MatrixKind, int | None]] = [(kind, None) for kind in MATRIX_KINDS]
    if fit.lags > 1:
        wanted += [("estimate", lag) for lag in range(1, fit.lags + 1)]
    for index, (kind, lag) in enumerate(wanted):
        name = f"matrix-{kind}" + (f"-lag-{lag}" if lag else "")
        yield index / len(wanted), name, fit.matrix(kind, lag)


def _traces(fit: CellFit) -> Iterator[tuple[float, str, Float32Array]]:
    """Yield what was fitted, and the traces as they came."""
    yield 0.0, "traces-fitted", fit.series
    for index, (kind, traces) in enumerate(fit.cells.traces.items(), start=1):
        yield index / (len(fit.cells.traces) + 1), f"traces-{kind}", traces


def _write_numbers(
    path: Path, header: Sequence[str], rows: Iterable[str], values: npt.NDArray[Any]
) -> None:
    """Write numbers with a header and a first column as CSV; NaN is empty.

    There can be hundreds of millions, for which pandas takes four times as long.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(map(_quoted, header)) + "\n")
        template = "," + ",".join(["%.9g"] * values.shape[1]) + "\n"
        for row, numbers in zip(rows, values, strict=True):
            written = (template % tuple(numbers.tolist())).replace("nan", "")
            file.write(_quoted(row) + written)


def _quoted(text: str) -> str:
    """Return a text as a field of CSV (RFC 4180)."""
    plain = not any(character in text for character in ',"\r\n')
    return text if plain else '"' + text.replace('"', '""') + '"'


def _save(values: Any, path: Path) -> None:
    with replacing(path) as temporary:
        np.save(temporary, values, allow_pickle=False)

"""Traces in a matrix of numbers: its cells are where what lies beside it says, else it is asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import Cells, Float32Array, FloatArray
from napari_sparsevar.cells.formats.format import CellChoice, CellChoiceNeeded
from napari_sparsevar.cells.formats.naming import unique_names
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.times import timing_of
from napari_sparsevar.movie.units import is_time, seconds

_TIME = {
    *("time", "times", "t", "timestamp", "timestamps", "elapsed", "frametime", "frametimes"),
    *("date", "datetime"),
}
_FRAMES = {"frame", "frames", "slice", "framenumber"}
_COUNTED = {"number", "numbers", "index", "idx", "id", "no", "nr", "num"}
_OF_A_CLOCK = {
    *("stamp", "stamps", "point", "points", "since", "from", "of", "the", "start", "onset"),
    *("recording", "session", "movie", "imaging", "experiment", "elapsed", "relative", "in"),
    *("absolute", "unix", "epoch", "utc", "clock", "computer", "system"),
}
_FRAME = "frame"

_SLOWEST_HZ = 0.05
"""Times that make fewer frames a second, and do not say their unit, are no seconds."""


class Times(NamedTuple):
    """When frames were taken.

    Attributes
    ----------
    values : ndarray, shape (T,)
    unit : str
        ``s``, ``ms`` ...; ``frame`` where they are numbers of frames; empty where nothing is said.
    """

    values: FloatArray
    unit: str


def time_unit(name: str) -> str | None:
    """Return the unit of a column or array that holds times, empty if it says none.

    None where it holds something else. ``time (ms)``, ``t``, ``seconds`` and ``Frame`` hold times;
    ``t1``, ``time since lick`` and ``frame brightness`` are names.
    """
    if re.search(r"\d", name):
        return None
    words = [word for word in re.split(r"[^a-zµμ]+", name.lower()) if word]
    if not words or len(words) > 4:
        return None
    units = [word for word in words if is_time(word)]
    rest = set(words) - set(units)
    if words == ["min"] or rest - _TIME - _FRAMES - _COUNTED - _OF_A_CLOCK:
        return None  # the least of something, or a time of its own
    if words[0] in _FRAMES and not units and not rest & _TIME:
        return _FRAME
    if units and (len(words) == 1 or rest & (_TIME | _FRAMES)):
        return units[-1]
    return "" if rest & _TIME else None


def cells_axis(
    shape: tuple[int, ...],
    what: str,
    choice: CellChoice,
    n_names: int | None = None,
    n_times: int | None = None,
) -> int:
    """Return which axis of a matrix counts cells.

    Parameters
    ----------
    shape : tuple of int
    what : str
        What to call the matrix in a sentence.
    choice : CellChoice
        Where a person says cells are: this counts first.
    n_names, n_times : int, optional
        How many names of cells and times of frames lie beside it.

    Raises
    ------
    CellChoiceNeeded
        If nothing says it.
    UserError
        If it is of one cell, or empty.
    """
    _check_size(shape, what)
    if choice.cells_in is not None:
        return ("rows", "columns").index(choice.cells_in)
    rows = n_names == shape[0] or n_times == shape[1]
    columns = n_names == shape[1] or n_times == shape[0]
    if rows != columns:
        return int(columns)
    raise CellChoiceNeeded(
        f"{what} holds {shape[0]} x {shape[1]} numbers and does not say whether cells are in rows "
        "or columns.",
        "cells_in",
        ("rows", "columns"),
    )


def traces_of(values: npt.NDArray[Any], axis: int, what: str) -> Float32Array:
    """Return traces (T, n) of a matrix whose cells are counted by an axis.

    Raises
    ------
    UserError
        If it is of one cell, or holds no real numbers, or none that is known.
    """
    _check_size(values.shape, what)
    if values.dtype.kind not in "uifb":
        raise UserError(f"{what} holds no real numbers but {values.dtype}; export it as numbers.")
    traces = single(values.T if axis == 0 else values)
    if not np.isfinite(traces).any():
        raise UserError(f"{what} holds nothing but NaN; export the traces again.")
    return traces


def single(values: npt.NDArray[Any]) -> Float32Array:
    """Return numbers in single precision; what is too large is not finite, and so not known."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(values, dtype=np.float32)


def matrix_cells(
    traces: Float32Array,
    what: str,
    choice: CellChoice,
    names: Sequence[str] | None = None,
    times: Times | None = None,
    fps: float | None = None,
) -> Cells:
    """Return cells of traces (T, n), with what is known of names and times.

    Parameters
    ----------
    traces : ndarray of float32, shape (T, n)
    what : str
        What to call their file in a sentence.
    choice : CellChoice
        What kind of traces they are.
    names : sequence of str, optional
        By default numbers from 0.
    times : Times, optional
        Where time jumps, a note says so.
    fps : float, optional
        Where times do not say it.
    """
    called, notes = unique_names(names or [str(i) for i in range(traces.shape[1])], what)
    known = {"traces": {choice.kind or "raw": traces}, "fps": fps}
    if times is not None:
        timed, said = _timed(times, what)
        known |= {key: value for key, value in timed.items() if value is not None}
        notes += said
    return Cells(called, notes=notes, **known)  # type: ignore[arg-type]


def _check_size(shape: tuple[int, ...], what: str) -> None:
    if min(shape) < 2:
        raise UserError(
            f"{what} holds {shape[0]} x {shape[1]} numbers: it takes the traces of two cells or "
            "more."
        )


def _timed(times: Times, what: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return times and frame rate, and what was assumed of them."""
    timing = timing_of(times.values, what)
    notes = timing.note(what)
    counts = not times.unit and timing.step == 1.0 and not (times.values % 1.0).any()
    if times.unit == _FRAME or counts:
        said = f"{what}: its times go up by 1 and are taken for numbers of frames." * counts
        return {"times": times.values, "fps": None}, (*filter(None, [said]), *notes)
    factor = seconds(1.0, times.unit or "s")
    assert factor is not None
    fps = float(f"{1.0 / (timing.step * factor):.6g}")
    if not times.unit and fps < _SLOWEST_HZ:
        raise UserError(
            f"{what}: its times would be seconds of {fps:g} frames a second: say their unit, such "
            "as time (ms)."
        )
    if not times.unit:
        notes += (f"{what}: its times are taken for seconds, {fps:g} frames a second.",)
    return {"times": times.values * factor, "fps": fps}, notes

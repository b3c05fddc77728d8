"""Covariates in NWB: the time series of behaviour and of stimuli."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.covariates.samples import FloatArray, Samples
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.hdf5_file import is_dataset, open_hdf5
from napari_sparsevar.movie.formats.nwb_series import type_of

_TYPES = ("TimeSeries", "SpatialSeries")
_INTERNAL = ("processing/behavior", "processing/behaviour", "stimulus/presentation")

MOST_COLUMNS = 8
"""Of one series; more are no covariates but an image, or a fit of many points."""


_INTERVALS = "intervals"
_NO_STIMULI = ("trials", "epochs", "invalid_times")

MOST_WORDS = 20
"""Different words in a column of intervals, each of which becomes an event."""


def samples_of_nwb(path: Path) -> list[Samples]:
    """Return the series in ``processing/behavior`` and ``stimulus/presentation``, and intervals.

    Those in ``BehavioralEvents`` are lists of events; so are tables in ``intervals`` other than
    trials and epochs, from start to stop, a word each where a column has few.

    Raises
    ------
    UserError
        If there are none.
    """
    found: list[Samples] = []
    with open_hdf5(path) as file:

        def collect(name: str, node: Any) -> None:
            inside = name.lower().startswith(_INTERNAL)
            if inside and not is_dataset(node) and type_of(node) in _TYPES:
                found.extend(_of_series(node))

        file.visititems(collect)
        tables = file.get(_INTERVALS, {})
        for name in tables:
            if name not in _NO_STIMULI:
                found.extend(_of_intervals(name, tables[name]))
    if not found:
        raise UserError(
            f"{path} holds no time series in processing/behavior or stimulus/presentation, and no "
            "intervals of stimuli; bring a table."
        )
    return found


def _of_intervals(name: str, table: Any) -> list[Samples]:
    starts, stops = (table.get(part) for part in ("start_time", "stop_time"))
    if not (is_dataset(starts) and is_dataset(stops) and len(starts) == len(stops) > 0):
        return []
    ends = np.stack([starts[()], stops[()]]).astype(np.float64)
    groups = [(name, np.ones(len(ends[0]), bool))]
    for column in table:
        words = _words(table[column], len(ends[0]))
        if words is not None:
            groups = [(f"{column} {word}", words == word) for word in dict.fromkeys(words)]
            break
    known = np.isfinite(ends[0])
    return [
        Samples(called, "", None, ends[0][rows & known], None, True, ends[1][rows & known])
        for called, rows in groups
        if (rows & known).any()
    ]


def _words(node: Any, n_rows: int) -> npt.NDArray[Any] | None:
    """Return a column of a few words; None of any other."""
    if not is_dataset(node) or node.shape != (n_rows,) or node.dtype.kind not in "OS":
        return None
    values = node[()]
    if not all(isinstance(value, (bytes, str)) for value in values):
        return None
    words = np.array([_text(value) for value in values], object)
    return words if 1 < len(set(words)) <= MOST_WORDS else None


def _of_series(node: Any) -> list[Samples]:
    data = node.get("data")
    if not is_dataset(data) or data.dtype.kind not in "uifb" or not 1 <= data.ndim <= 2:
        return []
    if data.ndim == 2 and data.shape[1] > MOST_COLUMNS:
        return []
    times = _times(node, len(data))
    if times is None:
        return []
    name = node.name.rsplit("/", 1)[-1]
    unit, factor = _text(data.attrs.get("unit", "")), float(data.attrs.get("conversion", 1.0))
    if type_of(node.parent) == "BehavioralEvents":
        return [Samples(name, "", None, times, of_session=True)]
    values = np.asarray(data[()], np.float64).reshape(len(data), -1) * factor
    called = [name] if values.shape[1] == 1 else [f"{name} {i}" for i in range(values.shape[1])]
    unit = "" if unit in ("n.a.", "n/a", "unknown", "a.u.") else unit
    return [
        Samples(one, unit, column, times, of_session=True)
        for one, column in zip(called, values.T, strict=True)
    ]


def _times(node: Any, n_samples: int) -> FloatArray | None:
    stamps, start = node.get("timestamps"), node.get("starting_time")
    if is_dataset(stamps):
        return np.asarray(stamps[()], np.float64)
    if is_dataset(start) and "rate" in start.attrs:
        found = float(start[()]) + np.arange(n_samples) / float(start.attrs["rate"])
        return np.asarray(found, np.float64)
    return None


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)

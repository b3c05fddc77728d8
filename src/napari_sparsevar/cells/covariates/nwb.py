"""Covariates in NWB: the time series of behaviour and of stimuli."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.cells.covariates.samples import FloatArray, Samples
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.hdf5_file import is_dataset, open_hdf5
from napari_sparsevar.movie.formats.nwb_series import type_of

_TYPES = ("TimeSeries", "SpatialSeries")
_INTERNAL = ("processing/behavior", "processing/behaviour", "stimulus/presentation")

MOST_COLUMNS = 8
"""Of one series; more are no covariates but an image, or a fit of many points."""


def samples_of_nwb(path: Path) -> list[Samples]:
    """Return the series in ``processing/behavior`` and ``stimulus/presentation``.

    Those in ``BehavioralEvents`` are lists of events.

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
    if not found:
        raise UserError(
            f"{path} holds no time series in processing/behavior or stimulus/presentation; bring a "
            "table."
        )
    return found


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

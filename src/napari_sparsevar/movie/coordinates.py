"""Rate, pauses and pixel size of an array from what lies along its axes, or is noted on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.movie.axes import MovieAxes
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import micrometres, seconds

_RATES = ("fps", "frame_rate", "framerate", "frameRate", "sampling_rate", "fs")
_SIZES = ("pixel_size_um", "um_per_pixel", "microns_per_pixel", "micronsPerPixel")


class Along(NamedTuple):
    """What lies along an axis.

    Attributes
    ----------
    values : ndarray, shape (n,)
    unit : str
        As it was written; nothing is made of values without one: they may be counted.
    """

    values: npt.NDArray[np.float64]
    unit: str


def along(values: Any, attributes: Any) -> Along | None:
    """Return coordinates as files keep them, None where they are no numbers.

    Parameters
    ----------
    values : array-like
        A data set of HDF5 or an array of Zarr.
    attributes : mapping
        Of it; ``units`` may go on as in "seconds since 2026-01-01".
    """
    if len(values.shape) != 1 or np.dtype(values.dtype).kind not in "uif":
        return None
    unit = attributes.get("units", attributes.get("unit", ""))
    unit = unit.decode(errors="replace") if isinstance(unit, bytes) else str(unit)
    return Along(np.asarray(values[:], np.float64), unit.partition(" since ")[0])


def placed(movie: Movie, chosen: MovieAxes, found: Mapping[int, Along | None], what: str) -> Movie:
    """Return a movie with what its coordinates say: rate, pauses, pixel size.

    Parameters
    ----------
    movie : Movie
        What is known already is kept.
    chosen : MovieAxes
        Where its frames are in the array.
    found : mapping of int to Along or None
        By axis of the array.
    what : str
        What to call it in a sentence.
    """
    columns, times = found.get(chosen.column), found.get(chosen.time)
    if movie.pixel_size_um is None and columns is not None and len(columns.values) > 1:
        step = float(np.median(np.abs(np.diff(columns.values))))
        movie = replace(movie, pixel_size_um=micrometres(step, columns.unit))
    if times is None or (unit := seconds(1.0, times.unit)) is None:
        return movie
    return timed(movie, times.values[: movie.n_frames] * unit, what)


def noted(movie: Movie, attributes: Any) -> Movie:
    """Return a movie with the rate and the pixel size that are noted on its array by name."""
    rate, size = _first(attributes, _RATES), _first(attributes, _SIZES)
    return replace(
        movie,
        fps=movie.fps or rate or None,
        pixel_size_um=movie.pixel_size_um or micrometres(size, "um"),
    )


def _first(attributes: Any, names: tuple[str, ...]) -> float:
    for name in names:
        try:
            value = float(np.asarray(attributes.get(name, 0.0), np.float64).ravel()[-1])
        except (TypeError, ValueError, IndexError):
            continue
        if 0.0 < value < np.inf:
            return value
    return 0.0

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
from napari_sparsevar.movie.units import about_square, micrometres, seconds

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
    times = found.get(chosen.time)
    if movie.pixel_size_um is None:
        height, width = (_step(found.get(axis)) for axis in (chosen.row, chosen.column))
        notes = (*movie.notes, *about_square(height, width, what))
        movie = replace(movie, pixel_size_um=width, notes=notes)
    if times is None or (unit := seconds(1.0, times.unit)) is None:
        return movie
    return timed(movie, times.values[: movie.n_frames] * unit, what)


def _step(found: Along | None) -> float | None:
    """Return how far apart pixels are, in micrometres; None where that is not known."""
    if found is None or len(found.values) < 2:
        return None
    return micrometres(float(np.median(np.abs(np.diff(found.values)))), found.unit)


def noted(movie: Movie, attributes: Any) -> Movie:
    """Return a movie with the rate and the pixel size that are noted on its array by name."""
    movie = replace(movie, fps=movie.fps or _first(attributes, _RATES)[1])
    if movie.pixel_size_um is not None:
        return movie
    height, width = _first(attributes, _SIZES)
    said = about_square(height, width, str(movie.source or movie.name))
    return replace(movie, pixel_size_um=width, notes=(*movie.notes, *said))


def _first(attributes: Any, names: tuple[str, ...]) -> tuple[float | None, float | None]:
    """Return the last two numbers under the first of some names that has any, or one twice."""
    for name in names:
        try:
            values = np.asarray(attributes.get(name, ()), np.float64).ravel()[-2:]
        except (TypeError, ValueError):
            continue
        if len(values) and (values > 0.0).all() and (values < np.inf).all():
            return float(values[0]), float(values[-1])
    return None, None

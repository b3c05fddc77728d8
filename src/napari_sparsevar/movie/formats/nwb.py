"""NWB: a TwoPhotonSeries with its frame rate and pixel size, read with h5py alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.hdf5_file import (
    dataset_frames,
    holds,
    is_dataset,
    is_hdf5,
    open_hdf5,
)
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import rate_of as movie_rate
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import micrometres

if TYPE_CHECKING:
    import h5py

_KINDS = ("TwoPhotonSeries", "OnePhotonSeries")
_DIGITS = 6  # what is left of a value that was stored in single precision


def claims(path: Path) -> bool:
    """Return whether this is an NWB file, by the version at its root; False where it is damaged."""
    if not is_hdf5(path):
        return False
    try:
        with open_hdf5(path) as file:
            return "nwb_version" in file.attrs
    except UserError:
        return False


def holds_movie(path: Path) -> bool:
    """Return whether an NWB file has an imaging series."""
    return holds(path, is_series)


def read(path: Path, choice: Choice) -> Movie:
    """Open an imaging series of an NWB file without reading its pixels.

    Frames are in the order in which they are stored: frame, row, column. Of several series
    ``choice.dataset`` names one, else `ChoiceNeeded` is raised.
    """
    with open_hdf5(path) as file:
        return _read(file, path, choice)


def _read(file: h5py.File, path: Path, choice: Choice) -> Movie:
    found: list[str] = []
    file.visititems(lambda _, node: found.append(node.name) if is_series(node) else None)
    if not found:
        raise UserError(f"{path} holds no TwoPhotonSeries or OnePhotonSeries; choose another file.")
    name = pick(choice.dataset, found, str(path))
    series, what = file[name], f"{path}:{name}"
    dataset = series.get("data")
    if "external_file" in series or not is_dataset(dataset):
        raise UserError(f"{what} keeps its pixels in other files{_files(series)}; open these.")
    names = "T" + "YXZ"[: dataset.ndim - 1]
    chosen = axes.choose(dataset.shape, names, what, choice)
    lazy_frames.check_dtype(dataset.dtype, what)
    movie = chosen.movie(
        dataset_frames(path, dataset, chosen),
        what,
        name=f"{path.stem} {name.rsplit('/', 1)[-1]}" if len(found) > 1 else path.stem,
        source=path,
        fps=rate_of(series),
        pixel_size_um=pixel_size_of(series, dataset.shape[chosen.column]),
    )
    return of_dataset(timed(movie, _stamps(series), what), name, found)


def is_series(node: object) -> bool:
    """Return whether something in a file is an imaging series."""
    return not is_dataset(node) and type_of(node) in _KINDS


def type_of(node: object) -> str:
    """Return what NWB calls something in a file; empty where it has no name for it."""
    kind = getattr(node, "attrs", {}).get("neurodata_type", "")
    return kind.decode() if isinstance(kind, bytes) else str(kind)


def rate_of(series: h5py.Group) -> float | None:
    """Return frames per second: the rate, what time stamps say, or the plane, in this order."""
    start, stamps = series.get("starting_time"), _stamps(series)
    if start is not None and "rate" in start.attrs:
        return _rounded(start.attrs["rate"])
    if (rate := movie_rate(stamps)) is not None:
        return rate
    return _rounded(_number(series.get("imaging_plane/imaging_rate")))


def _stamps(series: h5py.Group) -> npt.NDArray[np.float64] | None:
    """Return when frames were taken; None where the series has an even rate."""
    stamps = series.get("timestamps")
    return np.asarray(stamps[()], np.float64) if is_dataset(stamps) and stamps.ndim == 1 else None


def pixel_size_of(series: h5py.Group, width: int) -> float | None:
    """Return the edge of a pixel in micrometres, from the plane or the field of view.

    Parameters
    ----------
    series : h5py.Group
        Whatever has an imaging plane.
    width : int
        Pixels in a row.
    """
    spacing = series.get("imaging_plane/grid_spacing")
    if is_dataset(spacing) and spacing.size > 1:
        unit = spacing.attrs.get("unit", "meters")
        unit = unit.decode() if isinstance(unit, bytes) else unit
        return _rounded(micrometres(float(spacing[0]), unit))
    field = series.get("field_of_view")
    if is_dataset(field) and field.size > 1:
        return _rounded(micrometres(float(field[0]) / width, "meters"))
    return None


def _number(dataset: Any) -> float | None:
    return float(dataset[()]) if is_dataset(dataset) and dataset.size == 1 else None


def _rounded(value: Any) -> float | None:
    if value is None or not np.isfinite(value) or value <= 0:
        return None
    return float(f"{float(value):.{_DIGITS}g}")


def _files(series: h5py.Group) -> str:
    named = series.get("external_file")
    if not is_dataset(named) or named.size == 0:
        return ""
    return " (" + ", ".join(str(entry) for entry in named.asstr()[:3]) + ")"


FORMAT = Format(
    name="NWB",
    priority=10,
    suffixes=(".nwb",),
    claims=claims,
    holds_movie=holds_movie,
    read=read,
)

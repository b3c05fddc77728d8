"""MESc of Femtonics: HDF5 with measurements (units) of one or several channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice, Offer, number_of, pick
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.hdf5_file import (
    as_far_as_written,
    dataset_frames,
    holds,
    is_dataset,
    is_hdf5,
    is_numeric,
    open_hdf5,
)
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

if TYPE_CHECKING:
    import dask.array as da
    import h5py

_SESSION, _UNIT, _CHANNEL = "MSession_", "MUnit_", "Channel_"
_SCALE = "{}AxisConversionConversionLinearScale"
_NAME = "{}AxisConversionUnitName"


def claims(path: Path) -> bool:
    """Return whether this is a file of MESc, by the names of its groups; False where damaged."""
    if not is_hdf5(path):
        return False
    try:
        with open_hdf5(path) as file:
            return any(name.startswith(_SESSION) for name in file)
    except UserError:
        return False


def holds_movie(path: Path) -> bool:
    """Return whether a file of MESc has a measurement over time."""
    return holds(path, _is_movie)


def read(path: Path, choice: Choice) -> Movie:
    """Open a measurement of a MESc file without reading its pixels, and a channel of it.

    Of several measurements ``choice.dataset`` names one, else `ChoiceNeeded` is raised.
    """
    with open_hdf5(path) as file:
        found: list[str] = []
        file.visititems(lambda _, node: found.append(node.name) if _is_movie(node) else None)
        if not found:
            raise UserError(f"{path} holds no measurement over time; choose another file.")
        name = pick(choice.dataset, found, str(path))
        movie = _read(file[name], path, choice)
        named = f"{path.stem} {name.strip('/')}" if len(found) > 1 else path.stem
        return of_dataset(replace(movie, name=named), name, found)


def _read(unit: h5py.Group, path: Path, choice: Choice) -> Movie:
    channels = _channels(unit)
    what = f"{path}:{unit.name}"
    channel, notes = number_of(choice.channel, len(channels), "channel", what)
    stored: h5py.Dataset = unit[channels[(channel or 1) - 1]]
    chosen = axes.choose(stored.shape, "TYX", what)
    lazy_frames.check_dtype(stored.dtype, what)
    frames = dataset_frames(path, stored, chosen)
    scale = unit.attrs.get(f"{stored.name.rsplit('/', 1)[-1]}_Conversion_ConversionLinearScale", 1)
    if float(np.asarray(scale).item()) < 0 and stored.dtype == np.uint16:
        frames = _turned_round(frames)  # as earlier versions store what is bright
    height, width = (micrometres(*_step(unit, axis, "um")) for axis in "YX")
    movie = Movie(
        data=lazy_frames.finish(frames, what),
        fps=frames_per_second(*_step(unit, "Z", "ms")),
        pixel_size_um=width,
        source=path,
        notes=(*notes, *about_square(height, width, what)),
        choice=Choice(channel=channel),
        offer=Offer(channels=len(channels)),
    )
    return as_far_as_written(movie, stored, chosen)


def _is_movie(node: Any) -> bool:
    if is_dataset(node) or not str(node.name).rsplit("/", 1)[-1].startswith(_UNIT):
        return False
    channels = _channels(node)
    return bool(channels) and node[channels[0]].ndim == 3 and node[channels[0]].shape[0] > 1


def _channels(unit: h5py.Group) -> list[str]:
    named = [name for name in unit if name.startswith(_CHANNEL) and is_numeric(unit.get(name))]
    return sorted(named, key=lambda name: (len(name), name))


def _step(unit: h5py.Group, axis: str, default: str) -> tuple[float, str]:
    """Return how far one pixel or frame is from the next, and the unit; 0 where not noted."""
    try:
        step = float(np.asarray(unit.attrs.get(_SCALE.format(axis), 0.0)).item())
        letters = np.atleast_1d(unit.attrs.get(_NAME.format(axis), ()))
        name = "".join(chr(int(letter)) for letter in letters if int(letter))
    except (TypeError, ValueError):
        return 0.0, default
    return step, name or default


@dataclass(frozen=True)
class _TurnedRound:
    """Reads frames and turns dark and bright round."""

    frames: da.Array

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        return np.asarray(np.uint16(65535) - np.asarray(self.frames[start:stop]))


def _turned_round(frames: da.Array) -> da.Array:
    length = max(frames.chunks[0])
    return lazy_frames.from_reader(_TurnedRound(frames), frames.shape, frames.dtype, length=length)


FORMAT = Format(
    name="Femtonics",
    priority=10,
    suffixes=(".mesc",),
    claims=claims,
    holds_movie=holds_movie,
    read=read,
)

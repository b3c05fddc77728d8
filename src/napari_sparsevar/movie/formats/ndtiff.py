"""NDTiff of Micro-Manager: raw frames in TIFF files, and an index that says where each is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of, pick
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import rate_of, timed
from napari_sparsevar.movie.units import micrometres

_INDEX = "NDTiff.index"
_FULL = "Full resolution"  # beside smaller copies of the same frames
_PIXELS = {0: "u1", 1: "<u2", 3: "<u2", 4: "<u2", 5: "<u2", 6: "<u2"}
_MOST_NOTES, _MOST_NOTE_BYTES = 5000, 2**20  # frames whose own notes are read


class _Entry(NamedTuple):
    """One frame in the index."""

    place: dict[str, Any]
    file: str
    offset: int
    shape: tuple[int, int]
    pixel: int
    compression: int
    notes: tuple[int, int]


def claims(path: Path) -> bool:
    """Return whether this is a folder with an index of NDTiff, or one of the TIFF files in it."""
    if path.is_dir():
        return _index(path) is not None
    inside = path.suffix.lower() == ".tif" and (path.absolute().parent / _INDEX).is_file()
    return inside and path.is_file()


def read(path: Path, choice: Choice) -> Movie:
    """Open a folder of NDTiff without reading a pixel: a position, channel and plane of it."""
    index = _index(path if path.is_dir() else path.absolute().parent)
    assert index is not None  # as claimed
    entries = _entries(index)
    positions = _values(entries, "position")
    dataset = None
    if len(positions) > 1:
        names = [f"position {value}" for value in positions]
        dataset = pick(choice.dataset, names, str(path))
        entries = [e for e in entries if f"position {e.place.get('position')}" == dataset]
    channels, planes = _values(entries, "channel"), _values(entries, "z")
    channel, notes = number_of(choice.channel, len(channels), "channel", str(path))
    plane, said = number_of(choice.plane, len(planes), "plane", str(path))
    wanted = channels[(channel or 1) - 1], planes[(plane or 1) - 1]
    kept = [e for e in entries if (e.place.get("channel"), e.place.get("z")) == wanted]
    kept.sort(key=lambda entry: int(entry.place.get("time", 0)))
    movie = Movie(
        data=lazy_frames.finish(_frames(kept, index.parent), str(path)),
        source=path,
        name=_name(index),
        notes=(*notes, *said),
        choice=Choice(channel=channel, plane=plane),
        offer=Offer(len(channels), len(planes)),
    )
    movie = _with_notes(movie, kept, index.parent, str(path))
    if dataset is None:
        return movie
    names = [f"position {value}" for value in positions]
    return of_dataset(replace(movie, name=f"{movie.name} {dataset}"), dataset, names)


def _index(folder: Path) -> Path | None:
    found = (folder / _INDEX, folder / _FULL / _INDEX)
    return next((file for file in found if file.is_file()), None)


def _name(index: Path) -> str:
    folder = index.absolute().parent
    return (folder.parent if folder.name == _FULL else folder).name


def _entries(index: Path) -> list[_Entry]:
    """Return all frames; a last one that is still being written is not among them."""
    import tifffile

    with explained(index, f"{index} is damaged"):
        found = [
            _Entry(place, file, offset, (height, width), pixel, compression, (at, size))
            for place, file, offset, width, height, pixel, compression, at, size, _ in (
                tifffile.read_ndtiff_index(index)
            )
            if isinstance(place, dict)
        ]
    if not found:
        raise UserError(f"{index} lists no frames; copy it again.")
    first = found[0]
    if first.pixel not in _PIXELS or first.compression:
        what = "colours" if first.pixel not in _PIXELS else "compressed pixels"
        raise UserError(f"{index} lists {what}; save it as grey-scale TIFF without compression.")
    alike = (first.shape, first.pixel, first.compression)
    if min(first.shape) < 1 or any((e.shape, e.pixel, e.compression) != alike for e in found):
        raise UserError(f"{index} lists frames of different sizes; save them one by one.")
    return found


def _values(entries: Sequence[_Entry], axis: str) -> list[Any]:
    return list(dict.fromkeys(entry.place.get(axis) for entry in entries))


@dataclass(frozen=True)
class _Frames:
    """Reads raw frames from where the index says they are."""

    places: tuple[tuple[Path, int], ...]
    shape: tuple[int, int]
    dtype: str

    def __call__(self, start: int, stop: int) -> npt.NDArray[Any]:
        frames = np.empty((stop - start, *self.shape), self.dtype)
        for frame, (file, offset) in zip(frames, self.places[start:stop], strict=True):
            with explained(file, f"{file} is damaged"), file.open("rb") as stored:
                stored.seek(offset)
                if stored.readinto(frame.data) != frame.nbytes:
                    raise UserError(f"{file} is cut short; copy it again.")
        return frames


def _frames(entries: Sequence[_Entry], folder: Path) -> Any:
    present = {file.name: file.stat().st_size for file in folder.iterdir() if file.is_file()}
    first = entries[0]
    dtype = np.dtype(_PIXELS[first.pixel])
    frame_bytes = first.shape[0] * first.shape[1] * dtype.itemsize
    for entry in entries:
        # A file outside the folder is none of the recording's.
        if entry.offset + frame_bytes > present.get(entry.file, -1):
            raise UserError(
                f"{folder / Path(entry.file).name} is cut short or not there; copy it again."
            )
    places = tuple((folder / entry.file, entry.offset) for entry in entries)
    reader = _Frames(places, first.shape, dtype.str)
    return lazy_frames.from_reader(reader, (len(places), *first.shape), dtype)


def _with_notes(movie: Movie, entries: Sequence[_Entry], folder: Path, what: str) -> Movie:
    """Return the movie with what is noted of its frames: their time and the size of a pixel."""
    noted = [_noted(entry, folder) for entry in entries[:_MOST_NOTES]]
    size = micrometres(_number(noted[0], "PixelSizeUm"), "um")
    times = np.array([_number(note, "ElapsedTime-ms") / 1e3 for note in noted])
    movie = replace(movie, pixel_size_um=size)
    if len(times) == movie.n_frames:
        return timed(movie, times, what) if np.isfinite(times).any() else movie
    return replace(movie, fps=rate_of(times))


def _noted(entry: _Entry, folder: Path) -> dict[str, Any]:
    try:
        with (folder / entry.file).open("rb") as stored:
            stored.seek(entry.notes[0])
            noted = json.loads(stored.read(min(max(0, entry.notes[1]), _MOST_NOTE_BYTES)))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def _number(noted: dict[str, Any], name: str) -> float:
    try:
        return float(noted.get(name, np.nan))
    except (TypeError, ValueError):
        return float("nan")


FORMAT = Format(
    name="NDTiff",
    priority=20,
    suffixes=(".tif",),
    claims=claims,
    holds_movie=claims,
    read=read,
)

"""Stacks of Micro-Manager: an index in the file, or beside it (NDTiff), says where planes lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile.tifffile import read_micromanager_metadata, read_ndtiff_index

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.failures import DAMAGED
from napari_sparsevar.movie.formats.tiff_family.plane_set import Planes, read_set
from napari_sparsevar.movie.formats.tiff_family.units import Units
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.units import frames_per_second, micrometres

_INDEX = "NDTiff.index"
_MOST_EMPTY = 64  # places an index can leave empty for each image it lists
_KNOWN = {"time": "T", "t": "T", "z": "Z", "channel": "C"}

Entry = tuple[str, dict[str, int], str, int]
"""Image, place along T, Z and C, file, and offset in it."""


def read(
    file: tifffile.TiffFile, path: Path, choice: Choice, *, part: bool = False
) -> Movie | None:
    """Open a stack by its index; None where it has none, because the recording was stopped.

    Parameters are those of `plane_set.read_set`.
    """
    entries = _entries(file, path)
    if not entries:
        return None
    summary = (file.micromanager_metadata or {}).get("Summary", {})
    return read_set(_images(entries), _units(summary), file, path, choice, part=part)


def described_files(path: Path) -> set[str]:
    """Return the names of the files that belong to the same stack, its own among them."""
    try:
        with tifffile.TiffFile(path) as file:
            return {entry[2] for entry in _entries(file, path)} if file.is_micromanager else set()
    except (OSError, *DAMAGED):
        return set()


def _entries(file: tifffile.TiffFile, path: Path) -> list[Entry]:
    if (path.parent / _INDEX).is_file() and file.is_ndtiff:
        return _of_ndtiff(path.parent / _INDEX)
    if "_MMStack" not in path.name:
        return _of_stack(path)
    # A stack goes on in files of the same name with a number at its end.
    stem = path.name.split(".")[0]
    first = stem if "_" not in stem.split("_MMStack")[1].strip("_") else stem.rpartition("_")[0]
    files = [each for each in path.parent.iterdir() if each.suffix.lower() in (".tif", ".tiff")]
    own = [each for each in files if _continues(each.name.split(".")[0], first)]
    return [
        entry for each in tifffile.natural_sorted(map(str, own)) for entry in _of_stack(Path(each))
    ]


def _continues(stem: str, first: str) -> bool:
    rest = stem.removeprefix(first)
    return stem.startswith(first) and (not rest or (rest[0] == "_" and rest[1:].isdecimal()))


def _of_stack(path: Path) -> list[Entry]:
    """Return what the index at the end of a file lists; nothing where it was never written."""
    try:
        with path.open("rb") as stream:
            index = read_micromanager_metadata(stream, {"IndexMap"}).get("IndexMap", ())
    except (OSError, *DAMAGED):
        return []
    return [
        (f"Pos{position}", {"C": channel, "Z": plane, "T": frame}, path.name, offset)
        for channel, plane, frame, position, offset in np.asarray(index).tolist()
        if offset > 0
    ]


def _of_ndtiff(index: Path) -> list[Entry]:
    listed = [(axes, name, offset) for axes, name, offset, *_ in read_ndtiff_index(index)]
    texts: dict[str, dict[str, int]] = {}
    for axes, *_ in listed:
        for axis, value in axes.items():
            if isinstance(value, str):  # names of channels, in the order of their first frame
                named = texts.setdefault(axis, {})
                axes[axis] = named.setdefault(value, len(named))
    varying = {a for axes, *_ in listed for a, v in axes.items() if v != listed[0][0].get(a)}
    others = sorted(varying - set(_KNOWN))
    time = others[:1] if others and "time" not in varying else []
    kinds = _KNOWN | dict.fromkeys(time, "T")
    return [
        (
            " ".join(f"{axis} {axes.get(axis, 0)}" for axis in others if axis not in time) or "all",
            {kinds[axis]: int(value) for axis, value in axes.items() if axis in kinds},
            name,
            offset,
        )
        for axes, name, offset in listed
    ]


def _images(entries: Sequence[Entry]) -> list[Planes]:
    pages = _pages(entries)
    names = sorted({name for name, *_ in entries})
    return [_planes(name, [e for e in entries if e[0] == name], pages) for name in names]


def _pages(entries: Iterable[Entry]) -> dict[tuple[str, int], int]:
    """Return which page of its file each offset is: tables and pixels follow in one order."""
    offsets: dict[str, set[int]] = {}
    for _, _, file, offset in entries:
        offsets.setdefault(file, set()).add(offset)
    return {
        (file, offset): page
        for file, each in offsets.items()
        for page, offset in enumerate(sorted(each))
    }


def _planes(name: str, entries: Sequence[Entry], pages: dict[tuple[str, int], int]) -> Planes:
    files = {file: None for _, _, file, _ in entries}
    number = {file: place for place, file in enumerate(files)}
    places = np.array([[at.get(axis, 0) for axis in "TZC"] for _, at, _, _ in entries])
    places -= places.min(0)
    shape = tuple((places.max(0) + 1).tolist())
    if math.prod(shape) > _MOST_EMPTY * len(entries):
        raise UserError(
            f"The index of {entries[0][2]} is damaged: it numbers {len(entries)} images as "
            f"{' x '.join(map(str, shape))}; export it again."
        )
    file, page = np.full(shape, -1), np.zeros(shape, np.int64)
    for place, (_, _, where, offset) in zip(map(tuple, places), entries, strict=True):
        file[place], page[place] = number[where], pages[where, offset]
    return Planes(name, tuple(files), file, page)


def _units(summary: dict[str, Any]) -> Units:
    interval = summary.get("Interval_ms") or summary.get("WaitInterval") or 0
    try:
        fps = frames_per_second(float(interval), "ms")
        return Units(fps, micrometres(float(summary.get("PixelSize_um") or 0), "um"))
    except (TypeError, ValueError):
        return Units(None, None)

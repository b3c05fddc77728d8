"""CaImAn's memory map: bare pixels whose shape and order are in the name of the file."""

from __future__ import annotations

import math
import mmap
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames

_NAME = re.compile(r"(.*?)_?d1_(\d+)_d2_(\d+)_d3_(\d+)_order_([CF])_frames_(\d+)_?\.mmap")
_PIXEL = np.dtype("<f4")


def claims(path: Path) -> bool:
    """Return whether the name is one that CaImAn gives; the file has no other mark."""
    return _NAME.fullmatch(path.name) is not None and path.is_file() and path.stat().st_size > 0


def read(path: Path, choice: Choice) -> Movie:
    """Open a memory map of CaImAn under the name that CaImAn gave it.

    Frames are 32-bit floating-point numbers without units; of ``d3`` planes the chosen one.
    """
    found = _NAME.fullmatch(path.name)
    if found is None:
        raise UserError(f"{path} does not have the name CaImAn gave it; rename it back.")
    rows, columns, planes, frames = (int(found[group]) for group in (2, 3, 4, 6))
    expected = math.prod((rows, columns, planes, frames)) * _PIXEL.itemsize
    size = path.stat().st_size
    if size != expected or size == 0:
        raise UserError(
            f"{path} is truncated or renamed: it has {size:,} bytes and by its name should have "
            f"{expected:,}; copy it again."
        )
    by_frame = found[5] == "F"
    # A matrix of pixels x frames, pixels counted down the columns first.
    space = (planes, columns, rows)
    shape, names = ((frames, *space), "TZXY") if by_frame else ((*space, frames), "ZXYT")
    chosen = axes.choose(shape, names, str(path), choice)
    raw = np.memmap(path, _PIXEL, "r", shape=shape) if by_frame else _scattered(path, shape)
    lazy = lazy_frames.from_memory(chosen.apply(raw))
    movie = chosen.movie(lazy, str(path), name=found[1] or path.stem, source=path)
    if by_frame:
        return movie
    note = (
        f"{path} is stored pixel by pixel (order C), so that frames are slow to read; "
        "for training save it with order F, or as TIFF."
    )
    return replace(movie, notes=(*movie.notes, note))


def _scattered(path: Path, shape: tuple[int, ...]) -> NDArray[Any]:
    """Map a file whose frames are scattered: reading ahead would read nearly all of it."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if hasattr(mapped, "madvise"):  # not on Windows
        mapped.madvise(mmap.MADV_RANDOM)
    return np.ndarray(shape, _PIXEL, mapped)


FORMAT = Format(
    name="CaImAn",
    priority=-10,
    suffixes=(".mmap",),
    claims=claims,
    holds_movie=claims,  # every such file is a movie
    read=read,
)

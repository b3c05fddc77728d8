"""suite2p: the registered movie ``data.bin``, described by the ``ops.npy`` beside it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.plain_pickle import read_plain
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import frames_per_second

_OPTIONS = "ops.npy"
_CHANNELS = ("data.bin", "data_chan2.bin")
_NAME = re.compile(r"data(_chan2)?(_raw)?\.bin")
_PIXEL = np.dtype("<i2")


def claims(path: Path) -> bool:
    """Return whether this is a binary file, or a folder ``plane0`` or ``suite2p`` with one.

    Bare pixels have no mark of their own: a file is known by its ending ``.bin``.
    """
    if path.is_dir():
        return bool(_planes(path))
    return path.suffix.lower() == ".bin" and path.is_file() and path.stat().st_size > 0


def holds_movie(path: Path) -> bool:
    """Return whether this is a folder, a file beside ``ops.npy``, or ``data.bin`` and the like."""
    return path.is_dir() or _has_options(path) or _NAME.fullmatch(path.name) is not None


def read(path: Path, choice: Choice) -> Movie:
    """Open a binary file of suite2p, or a folder with such files for each plane and channel.

    Frames are 16-bit integers at suite2p's frame rate. The choice is of a plane and channel of a
    folder, and of the shape where no ``ops.npy`` says it; of that file only plain values are read.
    """
    if not path.is_dir():
        return _read_file(path, choice)
    planes = _planes(path)
    plane, notes = number_of(choice.plane, len(planes), "plane", str(path))
    folder = planes[(plane or 1) - 1]
    files = [folder / name for name in _CHANNELS if (folder / name).is_file()]
    channel, said = number_of(choice.channel, len(files), "channel", str(path))
    movie = _read_file(files[(channel or 1) - 1], choice)
    return replace(
        movie,
        source=path,
        notes=(*notes, *said, *movie.notes),
        choice=replace(movie.choice, channel=channel, plane=plane),
        offer=Offer(len(files), len(planes)),
    )


def _planes(folder: Path) -> list[Path]:
    """Return the folder itself or the plane folders in it, in the order of their numbers."""
    if _is_plane(folder):
        return [folder]
    found = [part for part in folder.glob("plane[0-9]*") if _is_plane(part)]
    return sorted(found, key=lambda part: (len(part.name), part.name))


def _is_plane(folder: Path) -> bool:
    return (folder / _CHANNELS[0]).is_file() and (folder / _OPTIONS).is_file()


def _has_options(path: Path) -> bool:
    return (path.parent / _OPTIONS).is_file()


def _read_file(path: Path, choice: Choice) -> Movie:
    options: dict[str, Any] = {}
    if _has_options(path):
        options = _read_options(path.parent / _OPTIONS)
    shape = _shape(path, options, choice)
    frame_bytes = shape[0] * shape[1] * _PIXEL.itemsize
    n_frames, rest = divmod(path.stat().st_size, frame_bytes)
    promised = options.get("nframes")
    if rest or n_frames == 0:
        raise UserError(
            f"{path} is truncated or not of this shape: its {path.stat().st_size:,} bytes are no "
            f"whole number of frames of {shape[0]} x {shape[1]} 16-bit pixels."
        )
    if isinstance(promised, int) and n_frames < promised:
        raise UserError(
            f"{path} is truncated: {_OPTIONS} promises {promised:,} frames and it holds "
            f"{n_frames:,}; copy it again."
        )
    raw = np.memmap(path, _PIXEL, "r", shape=(n_frames, *shape))
    rate = options.get("fs")
    return Movie(
        data=lazy_frames.finish(lazy_frames.from_memory(raw), str(path)),
        fps=frames_per_second(1 / rate, "s")
        if isinstance(rate, int | float) and rate > 0
        else None,
        source=path,
        name=_name(path),
        choice=Choice(shape=shape if choice.shape == shape else None),
    )


def _read_options(path: Path) -> dict[str, Any]:
    options = read_plain(path)
    if not isinstance(options, dict):
        raise UserError(f"{path} holds no options of suite2p; copy it again.")
    return options


def _shape(path: Path, options: dict[str, Any], choice: Choice) -> tuple[int, int]:
    height, width = options.get("Ly"), options.get("Lx")
    if isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0:
        return height, width
    if choice.shape is not None:
        return choice.shape
    raise UserError(
        f"{path} does not say how large its frames are: put suite2p's {_OPTIONS} beside it, or "
        "give --shape H W, in Python shape=(H, W), in napari Plugins > SparseVAR > Open raw pixels."
    )


def _name(path: Path) -> str:
    if _NAME.fullmatch(path.name) is None:
        return path.stem
    channel = " channel 2" if "chan2" in path.name else ""
    return f"{path.absolute().parent.name}{channel}"


FORMAT = Format(
    name="suite2p",
    priority=-10,
    suffixes=(".bin",),
    claims=claims,
    holds_movie=holds_movie,
    read=read,
)

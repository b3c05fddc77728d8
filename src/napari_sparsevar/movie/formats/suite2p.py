"""suite2p: the registered movie ``data.bin``, described by the options beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.plain_pickle import read_plain
from napari_sparsevar.movie.movie import LeftOut, Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import frames_per_second

BoolArray = npt.NDArray[np.bool_]

_OPTIONS = ("ops.npy", "db.npy", "settings.npy")
"""Version 1 writes the first last, and not always; what it says counts most."""
_MARKS = (*_OPTIONS, "reg_outputs.npy", "detect_outputs.npy", "stat.npy")
_CHANNELS = ("data.bin", "data_chan2.bin")
_BEFORE = ("data_raw.bin", "data_chan2_raw.bin")  # registration
_NAME = re.compile(r"data(_chan2)?(_raw)?\.bin")
_PIXEL = np.dtype("<i2")
_LEAST_IN_FILE = 5
"""Frames in a file, on average: of fewer, every file would be a break."""


def claims(path: Path) -> bool:
    """Return whether this is a binary file, or a folder ``plane0`` or ``suite2p`` with one.

    Bare pixels have no mark of their own: a file is known by its ending ``.bin``.
    """
    if path.is_dir():
        return bool(_planes(path))
    return path.suffix.lower() == ".bin" and path.is_file() and path.stat().st_size > 0


def holds_movie(path: Path) -> bool:
    """Return whether this is a folder, a file beside its options, or ``data.bin`` and the like."""
    return path.is_dir() or bool(_options_of(path)) or _NAME.fullmatch(path.name) is not None


def read(path: Path, choice: Choice) -> Movie:
    """Open a binary file of suite2p, or a folder with such files for each plane and channel.

    Frames are 16-bit integers at suite2p's frame rate. The choice is of a plane and channel of a
    folder, and of the shape where no options say it; of these only plain values are read.
    """
    if not path.is_dir():
        return _read_file(path, choice)
    planes = _planes(path)
    plane, notes = number_of(choice.plane, len(planes), "plane", str(path))
    folder = planes[(plane or 1) - 1]
    names = _binaries(folder)
    files = [folder / name for name in names if (folder / name).is_file()]
    channel, said = number_of(choice.channel, len(files), "channel", str(path))
    if names == _BEFORE:
        said = (*said, f"{path} holds no data.bin: the movie before registration is taken.")
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
    marked = any((folder / mark).is_file() for mark in _MARKS)
    return (folder / _binaries(folder)[0]).is_file() and marked


def _binaries(folder: Path) -> tuple[str, str]:
    """Return names of the binaries of a plane: the registered ones, where they are there."""
    registered = (folder / _CHANNELS[0]).is_file()
    return _CHANNELS if registered or not (folder / _BEFORE[0]).is_file() else _BEFORE


def _options_of(path: Path) -> list[Path]:
    """Return the files of options beside a binary, the one that counts most last."""
    return [path.parent / name for name in _OPTIONS[::-1] if (path.parent / name).is_file()]


def _read_file(path: Path, choice: Choice) -> Movie:
    options: dict[str, Any] = {}
    for file in _options_of(path):
        options |= _read_options(file)
    shape = _shape(path, options, choice)
    frame_bytes = shape[0] * shape[1] * _PIXEL.itemsize
    n_frames, rest = divmod(path.stat().st_size, frame_bytes)
    said = choice.shape != shape
    if n_frames == 0 or (rest and not said):
        raise UserError(
            f"{path} is truncated or not of this shape: its {path.stat().st_size:,} bytes are no "
            f"whole number of frames of {shape[0]} x {shape[1]} 16-bit pixels."
        )
    promised = options.get("nframes")
    jumps = joined_at(options, n_frames)
    bad, marked = marked_frames(options, n_frames, path)
    raw = np.memmap(path, _PIXEL, "r", shape=(n_frames, *shape))
    rate = options.get("fs")
    return Movie(
        data=lazy_frames.finish(lazy_frames.from_memory(raw), str(path)),
        fps=frames_per_second(1 / rate, "s")
        if isinstance(rate, int | float) and rate > 0
        else None,
        source=path,
        name=_name(path),
        notes=(
            *_cut_short(path, n_frames, promised if isinstance(promised, int) else 0, rest),
            *joined_note(path, jumps),
            *marked,
        ),
        jumps=jumps,
        left_out=None if bad is None else LeftOut(bad, np.zeros(shape, bool)),
        choice=Choice(shape=shape if choice.shape == shape else None),
    )


def _cut_short(path: Path, n_frames: int, promised: int, rest: int) -> tuple[str, ...]:
    """Return a sentence on a file that is not complete; nothing where it is."""
    if not rest and n_frames >= promised:
        return ()
    more = f" of {promised:,} that its options promise" if promised > n_frames else ""
    return (f"{path} is cut short: its {n_frames:,} whole frames{more} are taken.",)


def joined_at(options: Mapping[str, Any], n_frames: int) -> tuple[int, ...]:
    """Return before which frames of a recording another file of it begins, by its options."""
    lengths = np.asarray(options.get("frames_per_file", ())).ravel()
    if lengths.dtype.kind not in "uif" or len(lengths) < 2 or lengths.sum() != n_frames:
        return ()
    if lengths.mean() < _LEAST_IN_FILE:
        return ()
    return tuple(np.cumsum(lengths)[:-1].astype(int).tolist())


def marked_frames(
    options: Mapping[str, Any], n_frames: int, path: Path
) -> tuple[BoolArray | None, tuple[str, ...]]:
    """Return the frames that suite2p marked as bad, (T,), and a sentence on them."""
    marked = np.asarray(options.get("badframes", ())).ravel()
    if marked.dtype.kind not in "buif" or not marked.any():
        return None, ()
    if len(marked) != n_frames:
        said = f"{path}: suite2p marks bad frames among {len(marked):,}, and there are {n_frames:,}"
        return None, (f"{said}: give bad frames yourself.",)
    marked = marked.astype(bool)
    if marked.all():
        return None, (f"{path}: suite2p marks all frames as bad; all are used.",)
    said = (
        f"{path}: suite2p marks {int(marked.sum()):,} of {n_frames:,} frames as bad; they are "
        "left out (bad frames none takes them in)."
    )
    return marked, (said,)


def joined_note(path: Path, ends: Sequence[int]) -> tuple[str, ...]:
    """Return a sentence on files that were joined; nothing where none were."""
    said = (
        f"{path} was joined from {len(ends) + 1} files: nothing is foretold from one to the next."
    )
    return (said,) if ends else ()


def _read_options(path: Path) -> dict[str, Any]:
    options = read_plain(path)
    if not isinstance(options, dict):
        raise UserError(f"{path} holds no options of suite2p; copy it again.")
    flat: dict[str, Any] = {}  # version 1 has them in groups
    for key, value in options.items():
        flat |= value if isinstance(value, dict) else {key: value}
    return flat


def _shape(path: Path, options: dict[str, Any], choice: Choice) -> tuple[int, int]:
    height, width = options.get("Ly"), options.get("Lx")
    if isinstance(height, int) and isinstance(width, int) and height > 0 and width > 0:
        return height, width
    if choice.shape is not None:
        return choice.shape
    raise UserError(
        f"{path} does not say how large its frames are: put suite2p's ops.npy, or db.npy and "
        "settings.npy, beside it, or give --shape H W, in Python shape=(H, W), in napari "
        "Plugins > SparseVAR > Open raw pixels."
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

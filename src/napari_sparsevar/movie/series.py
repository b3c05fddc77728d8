"""Several files that are one movie, one after the other in time."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import dask.array as da
import numpy as np

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.format import series_formats
from napari_sparsevar.movie.movie import Movie


def find_files(pattern: Path) -> list[Path]:
    """List the files of a series in the order of their numbers.

    Parameters
    ----------
    pattern : pathlib.Path
        A folder of files, or a path with ``*``, ``?`` or ``[]``.

    Returns
    -------
    list of pathlib.Path
        Frame 2 comes before frame 10; hidden files are left out.

    Raises
    ------
    UserError
        If there is none.
    """
    if pattern.is_dir():
        kinds = series_formats()
        found = [path for path in pattern.iterdir() if any(kind.claims(path) for kind in kinds)]
        names = " or ".join(kind.name for kind in kinds)
        missing = f"The folder {pattern} holds no {names} file; choose a movie or another folder."
    else:
        found = _matching(pattern)
        missing = f"No file matches {pattern}; check the pattern."
    found = [path for path in found if not path.name.startswith(".")]
    if not found:
        raise UserError(missing)
    from tifffile import natural_sorted

    return [Path(name) for name in natural_sorted(map(str, found))]


def _matching(pattern: Path) -> list[Path]:
    """Return what a pattern matches: brackets are letters wherever something is named so."""
    root, parts = Path(pattern.anchor or "."), pattern.relative_to(pattern.anchor).parts
    while len(parts) > 1 and (root / parts[0]).is_dir():
        root, parts = root / parts[0], parts[1:]
    rest = str(Path(*parts))
    return list(root.glob(rest.replace("[", "[[]"))) or list(root.glob(rest))


def is_series(folder: Path) -> bool:
    """Return whether a folder holds two files of a series or more, fast, by their names alone."""
    suffixes = {suffix for kind in series_formats() for suffix in kind.suffixes}
    named = (part for part in folder.iterdir() if part.suffix.lower() in suffixes)
    return len(list(itertools.islice(named, 2))) == 2


def read_series(paths: Sequence[Path], read_one: Callable[[Path], Movie]) -> Movie:
    """Open files as one movie.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The files in the order of time: movies, or single images of one frame each.
    read_one : callable
        Opens one file.

    Returns
    -------
    Movie
        Units are those of the first file.

    Raises
    ------
    UserError
        If the files do not fit together.
    """
    if len(paths) == 1:
        return read_one(paths[0])
    movie = _read_images(paths) or _join([read_one(path) for path in paths])
    folder = paths[0].parent
    return replace(movie, source=folder, name=folder.resolve().name)


def _read_images(paths: Sequence[Path]) -> Movie | None:
    for kind in series_formats():
        if kind.read_images is not None and kind.claims(paths[0]):
            return kind.read_images(paths)
    return None


def _join(parts: Sequence[Movie]) -> Movie:
    first = parts[0]
    for part in parts[1:]:
        if part.shape != first.shape or part.data.dtype != first.data.dtype:
            raise UserError(
                f"{part.source} ({_describe(part)}) does not match {first.name} "
                f"({_describe(first)}); take it out of the series."
            )
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    data: da.Array = da.concatenate([part.data for part in parts])  # type: ignore[no-untyped-call]
    before = np.cumsum([0, *(part.n_frames for part in parts)]).tolist()
    jumps = tuple(n + jump for n, part in zip(before, parts, strict=False) for jump in part.jumps)
    return replace(first, data=data, notes=notes, times=None, jumps=jumps)


def _describe(movie: Movie) -> str:
    return f"{movie.shape[0]} x {movie.shape[1]}, {movie.data.dtype}"

"""Open whatever a person calls a movie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.files import explain
from napari_sparsevar.movie.formats import memory, tiff, zarr_store
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.series import find_files, read_series

# A format is a module with claims(path) and read(path); the first that claims a path reads it.
FORMATS: tuple[ModuleType, ...] = (tiff, zarr_store)


def open_movie(
    source: Any, *, fps: float | None = None, pixel_size_um: float | None = None
) -> Movie:
    """Open a movie lazily.

    Parameters
    ----------
    source : path, sequence of paths, array, image layer or Movie
        A TIFF file or Zarr folder; a folder, pattern (``run_*.tif``) or list of files that follow
        each other in time; an array (T, Y, X); or a layer of a viewer.
    fps : float, optional
        Frames per second; overrides what the file says.
    pixel_size_um : float, optional
        Edge of a pixel in micrometres; overrides what the file says.

    Returns
    -------
    Movie
        Frames (T, Y, X) that are read when asked for, in blocks of about 16 MB.

    Raises
    ------
    UserError
        If it cannot be read or is no movie: one sentence says why and what to do.
    """
    for name, value in {"fps": fps, "pixel_size_um": pixel_size_um}.items():
        if value is not None and not 0 < value < math.inf:
            raise UserError(f"{name} must be a positive number, not {value!r}.")
    movie = _open(source)
    return replace(
        movie,
        fps=movie.fps if fps is None else float(fps),
        pixel_size_um=movie.pixel_size_um if pixel_size_um is None else float(pixel_size_um),
    )


def _open(source: Any) -> Movie:
    if isinstance(source, Movie):
        return source
    if isinstance(source, str | Path):
        return _open_path(Path(source).expanduser())
    if isinstance(source, list | tuple) and all(isinstance(part, str | Path) for part in source):
        return _open_paths([Path(part).expanduser() for part in source])
    if memory.is_array(source):
        return memory.read_array(source)
    if memory.is_layer(source):
        return memory.read_layer(source)
    raise UserError(
        f"A movie is a file, a folder, an array or an image layer, not {type(source).__name__}."
    )


def _open_paths(paths: Sequence[Path]) -> Movie:
    if not paths:
        raise UserError("The list of files is empty; give at least one movie.")
    for path in paths:
        _check_there(path)
    return read_series(paths, _read_one)


def _open_path(path: Path) -> Movie:
    if not path.exists() and set("*?[") & set(str(path)):
        return _open_paths(find_files(path))
    _check_there(path)
    try:
        if path.is_dir() and not any(format_.claims(path) for format_ in FORMATS):
            return _open_paths(find_files(path))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    return _read_one(path)


def _read_one(path: Path) -> Movie:
    try:
        for format_ in FORMATS:
            if format_.claims(path):
                movie: Movie = format_.read(path)
                return movie
        if path.is_file() and path.stat().st_size == 0:
            raise UserError(f"{path} is empty; copy or export it again.")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    raise UserError(f"{path} is not a movie in a known format; save it as TIFF or Zarr.")


def _check_there(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = explain(error) if isinstance(error, OSError) else str(error)
        raise UserError(f"Cannot read {path}: {reason}.") from error

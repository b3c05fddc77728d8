"""Open whatever a person calls a movie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import PositiveFloat

from napari_sparsevar.arguments import checked
from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import memory
from napari_sparsevar.movie.choice import Choice, check_used
from napari_sparsevar.movie.formats.format import format_of
from napari_sparsevar.movie.interleaved import apart, check_channels, of_file
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.series import find_files, is_series, read_series
from napari_sparsevar.movie.side_by_side import side_by_side
from napari_sparsevar.movie.stack import Planes, check_planes

_SMALLEST_UM, _LARGEST_UM = 0.001, 200.0
"""Of a pixel of a movie that was recorded through a microscope."""


@checked
def open_movie(
    source: Any,
    *,
    fps: PositiveFloat | None = None,
    pixel_size_um: PositiveFloat | None = None,
    channel: int | None = None,
    plane: int | None = None,
    dataset: str | None = None,
    shape: tuple[int, int] | None = None,
    axes: str | None = None,
    channels: int | None = None,
    planes: Planes | None = None,
) -> Movie:
    """Open a movie lazily.

    Parameters
    ----------
    source : path, sequence of paths, array, image layer or Movie
        A file or folder in a known format (``docs/open.md`` lists them); a folder, pattern
        (``run_*.tif``) or list of files that follow each other in time; an array (T, Y, X); or a
        layer of a viewer.
    fps : float, optional
        Frames per second; overrides what the file says.
    pixel_size_um : float, optional
        Edge of a pixel in micrometres; overrides what the file says.
    channel, plane : int, optional
        Which of several channels or planes, the first is 1; by default the first, with a note.
    dataset : str, optional
        Which of several arrays in an HDF5, NWB or Zarr file, or of several recordings in a folder.
    shape : tuple of int, optional
        Height and width of a frame, for a file of bare pixels that does not say.
    axes : str, optional
        A letter for each axis of an array, of T, Z, C, Y, X, where it does not name them or names
        them wrongly: ``YXT`` has time last.
    channels : int, optional
        How many channels take turns, frame by frame, in a file that does not say so; ``channel``
        is one of them.
    planes : "all" or sequence of int, optional
        Several planes of one recording as one movie, the first is 1: they lie side by side in its
        frames, apart by a gap that does not count (``Movie.stack`` says how).

    Returns
    -------
    Movie
        Frames (T, Y, X) that are read when asked for, in blocks of about 16 MB.

    Raises
    ------
    UserError
        If it cannot be read or is no movie: one sentence says why and what to do.
    ChoiceNeeded
        A `UserError` for a file or folder with several movies, where ``dataset`` has to say which.
    """
    choice = Choice(
        channel,
        plane,
        dataset,
        _frame_shape(shape),
        axes,
        check_channels(channels),
        check_planes(planes, plane),
    )
    movie = _open(source, choice) if choice.planes is None else _open_planes(source, choice)
    check_used(choice, movie.choice, str(movie.source or movie.name))
    if pixel_size_um is None:
        movie = _of_a_microscope(movie)
    return replace(
        movie,
        fps=movie.fps if fps is None else float(fps),
        pixel_size_um=movie.pixel_size_um if pixel_size_um is None else float(pixel_size_um),
    )


def _of_a_microscope(movie: Movie) -> Movie:
    """Return a movie without a pixel size that no microscope has: its unit was left as it stood."""
    size = movie.pixel_size_um
    if size is None or _SMALLEST_UM <= size <= _LARGEST_UM:
        return movie
    said = (
        f"{movie.source or movie.name} says that its pixels are {size:,.6g} um wide, which no "
        "microscope has: their size is left open (--pixel-size, in Python pixel_size_um)."
    )
    return replace(movie, pixel_size_um=None, notes=(*movie.notes, said))


def opened_again(movie: Movie, **choice: Any) -> Movie:
    """Return another part of the file of a movie, such as another channel, in the same units.

    Parameters
    ----------
    movie : Movie
    **choice
        What differs from ``movie.choice``.

    Raises
    ------
    UserError
        If there is no such part, or the file cannot be read any more.
    """
    return open_movie(
        # From the file: each file of a series begins with the first channel.
        movie if movie.source is None else movie.source,
        fps=movie.fps,
        pixel_size_um=movie.pixel_size_um,
        **asdict(replace(movie.choice, **choice)),
    )


def holds_movie(path: Path) -> bool:
    """Return whether a file or folder is a movie, or a damaged one; fast, for a viewer's reader.

    False for what is left to others: single images, tables, folders of something else, and a few
    planes in depth, which `open_movie` takes as frames.
    """
    try:
        if found := format_of(path):
            stack = found.is_stack is not None and found.is_stack(path)
            return found.holds_movie(path) and not stack
        return path.is_dir() and is_series(path)
    except OSError:
        return False


def _frame_shape(shape: Any) -> tuple[int, int] | None:
    if shape is None:
        return None
    try:
        height, width = (int(size) for size in shape)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise UserError(f"shape must be a height and a width in pixels, not {shape!r}.")
    return height, width


def _open_planes(source: Any, choice: Choice) -> Movie:
    """Open each of several planes and lay them side by side."""
    if isinstance(source, Movie) and source.stack is not None:
        return source
    one = replace(choice, planes=None)
    first = _open(source, replace(one, plane=1))
    offered, wanted = first.offer.planes, choice.planes or ()
    numbers = wanted or tuple(range(1, offered + 1))
    what = str(first.source or first.name)
    if len(numbers) < 2 or max(numbers) > offered:
        raise UserError(
            f"{what} has {offered} plane(s); planes are two or more of these, such as "
            "--planes all, in Python planes='all'."
        )
    movies = [first if k == 1 else _open(source, replace(one, plane=k)) for k in numbers]
    return side_by_side(movies, numbers)


def _open(source: Any, choice: Choice) -> Movie:
    if isinstance(source, Movie):
        return source if source.choice.channels == choice.channels else apart(source, choice)
    if isinstance(source, str | Path):
        return _open_path(Path(source).expanduser(), choice)
    if isinstance(source, list | tuple) and all(isinstance(part, str | Path) for part in source):
        return _open_paths([Path(part).expanduser() for part in source], choice, in_order=True)
    if memory.is_array(source):
        return apart(memory.read_array(source, of_file(choice)), choice)
    if memory.is_layer(source):
        return apart(memory.read_layer(source, of_file(choice)), choice)
    raise UserError(
        f"A movie is a file, a folder, an array or an image layer, not {type(source).__name__}."
    )


def _open_paths(paths: Sequence[Path], choice: Choice, *, in_order: bool = False) -> Movie:
    if not paths:
        raise UserError("The list of files is empty; give at least one movie.")
    for path in paths:
        _check_there(path)
    return read_series(paths, _read_one, choice, in_order=in_order)


def _open_path(path: Path, choice: Choice) -> Movie:
    if not path.exists() and set("*?[") & set(str(path)):
        return _open_paths(find_files(path), choice)
    _check_there(path)
    try:
        if path.is_dir() and format_of(path) is None:
            return _open_paths(find_files(path), choice)
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    return _read_one(path, choice)


def _read_one(path: Path, choice: Choice, part: bool = False) -> Movie:
    try:
        if found := format_of(path):
            read = found.read_part if part and found.read_part is not None else found.read
            return apart(read(path, of_file(choice)), choice)
        if path.is_file() and path.stat().st_size == 0:
            raise UserError(f"{path} is empty; copy or export it again.")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {explain(error)}.") from error
    raise UserError(f"{path} is not a movie in a known format; {_way_out(path)}.")


def _way_out(path: Path) -> str:
    """Return what to do with a file that is no movie, by its first bytes."""
    with path.open("rb") as file:
        begins = file.read(19)
    if path.with_suffix(".sbx").is_file():
        return f"open {path.with_suffix('.sbx').name}, which it describes"
    if path.suffix.lower() == ".raw":
        return "bare pixels need their description beside them, of ThorImage Experiment.xml"
    if path.suffix.lower() == ".mmap":
        return "its name has to say its shape, as CaImAn writes it"
    if begins.startswith(b"MATLAB 5.0 MAT-file"):
        return "save it from MATLAB with save(..., '-v7.3')"
    if begins.startswith(b"\x93NUMPY"):
        return "open it in Python: sv.open_movie(np.load(path, mmap_mode='r'))"
    if begins.startswith(b"PK\3\4"):
        return "unpack it first"
    if begins.startswith(b"version https://git"):
        return "it is a pointer of Git LFS: fetch the file itself with git lfs pull"
    return "save it as TIFF, Zarr or HDF5"


def _check_there(path: Path) -> None:
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = explain(error) if isinstance(error, OSError) else str(error)
        raise UserError(f"Cannot read {path}: {reason}.") from error

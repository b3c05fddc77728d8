"""What a format of movie files declares, and where all of them are found."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.movie import Movie


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of file or folder that a movie is read from.

    A module of this folder that has one under the name ``FORMAT`` is found without being listed
    anywhere. It imports the library that reads its files only when it looks at one.

    Parameters
    ----------
    name : str
        What a person calls it: ``TIFF``.
    suffixes : tuple of str
        Endings under which a viewer offers its files to the reader, in lower case: ``.tif``.
    claims : callable
        ``claims(path)``: whether the content of a file or folder is of this format.
    holds_movie : callable
        ``holds_movie(path)``: whether what was claimed has frames, fast; True also where it is
        damaged, so that opening it says why.
    read : callable
        ``read(path, choice)`` opens what was claimed, or raises one sentence.
    priority : int
        The highest is asked first. 0: known by its first bytes; above: a special case of another
        format, such as NWB of HDF5; below: known by its name or by few bytes only.
    read_images : callable, optional
        ``read_images(paths)`` opens files of one image each, a frame a file; None where they hold
        more than one. A folder of files of a format that has this is one movie.
    read_part : callable, optional
        As ``read``, of one file of a series: a single frame is enough.
    without_described : callable, optional
        ``without_described(paths)`` leaves out files that come with another one of them, which
        describes the whole set.
    is_stack : callable, optional
        ``is_stack(path)``: whether what may be frames is rather a few planes in depth: a viewer
        does not take it for a movie unasked.
    whole_folder : bool
        Whether a movie is a folder with everything below it.
    """

    name: str
    suffixes: tuple[str, ...]
    claims: Callable[[Path], bool]
    holds_movie: Callable[[Path], bool]
    read: Callable[[Path, Choice], Movie]
    priority: int = 0
    read_images: Callable[[Sequence[Path]], Movie | None] | None = None
    read_part: Callable[[Path, Choice], Movie] | None = None
    without_described: Callable[[Sequence[Path]], list[Path]] | None = None
    is_stack: Callable[[Path], bool] | None = None
    whole_folder: bool = False


_added: list[Format] = []


def register(added: Format) -> None:
    """Make a format known that lies elsewhere.

    Parameters
    ----------
    added : Format
        Asked before those of the same priority that were known already.
    """
    _added.insert(0, added)


def formats() -> list[Format]:
    """Return all formats, the one that is asked first first."""
    return sorted([*_added, *_here()], key=lambda format_: -format_.priority)


def format_of(path: Path) -> Format | None:
    """Return the first format that claims a file or folder, None where none does.

    Parameters
    ----------
    path : pathlib.Path
        Any file or folder.

    Raises
    ------
    OSError
        If it cannot be looked at.
    """
    return next((format_ for format_ in formats() if format_.claims(path)), None)


def series_formats() -> list[Format]:
    """Return the formats of which a folder of files is one movie."""
    return [format_ for format_ in formats() if format_.read_images is not None]


@functools.cache
def _here() -> tuple[Format, ...]:
    package = importlib.import_module(__package__)
    modules = (
        importlib.import_module(f"{__package__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if not module.ispkg
    )
    found = (getattr(module, "FORMAT", None) for module in modules)
    return tuple(format_ for format_ in found if isinstance(format_, Format))

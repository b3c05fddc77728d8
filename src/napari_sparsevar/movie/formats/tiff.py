"""TIFF, BigTIFF, ImageJ and OME-TIFF."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.movie import Movie

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def claims(path: Path) -> bool:
    """Return whether this is a TIFF or BigTIFF file, by its first four bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4) in _MAGIC


def holds_movie(path: Path) -> bool:
    """Return whether a TIFF file has more than one grey-scale frame."""
    from napari_sparsevar.movie.formats.tiff_family import reading

    return reading.holds_movie(path)


def _is_stack(path: Path) -> bool:
    from napari_sparsevar.movie.formats.tiff_family import reading

    return reading.is_stack(path)


def _read(path: Path, choice: Choice) -> Movie:
    from napari_sparsevar.movie.formats.tiff_family import reading

    return reading.read(path, choice)


def _read_part(path: Path, choice: Choice) -> Movie:
    from napari_sparsevar.movie.formats.tiff_family import reading

    return reading.read(path, choice, part=True)


def _without_described(paths: Sequence[Path]) -> list[Path]:
    from napari_sparsevar.movie.formats.tiff_family import ome_set

    return ome_set.without_described(paths)


def _read_images(paths: Sequence[Path]) -> Movie | None:
    from napari_sparsevar.movie.formats.tiff_family import images

    return images.read_images(paths)


FORMAT = Format(
    name="TIFF",
    suffixes=(".tif", ".tiff"),
    claims=claims,
    holds_movie=holds_movie,
    read=_read,
    read_images=_read_images,
    read_part=_read_part,
    without_described=_without_described,
    is_stack=_is_stack,
)

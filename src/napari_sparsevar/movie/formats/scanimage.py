"""TIFF files of ScanImage: channels and planes taken apart, flyback left out."""

from __future__ import annotations

from pathlib import Path

from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats import tiff
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.movie import Movie


def claims(path: Path) -> bool:
    """Return whether ScanImage wrote this file, by its header; False where it is damaged."""
    if not tiff.claims(path):
        return False
    from napari_sparsevar.movie.formats.tiff_family import scanimage

    return scanimage.is_scanimage(path)


def _read(path: Path, choice: Choice) -> Movie:
    from napari_sparsevar.movie.formats.tiff_family import scanimage

    return scanimage.read(path, choice)


def _read_part(path: Path, choice: Choice) -> Movie:
    from napari_sparsevar.movie.formats.tiff_family import scanimage

    return scanimage.read(path, choice, part=True)


FORMAT = Format(
    name="ScanImage",
    priority=10,
    suffixes=(".tif", ".tiff"),
    claims=claims,
    holds_movie=tiff.holds_movie,
    read=_read,
    read_part=_read_part,
)

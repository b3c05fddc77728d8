"""OME-TIFF whose description says where each plane lies, in one file or in a set of them."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path

import tifffile

from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.failures import DAMAGED
from napari_sparsevar.movie.formats.tiff_family import ome
from napari_sparsevar.movie.formats.tiff_family.micromanager import described_files
from napari_sparsevar.movie.formats.tiff_family.ome_planes import in_time, read_images
from napari_sparsevar.movie.formats.tiff_family.plane_set import read_set
from napari_sparsevar.movie.formats.tiff_family.units import units_of_ome
from napari_sparsevar.movie.movie import Movie


def read(
    file: tifffile.TiffFile, path: Path, choice: Choice, *, part: bool = False
) -> Movie | None:
    """Open the planes a description lists, wherever they lie, each once.

    Parameters are those of `plane_set.read_set`.

    Returns
    -------
    Movie or None
        None where there is no list, or where it says no more than the order of pages.
    """
    xml = _description(file, path)
    if ome.ordered_pages(xml) is not None:
        return None
    listed = read_images(xml, path.name)
    if not listed:
        return None
    images, units = in_time(listed), units_of_ome(xml, str(path))
    if len(images) < len(listed):
        said = (
            f"{path} numbers {len(listed)} images; they are taken as one after the other in time."
        )
        units = units._replace(notes=(said, *units.notes))
    return read_set(images, units, file, path, choice, part=part)


def shape_of(file: tifffile.TiffFile, path: Path) -> tuple[tuple[int, ...], str] | None:
    """Return how long the longest image of a description is, along T, Z and C, and these letters.

    None where it lists no planes.
    """
    images = in_time(read_images(_description(file, path), path.name))
    longest = max((image.file.shape for image in images), default=None)
    return None if longest is None else (longest, "TZC" if longest[0] > 1 else "QZC")


def without_described(paths: Sequence[Path]) -> list[Path]:
    """Leave out the files that the description in another one of them speaks of.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        TIFF files in any order.

    Returns
    -------
    list of pathlib.Path
        In the same order. Of names that differ in numbers alone no more than one without a
        description is looked at.
    """
    waiting, kept = dict.fromkeys(paths), set()
    alone: set[str] = set()
    while waiting:
        path = next(iter(waiting))
        shape = re.sub(r"\d+", "#", path.name)
        described, master = (set(), None) if shape in alone else _described_files(path)
        if master in waiting:
            described, _ = _described_files(master)
            path = master if path.name in described else path
        if not described:
            alone.add(shape)
        for each in (path, *(path.parent / name for name in described)):
            waiting.pop(each, None)
        kept.add(path)
    return [path for path in paths if path in kept]


def _described_files(path: Path) -> tuple[set[str], Path | None]:
    """Return the names of the files that a description speaks of, and the file that has it.

    Names are none, and the file is another one, where the description lies elsewhere.
    """
    try:
        with tifffile.TiffFile(path) as file:
            xml = _description(file, path)
    except (OSError, *DAMAGED):
        return set(), None
    master = re.search(r'MetadataFile="([^"]*)"', xml)
    names = {html.unescape(name) for name in re.findall(r'FileName="([^"]*)"', xml)}
    names |= described_files(path) if not names else set()
    return names - {path.name}, path.parent / html.unescape(master[1]) if master else None


def master_of(file: tifffile.TiffFile, path: Path) -> Path | None:
    """Return the TIFF file that describes this one; None where it describes itself."""
    xml = (file.ome_metadata if file.is_ome else None) or ""
    name = re.search(r'MetadataFile="([^"]*)"', xml)
    master = path.parent / html.unescape(name[1]) if name else path
    return None if master.name == path.name or _is_read_along(master) else master


def _is_read_along(master: Path) -> bool:
    return "tif" not in master.suffix.lower() and master.is_file()


def _description(file: tifffile.TiffFile, path: Path) -> str:
    """Return the description in a file, or the one it refers to where that is no TIFF file."""
    xml = (file.ome_metadata if file.is_ome else None) or ""
    name = re.search(r'MetadataFile="([^"]*)"', xml)
    master = path.parent / html.unescape(name[1]) if name else path
    if name is None or not _is_read_along(master):
        return xml
    return master.read_text(encoding="utf-8", errors="replace")

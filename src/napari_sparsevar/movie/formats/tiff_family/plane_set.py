"""Movies whose planes lie in pages of one file or of a set of files, as an index lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.formats.tiff_family.opened import open_tiff
from napari_sparsevar.movie.formats.tiff_family.page_files import Page, frames_of_files
from napari_sparsevar.movie.formats.tiff_family.units import Units
from napari_sparsevar.movie.formats.tiff_family.whole import whole_pages
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames


class Planes(NamedTuple):
    """Where the planes of one image lie.

    Parameters
    ----------
    name : str
        What the microscope called it.
    files : tuple of str
        Names of files; the empty name is the file that has the index.
    file, page : ndarray of int64, shape (T, Z, C)
        Which of the files holds a plane, -1 where none does, and in which of its pages.
    """

    name: str
    files: tuple[str, ...]
    file: NDArray[np.int64]
    page: NDArray[np.int64]


def read_set(
    images: Sequence[Planes],
    units: Units,
    file: tifffile.TiffFile,
    path: Path,
    choice: Choice,
    *,
    part: bool = False,
) -> Movie:
    """Open the planes an index lists, wherever they lie, each once.

    Parameters
    ----------
    images : sequence of Planes
        All images that the index speaks of, at least one.
    units : Units
        Of all of them.
    file : tifffile.TiffFile
        The open file that has the index.
    path : pathlib.Path
        Where it lies; the other files of the set lie beside it.
    choice : Choice
        Of a channel, a plane and, where there are several images, one of them.
    part : bool
        Whether a single frame is enough: one set of a series of them.
    """
    wide = [image for image in images if image.file.shape[0] > 1] or images
    names = [image.name for image in wide]
    name = pick(choice.dataset, names, str(path)) if len(wide) > 1 else names[0]
    listed = _listed(images)
    movie = _read_image(wide[names.index(name)], listed, units, file, path, choice, part)
    return of_dataset(movie, name, names) if len(wide) > 1 else movie


def _read_image(
    image: Planes,
    listed: dict[str, int],
    units: Units,
    file: tifffile.TiffFile,
    path: Path,
    choice: Choice,
    part: bool,
) -> Movie:
    what, page = str(path), file.pages.first
    if page.ndim != 2 or page.dtype is None:
        raise UserError(f"{path} has pages that are no grey-scale frames; export it again.")
    lazy_frames.check_dtype(page.dtype, what)
    names = "TZC" if part or image.file.size > 1 else "QZC"
    chosen = axes.choose((*image.file.shape, *page.shape), f"{names}YX", what, choice)
    at = chosen.index[:3]
    number, pages = image.file[at].ravel(), image.page[at].ravel()
    places = [_beside(path, name) for name in image.files]
    lengths = _lengths(image, places, number, pages)
    there = pages < lengths[number]
    frames = [Page(places[number[t]], int(pages[t])) for t in np.flatnonzero(there)]
    frames = _without_unfinished(frames, there)
    if not frames:
        raise UserError(f"{path} refers to files that are missing; keep them in one folder.")
    movie = chosen.movie(
        frames_of_files(frames),
        what,
        name=path.stem.removesuffix(".ome"),
        source=path,
        fps=units.fps,
        pixel_size_um=units.pixel_size_um,
    )
    said = _about_missing(there, places, path) + _about_more(image, lengths, listed, path)
    jumps = tuple((np.flatnonzero(np.diff(np.flatnonzero(there)) > 1) + 1).tolist())
    return replace(movie, notes=(*said, *movie.notes, *units.notes), jumps=jumps)


def _beside(path: Path, name: str) -> Path:
    return path.parent / name.replace("\\", "/") if name else path


def _lengths(
    image: Planes, places: Sequence[Path], number: NDArray[np.int64], pages: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return how many pages of each file are there, and 0 for what is in no file, at the end."""
    last = np.full(len(places), -1)
    np.maximum.at(last, number[number >= 0], pages[number >= 0])
    beside = {each.name for each in places[0].parent.iterdir()} if any(image.files) else set()
    lengths = [
        _length(place, page) if not name or name in beside or _is_there(place, name) else 0
        for place, name, page in zip(places, image.files, last.tolist(), strict=True)
    ]
    return np.array([*lengths, 0])


def _is_there(place: Path, name: str) -> bool:
    return ("/" in name or "\\" in name) and place.is_file()


def _length(place: Path, last_page: int) -> int:
    """Look at a file that is there, if more than its first page is wanted."""
    if last_page < 1:  # one of many thousands: looked at when its frame is read
        return last_page + 1
    with open_tiff(place) as file:
        return whole_pages(file, place, last_page + 1).n_pages


def _without_unfinished(frames: list[Page], there: NDArray[np.bool_]) -> list[Page]:
    """Take the last frame as missing if its file, which has no other, is still being written."""
    if len(frames) < 2 or frames[-1].file == frames[-2].file:
        return frames
    try:
        frames_of_files(frames[-1:])
    except UserError:
        there[np.flatnonzero(there)[-1]] = False
        return frames[:-1]
    return frames


def _listed(images: Sequence[Planes]) -> dict[str, int]:
    """Return up to which page each file is listed, by its name."""
    listed: dict[str, int] = {}
    for image in images:
        for number, name in enumerate(image.files):
            pages = image.page[image.file == number]
            listed[name] = max(listed.get(name, 0), int(pages.max(initial=-1)) + 1)
    return listed


def _about_more(
    image: Planes, lengths: NDArray[np.int64], listed: dict[str, int], path: Path
) -> tuple[str, ...]:
    """Return a sentence on pages that no list speaks of."""
    promised = np.array([listed[name] for name in image.files])
    more = int(np.maximum(lengths[:-1] - promised, 0).sum())
    said = f"The header of {path} lists {more} images fewer than there are; these are left out."
    return (said,) if more else ()


def _about_missing(there: NDArray[np.bool_], places: Sequence[Path], path: Path) -> tuple[str, ...]:
    if there.all():
        return ()
    n_frames, last = int(there.sum()), int(np.flatnonzero(there)[-1])
    gap = "" if there[:last].all() else " Nothing is foretold across those missing in between."
    absent = [place.name for place in places if not place.exists()]
    files = f" {len(absent)} of its files are missing ({absent[0]})." if absent else ""
    return (
        f"The header of {path} counts {len(there)} frames; the {n_frames} that are there are "
        f"used.{files}{gap}",
    )

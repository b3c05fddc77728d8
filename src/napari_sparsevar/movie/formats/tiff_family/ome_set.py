"""OME-TIFF whose description says where each plane lies, in one file or in a set of them."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice, pick
from napari_sparsevar.movie.formats.failures import DAMAGED, explained
from napari_sparsevar.movie.formats.tiff_family import ome
from napari_sparsevar.movie.formats.tiff_family.ome_planes import OmeImage, read_images
from napari_sparsevar.movie.formats.tiff_family.pages import DecodedPages
from napari_sparsevar.movie.formats.tiff_family.raw import RawPages, find_raw
from napari_sparsevar.movie.formats.tiff_family.units import units_of_ome
from napari_sparsevar.movie.formats.tiff_family.whole import whole_pages
from napari_sparsevar.movie.movie import Movie, of_dataset
from napari_sparsevar.movie.reading import lazy_frames


def read(
    file: tifffile.TiffFile, path: Path, choice: Choice, *, part: bool = False
) -> Movie | None:
    """Open the planes a description lists, wherever they lie, each once.

    Parameters
    ----------
    file : tifffile.TiffFile
        The open file with the description.
    path : pathlib.Path
        Where it lies; the other files of the set lie beside it.
    choice : Choice
        Of a channel, a plane and, where the description has several images, one of them.
    part : bool
        Whether a single frame is enough: one set of a series of them.

    Returns
    -------
    Movie or None
        None where there is no list, or where it says no more than the order of pages.
    """
    xml = file.ome_metadata or ""
    if ome.ordered_pages(xml) is not None:
        return None
    images = read_images(xml, path.name)
    if not images:
        return None
    wide = [image for image in images if image.file.shape[0] > 1] or images
    names = [image.name for image in wide]
    name = pick(choice.dataset, names, str(path)) if len(wide) > 1 else names[0]
    movie = _read_image(wide[names.index(name)], file, path, choice, part)
    return of_dataset(movie, name, names) if len(wide) > 1 else movie


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
    waiting, kept = dict.fromkeys(paths), []
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
        kept.append(path)
    return sorted(kept, key=list(paths).index)


def _described_files(path: Path) -> tuple[set[str], Path | None]:
    """Return the names of the files that a description speaks of, and the file that has it.

    Names are none, and the file is another one, where the description lies elsewhere.
    """
    try:
        with tifffile.TiffFile(path) as file:
            xml = (file.ome_metadata if file.is_ome else None) or ""
    except (OSError, *DAMAGED):
        return set(), None
    master = re.search(r'MetadataFile="([^"]*)"', xml)
    names = {html.unescape(name) for name in re.findall(r'FileName="([^"]*)"', xml)}
    return names - {path.name}, path.parent / html.unescape(master[1]) if master else None


def _read_image(
    image: OmeImage, file: tifffile.TiffFile, path: Path, choice: Choice, part: bool
) -> Movie:
    what, page = str(path), file.pages.first
    if page.ndim != 2 or page.dtype is None:
        raise UserError(f"{path} has pages that are no grey-scale frames; export it again.")
    lazy_frames.check_dtype(page.dtype, what)
    names = "TZC" if part or image.file.size > 1 else "QZC"
    chosen = axes.choose((*image.file.shape, *page.shape), f"{names}YX", what, choice)
    at = chosen.index[:3]
    number, pages = image.file[at].ravel(), image.page[at].ravel()
    sources = _sources(image, path, number, pages)
    lengths = np.array([*(source.n_pages for source in sources), 0])  # the last: in no file
    there = pages < lengths[number]
    _leave_out_unfinished(there, sources, number)
    if not there.any():
        raise UserError(f"{path} refers to files that are missing; keep them in one folder.")
    reader = SetReader(sources, number[there], pages[there], page.shape, page.dtype)
    fps, size, notes = units_of_ome(file.ome_metadata or "", what)
    movie = chosen.movie(
        lazy_frames.from_reader(reader, (int(there.sum()), *page.shape), page.dtype),
        what,
        name=path.stem.removesuffix(".ome"),
        source=path,
        fps=fps,
        pixel_size_um=size,
    )
    said = _about_missing(there, sources, path)
    jumps = tuple((np.flatnonzero(np.diff(np.flatnonzero(there)) > 1) + 1).tolist())
    return replace(movie, notes=(*said, *movie.notes, *notes), jumps=jumps)


class Source:
    """One file of a set.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    n_pages : int
        How many of its pages are there; 0 where it is missing.
    raw : RawPages or None
        Its pages where they are raw.
    """

    def __init__(self, path: Path, n_pages: int, raw: RawPages | None = None) -> None:
        self.path, self.n_pages, self._raw = path, n_pages, raw
        self._decoded = DecodedPages(path, None, np.arange(n_pages)) if n_pages > 1 else None

    @classmethod
    def of(cls, path: Path, last_page: int) -> Source:
        """Look at a file that is there, if more than its first page is wanted."""
        if last_page == 0:  # one of many thousands: looked at when its frame is read
            return cls(path, 1)
        with explained(path, f"{path} is damaged", MemoryError), tifffile.TiffFile(path) as file:
            pages = whole_pages(file, path, last_page + 1)
            raw = find_raw(file, path)
        return cls(path, pages.n_pages, raw)

    def read(self, pages: NDArray[np.int64]) -> NDArray[Any]:
        """Return some of its pages, (n, Y, X)."""
        if self._raw is not None:
            return self._raw.read(self._raw.offsets[pages])
        with explained(self.path, f"{self.path} is damaged", MemoryError):
            if self._decoded is not None:
                return self._decoded.read(pages.tolist())
            with tifffile.TiffFile(self.path) as file:
                return np.asarray(file.pages[0].asarray())[None]


class SetReader:
    """Reads frames of a set; safe to call from several threads and to send to a process.

    Parameters
    ----------
    sources : sequence of Source
        Its files.
    number, pages : ndarray of int64, shape (T,)
        Which file, and which of its pages, is each frame.
    shape, dtype
        Of every frame.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        number: NDArray[np.int64],
        pages: NDArray[np.int64],
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._sources, self._number, self._pages = sources, number, pages
        self._shape, self._dtype = shape, dtype

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames start .. stop (exclusive)."""
        block = np.empty((stop - start, *self._shape), self._dtype)
        number, pages = self._number[start:stop], self._pages[start:stop]
        edges = [0, *(np.flatnonzero(np.diff(number)) + 1).tolist(), stop - start]
        for first, last in itertools.pairwise(edges):
            source = self._sources[number[first]]
            frames = source.read(pages[first:last])
            if frames.shape[1:] != self._shape or frames.dtype != self._dtype:
                raise UserError(
                    f"{source.path} does not match the other files of its set; export it again."
                )
            block[first:last] = frames
        return block


def _sources(
    image: OmeImage, path: Path, number: NDArray[np.int64], pages: NDArray[np.int64]
) -> list[Source]:
    """Return the files of a set; of a file that holds none of the wanted planes nothing is read."""
    beside = {each.name for each in path.parent.iterdir()} if len(image.files) > 1 else set()
    last = np.full(len(image.files), -1)
    listed = number >= 0
    np.maximum.at(last, number[listed], pages[listed])
    sources = []
    for name, page in zip(image.files, last.tolist(), strict=True):
        place = path.parent / name if name else path
        there = page >= 0 and (not name or name in beside)
        sources.append(Source.of(place, page) if there else Source(place, 0))
    return sources


def _leave_out_unfinished(
    there: NDArray[np.bool_], sources: Sequence[Source], number: NDArray[np.int64]
) -> None:
    """Take the last frame as missing if its file, which has no other, is still being written."""
    last = int(np.flatnonzero(there)[-1]) if there.any() else 0
    if not there.any() or sources[number[last]].n_pages > 1:
        return
    try:
        sources[number[last]].read(np.array([0]))
    except UserError:
        there[last] = False


def _about_missing(
    there: NDArray[np.bool_], sources: Sequence[Source], path: Path
) -> tuple[str, ...]:
    if there.all():
        return ()
    n_frames, last = int(there.sum()), int(np.flatnonzero(there)[-1])
    gap = "" if there[:last].all() else " Nothing is foretold across those missing in between."
    absent = [source.path.name for source in sources if not source.path.exists()]
    files = f" {len(absent)} of its files are missing ({absent[0]})." if absent else ""
    return (
        f"The header of {path} counts {len(there)} frames; the {n_frames} that are there are "
        f"used.{files}{gap}",
    )

"""The pages of a TIFF file that are there, whole and alike, whatever its header counts."""

from __future__ import annotations

import contextlib
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import DAMAGED
from napari_sparsevar.movie.formats.tiff_family.arrangement import Arrangement
from napari_sparsevar.movie.formats.tiff_family.pages import DecodedPages
from napari_sparsevar.movie.formats.tiff_family.raw import RawPages, find_raw
from napari_sparsevar.movie.formats.tiff_family.tables import read_table
from napari_sparsevar.movie.reading import lazy_frames


class WholePages(NamedTuple):
    """Pages of one size and type.

    Parameters
    ----------
    n_pages : int
        How many there are.
    shape : tuple of int
        Height and width of each, and colours if it has any.
    dtype : numpy.dtype
        Type of the pixels.
    frames : callable
        ``frames(pages)`` returns some of them, lazily, (T, Y, X).
    notes : tuple of str
        A sentence where the file was cut short, or holds other images too.
    cut : bool
        Whether it was cut short.
    """

    n_pages: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    frames: Callable[[NDArray[np.int64]], da.Array]
    notes: tuple[str, ...] = ()
    cut: bool = False


def whole_pages(file: tifffile.TiffFile, path: Path, promised: int = 1) -> WholePages:
    """Find the pages of a file that hold all of their pixels.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    path : pathlib.Path
        Where it lies.
    promised : int
        Images its header counts.

    Raises
    ------
    UserError
        If there is none.
    """
    chain, run = find_raw(file, path), _one_run(file, path, promised)
    if run is not None and chain is None and following(file, path, file.pages[-1].offset) == 0:
        run = run if len(file.pages) in (1, run.n_pages) else None  # else more pages follow
    if run is not None and (chain is None or chain.n_pages < run.n_pages):
        return of_raw(run)
    return _looked_at(path) if chain is None else of_raw(chain)


def of_raw(raw: RawPages) -> WholePages:
    """Return raw pages as what there is, with a note where more was to come."""
    notes = (_cut(raw.path, raw.n_pages),) if raw.cut else ()
    return WholePages(raw.n_pages, raw.shape, raw.dtype, raw.frames, notes, raw.cut)


def is_whole(file: tifffile.TiffFile, series: Any, path: Path) -> bool:
    """Return whether a file ends behind its last page and holds all pixels of a series."""
    if series.dataoffset is not None:
        end = series.dataoffset + series.nbytes
        if series.kind == "imagej":  # counted already; to walk along its pages would take seconds
            return bool(end <= file.filehandle.size)
    elif any(page is None for page in series.pages):
        return False
    else:
        end = max((_end(page) for page in series.pages), default=0)
    return end <= file.filehandle.size and following(file, path, file.pages[-1].offset) == 0


def has_all_pages(file: tifffile.TiffFile, series: Any) -> bool:
    """Return whether the only series of a file has all of its pages."""
    counted = len(file.series) > 1 or series.kind == "imagej"
    return counted or len(file.pages) <= math.prod(series.shape[:-2])


def is_as_counted(file: tifffile.TiffFile, path: Path, promised: int) -> bool:
    """Return whether a file has as many pages as its header counts, without looking at each.

    A single page stands for all where their pixels follow it.
    """
    first: Any = file.pages.first
    offset, number = first.offset, 0
    with path.open("rb") as stream, contextlib.suppress(struct.error):
        while offset and number <= promised:
            offset = read_table(stream, file.tiff, offset).following
            number += 1
    run = first.dataoffsets[0] + promised * first.nbytes <= file.filehandle.size
    return offset == 0 and (number == promised or (number == 1 and run))


def appended(file: tifffile.TiffFile, largest: Any) -> Arrangement | None:
    """Return how pages lie that were appended to a file array by array.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    largest : tifffile.TiffPageSeries
        The array that is taken where the others are no part of the movie.

    Returns
    -------
    Arrangement or None
        None where they are none: a single image beside a movie is a projection or a preview.
    """
    alike = _alike(file, largest)
    lengths = [series.shape[0] if len(series.shape) > 2 else 1 for series in alike]
    singles = lengths.count(1)
    last_is_rest = singles == 1 and len(alike) > 2 and lengths[-1] == 1
    if len(alike) < 2 or (0 < singles < len(alike) and not last_is_rest):
        return None
    names = largest.axes[:-2] or "I"
    return Arrangement((sum(lengths), *largest.shape[1:-2]), names)


def appended_pages(file: tifffile.TiffFile, path: Path, largest: Any) -> WholePages:
    """Return all pages of the arrays that `appended` takes together."""
    alike = _alike(file, largest)
    if any(series.dataoffset is None for series in alike) or largest.keyframe.ndim != 2:
        return _looked_at(path)
    each = largest.keyframe.nbytes
    runs = [s.dataoffset + each * np.arange(math.prod(s.shape[:-2])) for s in alike]
    offsets = np.concatenate(runs).astype(np.int64)
    whole = offsets + each <= file.filehandle.size
    cut = not whole.all() or following(file, path, file.pages[-1].offset) != 0
    return of_raw(RawPages.like(largest.keyframe, file, path, offsets[whole], cut=cut))


def _alike(file: tifffile.TiffFile, largest: Any) -> list[Any]:
    """Return the series that differ from the largest in the length of their first axis alone."""

    def kind(series: Any) -> tuple[Any, ...]:
        return series.kind, series.dtype, series.shape[-2:], series.shape[1:-2]

    if largest.kind == "ome" or largest.axes[-2:] != "YX":
        return []
    return [series for series in file.series if kind(series) == kind(largest)]


def _cut(path: Path, n_pages: int) -> str:
    return (
        f"{path} ends in the middle of an image: it was cut short, or is still being written; "
        f"the {n_pages} whole images are used."
    )


def _one_run(file: tifffile.TiffFile, path: Path, promised: int) -> RawPages | None:
    """Return images that lie one after the other behind the first table.

    ImageJ and tifffile write all pixels before the second table; above 4 GB ImageJ writes none.
    """
    first: Any = file.pages.first
    if first.compression != 1 or not first.is_contiguous or first.ndim != 2:
        return None
    begin: int = first.dataoffsets[0]
    after = following(file, path, first.offset)
    if after is not None and promised < 2 and after > file.filehandle.size:
        # The description may be lost too. What was to come before the second table?
        promised = (after - begin) // first.nbytes
    if after is None or promised < 2 or 0 < after < begin + promised * first.nbytes:
        return None
    n_whole = max(0, min(promised, (file.filehandle.size - begin) // first.nbytes))
    offsets = begin + first.nbytes * np.arange(n_whole, dtype=np.int64)
    return RawPages.like(first, file, path, offsets, cut=n_whole < promised)


def _looked_at(path: Path) -> WholePages:
    """Look at page after page, as far as the file goes."""
    with tifffile.TiffFile(path) as file:
        pages = _readable(file)
        whole = [page for page in pages if 0 < _end(page) <= file.filehandle.size]
        if not whole:
            raise UserError(
                f"{path} is truncated: it holds no whole image; copy or export it again."
            )
        ended = len(whole) == len(pages) and following(file, path, whole[-1].offset) == 0
        sizes: dict[Any, int] = {}
        for page in whole:
            sizes[_kind(page)] = sizes.get(_kind(page), 0) + page.size
        kind = max(sizes, key=lambda each: sizes[each])
        alike = [page for page in whole if _kind(page) == kind]
        raw = all(page.is_contiguous and page.compression == 1 for page in alike)
        offsets = np.array([page.dataoffsets[0] for page in alike], np.int64)
        numbers = np.array([page.index for page in alike], np.int64)
        placed = RawPages.like(alike[0], file, path, offsets) if raw else None
    notes = [] if ended else [_cut(path, len(alike))]
    if len(alike) < len(whole):
        left = len(whole) - len(alike)
        notes.append(f"{path} holds {left} images of another size or type too; they are left out.")

    def frames(wanted: NDArray[np.int64]) -> da.Array:
        if placed is not None and len(placed.shape) == 2:
            return placed.frames(wanted)
        reader = DecodedPages(path, None, numbers[wanted])
        return lazy_frames.from_reader(reader, (len(wanted), *kind[0]), kind[1])

    return WholePages(len(alike), kind[0], kind[1], frames, tuple(notes), not ended)


def _readable(file: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """Return the pages up to the first that cannot be read, or was there before."""
    pages: list[Any] = []
    seen: set[int] = set()
    with contextlib.suppress(*DAMAGED):
        while True:
            page = file.pages[len(pages)]
            if page.dtype is None or page.offset in seen:
                break
            seen.add(page.offset)
            pages.append(page)
    return pages


def _kind(page: tifffile.TiffPage) -> tuple[tuple[int, ...], np.dtype[Any]]:
    assert page.dtype is not None
    return page.shape, page.dtype


def _end(page: Any) -> int:
    # In a file of one page the page itself is all there is.
    places = zip(page.dataoffsets, page.databytecounts, strict=True)
    end = max((offset + length for offset, length in places), default=0)
    packed = page.keyframe.bitspersample != page.keyframe.dtype.itemsize * 8
    raw = len(page.dataoffsets) == 1 and page.compression == 1 and not packed
    return max(end, page.dataoffsets[0] + page.nbytes) if raw else end


def following(file: tifffile.TiffFile, path: Path, offset: int) -> int | None:
    """Return where the next table is said to be, 0 after the last, None where a table is cut."""
    with path.open("rb") as stream, contextlib.suppress(struct.error):
        return read_table(stream, file.tiff, offset).following
    return None

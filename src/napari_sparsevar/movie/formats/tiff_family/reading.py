"""TIFF, BigTIFF, ImageJ and OME-TIFF: one file, read lazily."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.tiff_family import ome
from napari_sparsevar.movie.formats.tiff_family.complete import check_complete
from napari_sparsevar.movie.formats.tiff_family.raw import find_raw, placed_pages
from napari_sparsevar.movie.formats.tiff_family.units import read_times, read_units
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed

# Its complaints reach whoever listens to the log, but not the screen: the UserError says it.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


@contextlib.contextmanager
def open_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """Open a TIFF file and close it afterwards; what goes wrong becomes one sentence.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Yields
    ------
    tifffile.TiffFile
        The open file.

    Raises
    ------
    UserError
        If the file is damaged or cannot be read, also inside the block.
    """
    with (
        explained(path, f"{path} is damaged or not a TIFF file that can be read", MemoryError),
        tifffile.TiffFile(path) as file,
    ):
        yield file


def holds_movie(path: Path) -> bool:
    """Return whether a TIFF file has grey-scale frames, without reading its chain of pages.

    True also where the file is damaged: opening it will say so. False for single images, colours,
    channels without time, and where nobody can tell which axis is time.
    """
    try:
        with open_tiff(path) as file:
            page: Any = file.pages.first
            numbers = page.dtype is not None and page.dtype.kind in "uif"
            return numbers and axes.is_movie(*_declared(file, page))
    except UserError:
        return True


def _declared(file: tifffile.TiffFile, page: Any) -> tuple[tuple[int, ...], str]:
    """Return shape and axes as the file says them; of a plain chain, that it goes on, as 2."""
    if "S" in page.axes:
        return page.shape, page.axes
    leading = _declared_pages(file) if page.axes == "YX" else None
    if leading is not None:
        return (*leading[0], *page.shape), f"{leading[1]}YX"
    series = max(file.series, key=lambda each: math.prod(each.shape))
    return series.shape, series.axes


def _declared_pages(file: tifffile.TiffFile) -> tuple[tuple[int, ...], str] | None:
    """Return the axes along which pages lie; None where all pages have to be looked at."""
    if file.is_ome:
        return ome.declared_pages(file.ome_metadata or "")
    if file.is_shaped:
        shape, names = _described(file)
        # What is noted of a single image says nothing of those that may follow it.
        noted_all = math.prod(shape[:-2]) > 1 or len(file.pages) == 1
        return (shape[:-2], names[:-2]) if noted_all and names[-2:] == "YX" else None
    # ImageJ writes a movie above 4 GB with one page.
    noted: dict[str, Any] = file.imagej_metadata or {}
    if (images := noted.get("images", 1)) > 1:
        lengths = tuple(int(noted.get(name, 1)) for name in ("frames", "slices", "channels"))
        return (lengths, "TZC") if math.prod(lengths) == images else ((images,), "I")
    try:
        alike = file.pages.get(1).shape == file.pages.first.shape
    except IndexError:
        return (), ""
    return ((2,), "I") if alike else None


def read(path: Path, choice: Choice) -> Movie:
    """Open one TIFF file without reading its pixels; the choice is of a channel and a plane."""
    with open_tiff(path) as file:
        return _read(file, path, choice)


def _read(file: tifffile.TiffFile, path: Path, choice: Choice) -> Movie:
    if not file.pages:
        raise UserError(f"{path} holds no image; copy or export it again.")
    movie = _read_raw(file, path, choice) or _read_series(file, path, choice)
    return timed(movie, read_times(file), str(path))


def _read_raw(file: tifffile.TiffFile, path: Path, choice: Choice) -> Movie | None:
    """Open a file of many like pages from the bytes of their tables alone."""
    flags = file.pages.first.flags
    plain = flags in (set(), {"shaped"}, {"ome"})
    raw = find_raw(file, path) if plain else None
    arranged = _arranged(file, raw.n_pages, raw.shape) if raw else None
    if raw is None or arranged is None:
        return None
    shape, names = (*arranged[0], *raw.shape), f"{arranged[1]}YX"
    lazy_frames.check_dtype(raw.dtype, str(path))
    chosen = axes.choose(shape, names, str(path), choice)
    if max(chosen.row, chosen.column) != len(shape) - 1 or chosen.time >= len(shape) - 2:
        return None
    frames = raw.frames(chosen.pages(shape[:-2]))
    return _movie(file, path, chosen, frames)


def _movie(file: tifffile.TiffFile, path: Path, chosen: axes.MovieAxes, frames: da.Array) -> Movie:
    fps, size, notes = read_units(file, str(path))
    movie = chosen.movie(
        frames, str(path), name=tiff_stem(path), source=path, fps=fps, pixel_size_um=size
    )
    return replace(movie, notes=(*movie.notes, *notes))


def _arranged(
    file: tifffile.TiffFile, n_pages: int, frame: tuple[int, int]
) -> tuple[tuple[int, ...], str] | None:
    """Return the axes along which pages lie, the slowest first, and their names."""
    if file.is_ome:
        return ome.ordered_pages(file.ome_metadata or "", n_pages)
    if not file.is_shaped:
        return (n_pages,), "I"
    shape, names = _described(file)
    if math.prod(shape[:-2]) != n_pages or shape[-2:] != frame or names[-2:] != "YX":
        return None
    return shape[:-2], names[:-2]


def _described(file: tifffile.TiffFile) -> tuple[tuple[int, ...], str]:
    """Return what tifffile has noted on the first page of an array: its shape and axes."""
    described = (file.shaped_metadata or ({},))[0]
    shape = tuple(described.get("shape", ()))
    return shape, described.get("axes") or axes.unnamed(len(shape))


def _read_series(file: tifffile.TiffFile, path: Path, choice: Choice) -> Movie:
    if not file.series:
        raise UserError(f"{path} holds no image; copy or export it again.")
    number = max(range(len(file.series)), key=lambda i: math.prod(file.series[i].shape))
    series = file.series[number]
    check_complete(file, series, path)
    lazy_frames.check_dtype(np.dtype(series.dtype), str(path))
    chosen = axes.choose(series.shape, series.axes, str(path), choice)
    frames = _frames(file, number, chosen, path)
    movie = _movie(file, path, chosen, frames)
    if len(file.series) == 1:
        return movie
    note = f"{path} holds {len(file.series)} image series; the largest one is used."
    return replace(movie, notes=(note, *movie.notes))


def tiff_stem(path: Path) -> str:
    """Return the file name without ``.tif``, ``.tiff`` or ``.ome.tif``."""
    return path.stem.removesuffix(".ome")


def _frames(file: tifffile.TiffFile, number: int, chosen: axes.MovieAxes, path: Path) -> da.Array:
    series = file.series[number]
    if series.dataoffset is not None:
        # One run of raw pixels: the operating system reads what is touched.
        mapped = np.memmap(
            path,
            dtype=np.dtype(file.byteorder + np.dtype(series.dtype).char),
            mode="r",
            offset=series.dataoffset,
            shape=tuple(series.shape),
        )
        return lazy_frames.from_memory(chosen.apply(mapped))
    leading = series.shape[:-2]
    if series.axes.endswith("YX") and len(series.pages) == math.prod(leading):
        return frames_of_pages(file, number, chosen.pages(leading), path)
    # Pages of several planes, tiles in depth: rare, and tifffile knows how to address them.
    import zarr

    reopened = tifffile.TiffFile(path)
    store = reopened.series[number].aszarr(level=0)
    array = zarr.open_array(store=store, mode="r")
    weakref.finalize(array, reopened.close)
    frames: da.Array = chosen.apply(lazy_frames.from_array(array, chosen.time))
    return frames


def frames_of_pages(
    file: tifffile.TiffFile, number: int, pages: NDArray[np.int64], path: Path
) -> da.Array:
    """Return frames that are a page each.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    number : int
        Which of its series, as tifffile counts them.
    pages : ndarray of int64, shape (T,)
        The page of each frame.
    path : pathlib.Path
        Where the file lies.

    Returns
    -------
    dask.array.Array, shape (T, Y, X)
        Read where pages are raw, decoded page by page where not; when asked for.
    """
    series = file.series[number]
    raw = placed_pages(file, series.pages, pages, path)
    if raw is not None:
        return raw
    shape = (len(pages), *series.keyframe.shape)
    return lazy_frames.from_reader(_Pages(path, number, pages), shape, series.dtype)


class _Pages:
    """Decodes pages of one file; safe to call from several threads and to send to a process."""

    def __init__(self, path: Path, number: int, pages: NDArray[np.int64]) -> None:
        self._path, self._number, self._pages = path, number, pages
        self._lock = threading.Lock()
        self._file: tifffile.TiffFile | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Pages, (self._path, self._number, self._pages)

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        complaint = f"Frames {start} to {stop - 1} of {self._path} are damaged"
        with explained(self._path, complaint, MemoryError), self._lock:
            return self._decode(self._pages[start:stop].tolist())

    def _decode(self, pages: list[int]) -> NDArray[Any]:
        if self._file is None:
            # Kept open: finding the pages of a long file again would cost more than decoding.
            self._file = tifffile.TiffFile(self._path)
            weakref.finalize(self, self._file.close)
        workers = min(8, os.cpu_count() or 1)
        frames = self._file.asarray(key=pages, series=self._number, maxworkers=workers)
        return np.asarray(frames).reshape(len(pages), *frames.shape[-2:])

"""TIFF, BigTIFF, ImageJ and OME-TIFF: one file, read lazily."""

from __future__ import annotations

import math
import weakref
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
from napari_sparsevar.movie.formats.tiff_family import micromanager, ome, ome_set
from napari_sparsevar.movie.formats.tiff_family.arrangement import Arrangement, arranged, declared
from napari_sparsevar.movie.formats.tiff_family.opened import open_tiff, series_of
from napari_sparsevar.movie.formats.tiff_family.pages import frames_of_pages
from napari_sparsevar.movie.formats.tiff_family.raw import find_raw
from napari_sparsevar.movie.formats.tiff_family.units import read_times, read_units
from napari_sparsevar.movie.formats.tiff_family.whole import (
    WholePages,
    appended,
    appended_pages,
    following,
    has_all_pages,
    is_as_counted,
    is_whole,
    of_raw,
    whole_pages,
)
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed

_CHAINS = {"shaped", "generic", "uniform", "imagej", "ome"}
"""Kinds of series, as tifffile calls them, whose pages are frames one after the other."""


def holds_movie(path: Path) -> bool:
    """Return whether a TIFF file has grey-scale frames, without reading its chain of pages.

    True also where the file is damaged: opening it will say so. False for single images, colours,
    channels without time, and where nobody can tell which axis is time.
    """
    try:
        with open_tiff(path) as file:
            page: Any = file.pages.first
            numbers = page.dtype is not None and page.dtype.kind in "uif"
            return numbers and axes.is_movie(*_declared(file, path, page))
    except UserError:
        return True


def is_stack(path: Path) -> bool:
    """Return whether the header of a file speaks of a few planes in depth, and of no time."""
    try:
        with open_tiff(path) as file:
            page: Any = file.pages.first
            shape, names = _declared(file, path, page)
            few = axes.is_stack(shape, names) and read_units(file, str(path))[0] is None
            return few and not _has_page(file, math.prod(shape) // math.prod(page.shape))
    except UserError:
        return False


def _has_page(file: tifffile.TiffFile, number: int) -> bool:
    try:
        file.pages.get(number)
    except IndexError:
        return False
    return True


def _declared(file: tifffile.TiffFile, path: Path, page: Any) -> tuple[tuple[int, ...], str]:
    """Return shape and axes as the file says them; of a plain chain, that it goes on, as 2."""
    if "S" in page.axes:
        return page.shape, page.axes
    leading = _declared_pages(file, path) if page.axes == "YX" else None
    if leading is not None:
        return (*leading[0], *page.shape), f"{leading[1]}YX"
    series = max(series_of(file), key=lambda each: math.prod(each.shape))
    return series.shape, series.axes


def _declared_pages(file: tifffile.TiffFile, path: Path) -> tuple[tuple[int, ...], str] | None:
    """Return the axes along which pages lie; None where all pages have to be looked at."""
    if file.is_ome and not ome.refers_to_master(file.ome_metadata or ""):
        pages = ome.declared_pages(file.ome_metadata or "") or ome_set.shape_of(file, path)
    else:
        said = declared(file)
        pages = said and (said.shape, said.names)
    return _goes_on(file, path) if pages and math.prod(pages[0]) == 1 else pages


def _goes_on(file: tifffile.TiffFile, path: Path) -> tuple[tuple[int, ...], str] | None:
    """Return one axis of 2 if a second page like the first follows, none if it is the only one."""
    try:
        alike = file.pages.get(1).shape == file.pages.first.shape
    except IndexError:
        alike = following(file, path, file.pages.first.offset) != 0  # cut short: ours to explain
        return ((2,), "I") if alike else ((), "")
    return ((2,), "I") if alike else None


def read(path: Path, choice: Choice, *, part: bool = False) -> Movie:
    """Open one TIFF file without reading its pixels.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    choice : Choice
        Of a channel and a plane.
    part : bool
        Whether a single frame is enough: one file of a series.
    """
    with open_tiff(path) as file:
        if not file.pages:
            raise UserError(f"{path} holds no image; copy or export it again.")
        movie = ome_set.read(file, path, choice, part=part) if file.is_ome else None
        if movie is None and file.is_micromanager:
            movie = micromanager.read(file, path, choice, part=part)
        movie = movie or _read_raw(file, path, choice, part)
        movie = movie or _read_series(file, path, choice, part)
        movie = replace(movie, notes=(*_about_master(file, path), *movie.notes))
        return timed(movie, read_times(file), str(path))


def _about_master(file: tifffile.TiffFile, path: Path) -> tuple[str, ...]:
    """Return a sentence on the file that describes this one, where it is another."""
    master = ome_set.master_of(file, path)
    if master is None:
        return ()
    if master.is_file():
        return (f"{path} is a part of what {master.name} describes; open that, or the folder.",)
    return (
        f"{master.name}, which describes {path} and the files that belong to it, is missing: units "
        "and the order of images are not known.",
    )


def _read_raw(file: tifffile.TiffFile, path: Path, choice: Choice, part: bool) -> Movie | None:
    """Open a file of many like pages from the bytes of their tables alone."""
    flags = file.pages.first.flags
    said = declared(file) if flags in (set(), {"shaped"}, {"ome"}, {"imagej"}) else None
    if said is None:
        return None
    if flags != {"imagej"}:
        raw = find_raw(file, path)
        return None if raw is None else _read_pages(file, path, choice, said, of_raw(raw), part)
    if is_as_counted(file, path, said.n_pages):
        return None
    return _read_pages(file, path, choice, said, whole_pages(file, path, said.n_pages), part)


def _read_pages(
    file: tifffile.TiffFile,
    path: Path,
    choice: Choice,
    said: Arrangement,
    pages: WholePages,
    part: bool,
) -> Movie:
    """Open the pages that are there."""
    lazy_frames.check_dtype(pages.dtype, str(path))
    if pages.cut and pages.n_pages < (1 if part else 2):
        raise UserError(
            f"{path} is truncated, or only begins to be written: it holds {pages.n_pages or 'no'} "
            "whole image; copy or export it again, or wait."
        )
    there = arranged(said, pages.n_pages, path, cut=pages.cut)
    shape, names = (*there.shape, *pages.shape), f"{there.names}{'YXS'[: len(pages.shape)]}"
    chosen = axes.choose(*_with_time(shape, names, part), str(path), choice)
    frames = pages.frames(chosen.pages(shape[: -len(pages.shape)] or (1,)))
    movie = _movie(file, path, chosen, frames)
    # What comes behind a part that was cut does not follow it.
    jumps = (movie.n_frames,) if part and pages.cut else ()
    return replace(movie, notes=(*pages.notes, *there.notes, *movie.notes), jumps=jumps)


def _with_time(shape: tuple[int, ...], names: str, part: bool) -> tuple[tuple[int, ...], str]:
    """Return shape and axes with a time axis of one frame, where one image is a part of a movie."""
    single = part and "T" not in names and math.prod(shape) == math.prod(shape[-2:])
    return ((1, *shape), f"T{names}") if single else (shape, names)


def _movie(file: tifffile.TiffFile, path: Path, chosen: axes.MovieAxes, frames: da.Array) -> Movie:
    fps, size, notes = read_units(file, str(path))
    movie = chosen.movie(
        frames, str(path), name=tiff_stem(path), source=path, fps=fps, pixel_size_um=size
    )
    return replace(movie, notes=(*movie.notes, *notes))


def _read_series(file: tifffile.TiffFile, path: Path, choice: Choice, part: bool) -> Movie:
    if not series_of(file):
        raise UserError(f"{path} holds no image; copy or export it again.")
    number = max(range(len(file.series)), key=lambda i: math.prod(file.series[i].shape))
    series = file.series[number]
    if series.kind in _CHAINS:
        if said := appended(file, series):
            return _read_pages(file, path, choice, said, appended_pages(file, path, series), part)
        whole = is_whole(file, series, path) and has_all_pages(file, series)
        if not whole and (said := declared(file)):
            pages = whole_pages(file, path, said.n_pages)
            return _read_pages(file, path, choice, said, pages, part)
    elif not is_whole(file, series, path):
        raise UserError(
            f"{path} is truncated: its page table promises more frames than the "
            f"{file.filehandle.size:,} bytes of the file hold; copy or export it again."
        )
    lazy_frames.check_dtype(np.dtype(series.dtype), str(path))
    shape, names = _with_time(tuple(series.shape), series.axes, part)
    chosen = axes.choose(shape, names, str(path), choice)
    movie = _movie(file, path, chosen, _frames(file, number, shape, chosen, path))
    if len(file.series) == 1:
        return movie
    note = f"{path} holds {len(file.series)} image series; the largest one is used."
    return replace(movie, notes=(note, *movie.notes))


def tiff_stem(path: Path) -> str:
    """Return the file name without ``.tif``, ``.tiff`` or ``.ome.tif``."""
    return path.stem.removesuffix(".ome")


def _frames(
    file: tifffile.TiffFile,
    number: int,
    shape: tuple[int, ...],
    chosen: axes.MovieAxes,
    path: Path,
) -> da.Array:
    series = file.series[number]
    if series.dataoffset is not None:
        # One run of raw pixels: the operating system reads what is touched.
        mapped = np.memmap(
            path,
            dtype=np.dtype(file.byteorder + np.dtype(series.dtype).char),
            mode="r",
            offset=series.dataoffset,
            shape=shape,
        )
        return lazy_frames.from_memory(chosen.apply(mapped))
    leading = shape[:-2]
    if series.axes.endswith("YX") and len(series.pages) == math.prod(leading):
        return frames_of_pages(file, number, chosen.pages(leading), path)
    # Pages of several planes, tiles in depth: rare, and tifffile knows how to address them.
    import zarr

    reopened = tifffile.TiffFile(path)
    store = reopened.series[number].aszarr(level=0)
    array = zarr.open_array(store=store, mode="r")
    weakref.finalize(array, reopened.close)

    def read_some(start: int, stop: int) -> NDArray[Any]:
        with explained(path, f"Frames {start} to {stop - 1} of {path} are damaged", MemoryError):
            return chosen.read(array, start, stop)

    sizes = (chosen.time, chosen.row, chosen.column)
    return lazy_frames.from_reader(read_some, tuple(shape[i] for i in sizes), series.dtype)

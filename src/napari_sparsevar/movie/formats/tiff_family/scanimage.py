"""TIFF files of ScanImage: channels and planes taken apart, flyback left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of
from napari_sparsevar.movie.formats.tiff_family import reading
from napari_sparsevar.movie.formats.tiff_family.opened import open_tiff
from napari_sparsevar.movie.formats.tiff_family.scanimage_header import (
    Layout,
    count_fields,
    frame_number,
    read_header,
    read_layout,
    read_pixel_size,
)
from napari_sparsevar.movie.formats.tiff_family.scanimage_times import frame_times
from napari_sparsevar.movie.formats.tiff_family.whole import whole_pages
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import about_square


def is_scanimage(path: Path) -> bool:
    """Return whether ScanImage wrote a TIFF file, by its header; False where it is damaged."""
    try:
        with open_tiff(path) as file:
            return bool(file.is_scanimage)
    except UserError:
        return False


def read(path: Path, choice: Choice, *, part: bool = False) -> Movie:
    """Open one file of ScanImage without reading its pixels.

    Frames are of one channel (among those saved) and one plane, with the rate at which that plane
    was visited. Of a part of a series a single frame is enough, and its times are kept whether it
    pauses or not.
    """
    with open_tiff(path) as file:
        return _read(file, path, choice, part)


def _read(file: tifffile.TiffFile, path: Path, choice: Choice, part: bool) -> Movie:
    what = str(path)
    page = file.pages.first
    header = read_header(file)
    layout = read_layout(header)
    n_channels = len(layout.channels)
    channel, notes = number_of(choice.channel, n_channels, "channel", what)
    plane, said = number_of(choice.plane, layout.slices, "plane", what)
    if page.ndim != 2 or page.dtype is None:
        raise UserError(f"{path} has pages that are no grey-scale frames; export it again.")
    shape = (int(page.shape[0]), int(page.shape[1]))
    lazy_frames.check_dtype(page.dtype, what)
    there = whole_pages(file, path)
    n_pages = there.n_pages
    began = (frame_number(page.description) - 1) // layout.average
    pages = find_pages(layout, n_pages, (channel or 1) - 1, (plane or 1) - 1, began)
    if len(pages) < (1 if part else 2):
        raise UserError(
            f"{path} holds {n_pages} images for {n_channels} channels and {layout.volume} frames "
            "a volume: less than two frames of one plane; give the whole series of files."
        )
    lazy = there.frames(pages)
    rate, more = _rate(layout, pages, path)
    several = count_fields(file, header) > 1
    size = None if several else read_pixel_size(header, shape)
    bursts = rate is None and layout.slices > 1
    counted = layout.frame_rate and layout.frame_rate * layout.average
    times = None if bursts else frame_times(file, pages, counted)
    movie = Movie(
        data=lazy_frames.finish(lazy, what),
        fps=rate,
        pixel_size_um=size[1] if size else None,
        source=path,
        name=reading.tiff_stem(path),
        notes=(*there.notes, *notes, *said, *more, *_about_pixels(size, several, path)),
        choice=Choice(channel=channel, plane=plane),
        offer=Offer(n_channels, layout.slices, turns=layout.volume / layout.frames_per_slice),
        jumps=(len(pages),) if part and there.cut else (),
        times=times if part else None,  # whoever joins the parts looks for pauses
    )
    return movie if part else timed(movie, times, what)


def find_pages(
    layout: Layout, n_pages: int, channel: int, plane: int, began: int = 0
) -> NDArray[np.int64]:
    """Return which pages show one channel of one plane.

    Parameters
    ----------
    layout : Layout
        How the pages follow each other.
    n_pages : int
        How many the file has.
    channel, plane : int
        Which, from 0.
    began : int
        Frames of the acquisition before this file: it may begin in the middle of a volume.

    Returns
    -------
    ndarray of int64, shape (T,)
        Numbers of pages.
    """
    frames = np.arange(n_pages // len(layout.channels), dtype=np.int64)
    places = (frames + began) % layout.volume // layout.frames_per_slice
    shown = frames[places == plane] if layout.volume > 1 else frames
    return shown * len(layout.channels) + channel


def _rate(
    layout: Layout, pages: NDArray[np.int64], path: Path
) -> tuple[float | None, tuple[str, ...]]:
    per_frame = len(layout.channels)
    if len(pages) < 2:
        return layout.volume_rate if layout.slices > 1 else layout.frame_rate, ()
    if layout.slices == 1 or len(np.unique(np.diff(pages))) > 1:
        if layout.slices > 1:
            return None, (
                f"{path} shows a plane in bursts of {layout.frames_per_slice} frames; "
                "its frames are not evenly spaced in time.",
            )
        return layout.frame_rate, ()
    step = int(pages[1] - pages[0]) // per_frame
    if step == 1:  # a slow stack: all frames of a plane, then the next
        return layout.frame_rate, ()
    return layout.volume_rate or (layout.frame_rate and layout.frame_rate / step), ()


def _about_pixels(size: tuple[float, float] | None, several: bool, path: Path) -> tuple[str, ...]:
    if several:
        return (
            f"{path} has several fields of view in one frame, one below the other; "
            "it opens as stored and the pixel size has to be given.",
        )
    return about_square(*size, str(path)) if size else ()

"""A series of single TIFF images, one file a frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.tiff_family.arrangement import declared
from napari_sparsevar.movie.formats.tiff_family.opened import open_tiff
from napari_sparsevar.movie.formats.tiff_family.units import read_units
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames


def read_images(paths: Sequence[Path]) -> Movie | None:
    """Open a series of single images, one file a frame; only the first is looked at now.

    Parameters
    ----------
    paths : sequence of pathlib.Path
        The files in the order of time.

    Returns
    -------
    Movie or None
        A file is opened when its frame is read, and then has to match the first. None where the
        first file holds more than one image, or cannot be read: opening it will say why.
    """
    if not all(_is_single_image(path) for path in paths[:2]):
        return None
    paths, notes = _without_unfinished(paths)
    first = _read_image(paths[0])

    def frames(start: int, stop: int) -> NDArray[Any]:
        block = np.empty((stop - start, *first.shape), first.dtype)
        for frame, path in zip(block, paths[start:stop], strict=True):
            image = _read_image(path)
            if image.shape != first.shape or image.dtype != first.dtype:
                raise UserError(
                    f"{path} ({image.shape[0]} x {image.shape[1]}, {image.dtype}) does not match "
                    f"{paths[0].name}; take it out of the series."
                )
            frame[...] = image
        return block

    for path in paths:
        if path.stat().st_size == 0:
            raise UserError(f"{path} is empty; take it out of the series or copy it again.")
    data = lazy_frames.from_reader(frames, (len(paths), *first.shape), first.dtype)
    with open_tiff(paths[0]) as file:
        fps, pixel_size_um, said = read_units(file, str(paths[0]))
    return Movie(
        data=lazy_frames.finish(data, str(paths[0])),
        fps=fps,
        pixel_size_um=pixel_size_um,
        notes=(*notes, *said),
    )


def _without_unfinished(paths: Sequence[Path]) -> tuple[Sequence[Path], tuple[str, ...]]:
    """Leave out a last image that is not whole, which may still be written."""
    try:
        _read_image(paths[-1])
    except UserError:
        if len(paths) < 3 or paths[-1].stat().st_size >= paths[0].stat().st_size:
            raise
        return paths[:-1], (f"{paths[-1]} is not whole, or still being written; it is left out.",)
    return paths, ()


def _read_image(path: Path) -> NDArray[Any]:
    with explained(path, f"{path} is damaged", MemoryError), tifffile.TiffFile(path) as file:
        if len(file.pages) != 1:
            raise UserError(f"{path} is not one grey-scale image like the rest of the series.")
        image = np.squeeze(file.pages.first.asarray())
    if image.ndim != 2:
        raise UserError(f"{path} is not one grey-scale image like the rest of the series.")
    return image


def _is_single_image(path: Path) -> bool:
    """Return whether a file is one image by itself, whatever it says of others of its set."""
    try:
        with open_tiff(path) as file:
            page: Any = file.pages.first
            said = declared(file)
            run = page.is_contiguous and said is not None and said.n_pages > 1
            end = page.dataoffsets[0] + (said.n_pages if said else 1) * page.nbytes
            return (
                page.axes == "YX"
                and len(file.pages) == 1
                and not (run and end <= file.filehandle.size)
            )
    except UserError:
        return False

"""A series of single TIFF images, one file a frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.tiff_family.reading import open_tiff
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
    if not _is_single_image(paths[0]):
        return None
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
        fps, pixel_size_um, notes = read_units(file, str(paths[0]))
    return Movie(
        data=lazy_frames.finish(data, str(paths[0])),
        fps=fps,
        pixel_size_um=pixel_size_um,
        notes=notes,
    )


def _read_image(path: Path) -> NDArray[Any]:
    with explained(path, f"{path} is damaged", MemoryError):
        image = np.squeeze(tifffile.imread(path))
    if image.ndim != 2:
        raise UserError(f"{path} is not one grey-scale image like the rest of the series.")
    return image


def _is_single_image(path: Path) -> bool:
    try:
        with open_tiff(path) as file:
            series = file.series[0]
            return (
                math.prod(series.shape) == math.prod(series.shape[-2:]) and series.axes[-1] == "X"
            )
    except UserError:
        return False

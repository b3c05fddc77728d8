"""Frames that are pages of a TIFF file, read or decoded when they are asked for."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.tiff_family.raw import placed_pages
from napari_sparsevar.movie.reading import lazy_frames


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
    return lazy_frames.from_reader(DecodedPages(path, number, pages), shape, series.dtype)


class DecodedPages:
    """Decodes pages of one file; safe to call from several threads and to send to a process.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    number : int or None
        Which of its series the pages are counted in; None counts those of the file.
    pages : ndarray of int64, shape (T,)
        The page of each frame.
    """

    def __init__(self, path: Path, number: int | None, pages: NDArray[np.int64]) -> None:
        self._path, self._number, self._pages = path, number, pages
        self._lock = threading.Lock()
        self._file: tifffile.TiffFile | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return DecodedPages, (self._path, self._number, self._pages)

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        """Return frames start .. stop (exclusive)."""
        complaint = f"Frames {start} to {stop - 1} of {self._path} are damaged"
        with explained(self._path, complaint, MemoryError):
            return self.read(self._pages[start:stop].tolist())

    def read(self, pages: list[int]) -> NDArray[Any]:
        """Return some pages, (n, Y, X)."""
        with self._lock:
            if self._file is None:
                # Kept open: finding the pages of a long file again would cost more than decoding.
                self._file = tifffile.TiffFile(self._path)
                weakref.finalize(self, self._file.close)
            workers = min(8, os.cpu_count() or 1)
            frames = self._file.asarray(key=pages, series=self._number, maxworkers=workers)
        return np.asarray(frames).reshape(len(pages), *frames.shape[-2:])

"""Frames that lie in pages of many TIFF files, as another file lists them."""

from __future__ import annotations

import itertools
import math
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.reading import lazy_frames


class Page(NamedTuple):
    """Where a frame lies: a file, and which of its pages, the first is 0."""

    file: Path
    number: int


def frames_of_files(pages: Sequence[Page]) -> da.Array:
    """Return frames that are a page each.

    Parameters
    ----------
    pages : sequence of Page
        In the order of time; a file is opened when one of its frames is asked for.

    Returns
    -------
    dask.array.Array, shape (T, Y, X)
        Every page then has to match the first.

    Raises
    ------
    UserError
        If the first cannot be read.
    """
    read = _Reader(pages, None)
    first = read(0, 1)
    return lazy_frames.from_reader(
        _Reader(pages, first[0]), (len(pages), *first.shape[1:]), first.dtype
    )


class _Reader:
    """Reads runs of frames; safe to call from several threads and to send to a process."""

    def __init__(self, pages: Sequence[Page], like: NDArray[Any] | None) -> None:
        self._pages, self._like = pages, like
        self._lock = threading.Lock()
        self._open: tuple[Path, tifffile.TiffFile] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return _Reader, (self._pages, self._like)

    def __call__(self, start: int, stop: int) -> NDArray[Any]:
        found: list[NDArray[Any]] = []
        with self._lock:
            for path, pages in itertools.groupby(self._pages[start:stop], lambda page: page.file):
                with explained(path, f"{path} is damaged", MemoryError):
                    file = self._file(path)
                    found += [self._page(file, path, page.number) for page in pages]
        return np.stack(found)

    def _page(self, file: tifffile.TiffFile, path: Path, number: int) -> NDArray[Any]:
        if number >= len(file.pages):
            raise UserError(f"{path} has no page {number + 1}; it is cut short: copy it again.")
        page: Any = file.pages[number]
        image: NDArray[Any] = page.asarray()
        size = page.keyframe.imagelength, page.keyframe.imagewidth
        if image.size == math.prod(size):  # a depth or a sample of 1 is none
            image = image.reshape(size)
        like = self._like
        if image.ndim != 2 or (
            like is not None and (image.shape, image.dtype) != (like.shape, like.dtype)
        ):
            wanted = "grey-scale" if like is None else f"{like.shape[0]} x {like.shape[1]}"
            raise UserError(
                f"{path} holds an image of shape {image.shape} ({image.dtype}), not the {wanted} "
                "image that the recording has; copy it again."
            )
        return image

    def _file(self, path: Path) -> tifffile.TiffFile:
        """Return the file, which stays open until another one is asked for."""
        if self._open is None or self._open[0] != path:
            if self._open is not None:
                self._open[1].close()
            # Not as OME: each of its files refers to all others.
            file = tifffile.TiffFile(path, is_ome=False)
            weakref.finalize(self, file.close)
            self._open = path, file
        return self._open[1]

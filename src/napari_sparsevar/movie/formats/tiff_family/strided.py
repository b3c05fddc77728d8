"""Pages at equal distances in a TIFF file: found by looking at a few, read as one memory map.

A microscope that writes one page a frame leaves tens of thousands of them, each with a table of its
own. Following that chain takes seconds; where all pages are alike it need not be followed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.movie import lazy_frames

_LEAST_PAGES = 4
_LOOKED_AT = 64


@dataclass(frozen=True)
class StridedPages:
    """Raw frames at equal distances in a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    n_pages : int
        How many frames there are.
    shape : tuple of int
        Height and width of each.
    dtype : numpy.dtype
        Type of the pixels, in the byte order of the file.
    offset, stride : int
        Where the first frame begins and how far it is to the next, in bytes.
    """

    path: Path
    n_pages: int
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    offset: int
    stride: int

    def frames(self, pages: NDArray[np.int64]) -> da.Array:
        """Return some of the frames, lazily.

        Parameters
        ----------
        pages : ndarray of int64, shape (T,)
            Which, in any order.

        Returns
        -------
        dask.array.Array, shape (T, Y, X)
            Read when asked for, as views of the file where the pages follow a constant step.
        """
        shape = (len(pages), *self.shape)
        return lazy_frames.from_reader(lambda a, b: self._read(pages[a:b]), shape, self.dtype)

    def _read(self, pages: NDArray[np.int64]) -> NDArray[Any]:
        # Mapped only while it is looked at: memory would otherwise grow to the size of the file.
        first, last = int(pages.min()), int(pages.max())
        row = self.shape[1] * self.dtype.itemsize
        length = (last - first) * self.stride + self.shape[0] * row
        place = self.offset + first * self.stride
        raw = np.memmap(self.path, np.uint8, "r", place, (length,))
        strides = (self.stride, row, self.dtype.itemsize)
        every: NDArray[Any] = np.ndarray(
            (last - first + 1, *self.shape), self.dtype, raw, 0, strides
        )
        steps = np.unique(np.diff(pages))
        if len(steps) == 1 and steps[0] > 0:
            return every[:: steps[0]]
        return every[pages - first]


def strided_pages(file: tifffile.TiffFile, path: Path) -> StridedPages | None:
    """Return raw pages at equal distances; None, or an error, where one is not where it should be.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    path : pathlib.Path
        Where it lies.
    """
    first: Any = file.pages.first
    # The first table may differ: programs put what holds for the whole file there.
    second = _next(file, first.offset)
    table_step = _next(file, second) - second
    offset = first.dataoffsets[0]
    stride = _page(file, second).dataoffsets[0] - offset
    if table_step <= 0 or stride < first.nbytes:
        return None
    # Tables lie between the pixels of frames, or all together behind the pixels.
    if table_step == stride:
        n_pages = (_size(file) - offset - first.nbytes) // stride + 1
    else:
        n_pages = (_size(file) - second) // table_step + 1
    if n_pages < _LEAST_PAGES or offset + (n_pages - 1) * stride + first.nbytes > _size(file):
        return None
    seen = {1, 2, 3, *np.linspace(1, n_pages - 1, _LOOKED_AT).astype(int).tolist()}
    for number in sorted(seen):
        place = second + (number - 1) * table_step
        after = place + table_step if number < n_pages - 1 else 0
        if not _is_like(file, first, place, offset + number * stride):
            return None
        if _next(file, place) != after:
            return None
    dtype = np.dtype(file.byteorder + first.dtype.char)
    return StridedPages(path, n_pages, first.shape, dtype, offset, stride)


def _size(file: tifffile.TiffFile) -> int:
    return int(file.filehandle.size)


def _page(file: tifffile.TiffFile, place: int) -> Any:
    file.filehandle.seek(place)
    return tifffile.TiffPage(file, index=0)


def _is_like(file: tifffile.TiffFile, first: Any, place: int, pixels: int) -> bool:
    page = _page(file, place)
    return (
        (page.shape, page.dtype, page.compression) == (first.shape, first.dtype, first.compression)
        and bool(page.is_contiguous)
        and page.dataoffsets[0] == pixels
    )


def _next(file: tifffile.TiffFile, place: int) -> int:
    """Return where the page after the one at `place` is, 0 after the last."""
    layout, handle = file.tiff, file.filehandle
    handle.seek(place)
    count = struct.unpack(layout.tagnoformat, handle.read(layout.tagnosize))[0]
    handle.seek(place + layout.tagnosize + count * layout.tagsize)
    return int(struct.unpack(layout.offsetformat, handle.read(layout.offsetsize))[0])

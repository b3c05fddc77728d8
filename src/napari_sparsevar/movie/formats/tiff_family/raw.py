"""Raw pages of a TIFF file, found without making a page object of each.

A microscope that writes one page a frame leaves tens of thousands of them, each with a table of its
own. Where all lie at equal distances a look at a few is enough; else their chain is followed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.movie.formats.failures import DAMAGED, explained
from napari_sparsevar.movie.formats.tiff_family.tables import follow, pixel_offsets, read_table
from napari_sparsevar.movie.reading import lazy_frames

_LEAST_PAGES = 4
_LOOKED_AT = 64

Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class RawPages:
    """Raw frames at known places of a file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    offsets : ndarray of int64, shape (n,)
        Where each begins, in bytes.
    shape : tuple of int
        Height and width of each.
    dtype : numpy.dtype
        Type of the pixels, in the byte order of the file.
    cut : bool
        Whether the file announces a further page that it does not hold, or not all of it.
    """

    path: Path
    offsets: Offsets
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    cut: bool = False

    @classmethod
    def like(
        cls,
        page: Any,
        file: tifffile.TiffFile,
        path: Path,
        offsets: Offsets,
        *,
        cut: bool = False,
    ) -> RawPages:
        """Return frames of the size and type of a page that tifffile has read."""
        return cls(path, offsets, page.shape, np.dtype(file.byteorder + page.dtype.char), cut)

    @property
    def n_pages(self) -> int:
        """How many frames there are."""
        return len(self.offsets)

    def frames(self, pages: NDArray[np.int64]) -> da.Array:
        """Return some of the frames, lazily.

        Parameters
        ----------
        pages : ndarray of int64, shape (T,)
            Which, in any order.

        Returns
        -------
        dask.array.Array, shape (T, Y, X)
            Read when asked for, as views of the file where pages follow at a constant distance.
        """
        wanted = self.offsets[pages]
        shape = (len(wanted), *self.shape)
        return lazy_frames.from_reader(lambda a, b: self.read(wanted[a:b]), shape, self.dtype)

    def read(self, offsets: Offsets) -> NDArray[Any]:
        """Return the frames that begin at some of the offsets, (n, Y, X)."""
        with explained(self.path, f"Frames of {self.path} are damaged or gone", MemoryError):
            return self._read(offsets)

    def _read(self, offsets: Offsets) -> NDArray[Any]:
        steps = np.unique(np.diff(offsets))
        if len(steps) == 1 and steps[0] > 0:
            return self._mapped(int(offsets[0]), int(steps[0]), len(offsets))
        frames = np.empty((len(offsets), *self.shape), self.dtype)
        with self.path.open("rb") as stream:
            for frame, offset in zip(frames, offsets.tolist(), strict=True):
                stream.seek(offset)
                frame[...] = np.fromfile(stream, self.dtype, frame.size).reshape(self.shape)
        return frames

    def _mapped(self, offset: int, step: int, n_frames: int) -> NDArray[Any]:
        # Mapped only while it is looked at: memory would otherwise grow to the size of the file.
        row = self.shape[1] * self.dtype.itemsize
        length = (n_frames - 1) * step + self.shape[0] * row
        raw = np.memmap(self.path, np.uint8, "r", offset, (length,))
        strides = (step, row, self.dtype.itemsize)
        return np.ndarray((n_frames, *self.shape), self.dtype, raw, 0, strides)


def find_raw(file: tifffile.TiffFile, path: Path) -> RawPages | None:
    """Return the pages of a file if they are raw, alike and in one piece each.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    path : pathlib.Path
        Where it lies.

    Returns
    -------
    RawPages or None
        None where pages differ, are compressed or damaged: then tifffile has to look at each.
    """
    first: Any = file.pages.first
    if first.compression != 1 or not first.is_contiguous or first.ndim != 2:
        return None
    with path.open("rb", buffering=0) as stream:
        for find in (_evenly_spaced, _chained):
            with contextlib.suppress(*DAMAGED, MemoryError):  # no page where one was expected
                found = find(file, stream)
                if found is not None:
                    return RawPages.like(first, file, path, found[0], cut=found[1])
    return None


def placed_pages(
    file: tifffile.TiffFile, every: Sequence[Any], pages: NDArray[np.int64], path: Path
) -> da.Array | None:
    """Return frames that lie raw in a file, from pages that tifffile has read.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    every : sequence of tifffile.TiffPage or tifffile.TiffFrame
        Its pages; the chain has been followed already.
    pages : ndarray of int64, shape (T,)
        Which of them are wanted.
    path : pathlib.Path
        Where the file lies.

    Returns
    -------
    dask.array.Array, shape (T, Y, X), or None
        None where pixels are compressed or lie in several pieces or files.
    """
    first: Any = every[0].keyframe
    wanted = [every[number] for number in pages.tolist()]
    if not first.is_memmappable or any(
        page.keyframe is not first or page.parent is not file for page in wanted
    ):
        return None
    offsets = np.array([page.dataoffsets[0] for page in wanted], np.int64)
    return RawPages.like(first, file, path, offsets).frames(np.arange(len(offsets)))


def _evenly_spaced(file: tifffile.TiffFile, stream: BinaryIO) -> tuple[Offsets, bool] | None:
    """Return where pages at equal distances begin, and whether one more is announced.

    None, or an error, where one lies elsewhere.
    """

    def after(offset: int) -> int:
        return read_table(stream, file.tiff, offset).following

    first: Any = file.pages.first
    size = int(file.filehandle.size)
    # The first table may differ: programs put what holds for the whole file there.
    second = after(first.offset)
    table_step = after(second) - second
    pixels: int = first.dataoffsets[0]
    stride: int = _page(file, second).dataoffsets[0] - pixels
    if table_step <= 0 or stride < first.nbytes:
        return None
    # Tables lie between the pixels of frames, or all together behind the pixels.
    if table_step == stride:
        length = len(read_table(stream, file.tiff, second).tags) + file.tiff.tagnosize
        whole_tables = (size - second - length - file.tiff.offsetsize) // stride + 2
        n_pages = min((size - pixels - first.nbytes) // stride + 1, whole_tables)
    else:
        n_pages = (size - second) // table_step + 1
    if n_pages < _LEAST_PAGES or pixels + (n_pages - 1) * stride + first.nbytes > size:
        return None
    seen = {1, 2, 3, *np.linspace(1, n_pages - 1, _LOOKED_AT).astype(int).tolist()}
    for number in sorted(seen):
        offset = second + (number - 1) * table_step
        page = _page(file, offset)
        if not _is_like(page, first) or page.dataoffsets[0] != pixels + number * stride:
            return None
        follower = after(offset)
        if follower != offset + table_step and (follower or number < n_pages - 1):
            return None
    return pixels + stride * np.arange(n_pages, dtype=np.int64), follower != 0


def _chained(file: tifffile.TiffFile, stream: BinaryIO) -> tuple[Offsets, bool] | None:
    """Return where whole pages begin, wherever they lie, and whether the file was cut short.

    None where one is not like the first.
    """
    first: Any = file.pages.first
    size = int(file.filehandle.size)
    second = read_table(stream, file.tiff, first.offset).following
    if second == 0 or not _is_like(_page(file, second), first):
        return None
    tables, cut = follow(stream, file.tiff, second, size // max(1, first.nbytes)) or ([], False)
    offsets = pixel_offsets(tables, file.tiff) if tables else None
    if offsets is None:
        return None
    offsets = np.concatenate([[first.dataoffsets[0]], offsets])
    whole = offsets + first.nbytes <= size
    n_whole = len(whole) if whole.all() else int(whole.argmin())
    if offsets.min() <= 0 or whole[n_whole:].any():
        return None
    return offsets[:n_whole], cut or n_whole < len(offsets)


def _page(file: tifffile.TiffFile, offset: int) -> Any:
    file.filehandle.seek(offset)
    return tifffile.TiffPage(file, index=1)


def _is_like(page: Any, first: Any) -> bool:
    return (page.shape, page.dtype, page.compression) == (
        first.shape,
        first.dtype,
        first.compression,
    ) and bool(page.is_contiguous)

"""Raw pages anywhere in a TIFF file, found by following their chain, table after table.

A table is 200 bytes; making a page object of it, as tifffile does, takes longer than reading it.
Where all tables say the same but for the place of the pixels, their bytes are enough.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import dask.array as da
import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_sparsevar.movie import lazy_frames

_STRIP_OFFSETS = 273
_ALIKE = (256, 257, 258, 259, 262, 266, 277, 278, 279, 284, 317, 322, 330, 339)
"""Tags that say how pixels are laid out: size, bits, compression, strips, predictor, tiles."""

_OFFSET_TYPES = {4: "u4", 13: "u4", 16: "u8"}


@dataclass(frozen=True)
class PlacedPages:
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
    """

    path: Path
    offsets: NDArray[np.int64]
    shape: tuple[int, int]
    dtype: np.dtype[Any]

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
            Read when asked for.
        """
        places = self.offsets[pages].tolist()

        def read(start: int, stop: int) -> NDArray[Any]:
            frames = np.empty((stop - start, *self.shape), self.dtype)
            with self.path.open("rb") as stream:
                for frame, place in zip(frames, places[start:stop], strict=True):
                    stream.seek(place)
                    frame[...] = np.fromfile(stream, self.dtype, frame.size).reshape(self.shape)
            return frames

        return lazy_frames.from_reader(read, (len(places), *self.shape), self.dtype)


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
    dtype = np.dtype(file.byteorder + first.dtype.char)
    return PlacedPages(path, offsets, first.shape, dtype).frames(np.arange(len(offsets)))


def chained_pages(file: tifffile.TiffFile, path: Path) -> PlacedPages | None:
    """Return raw pages wherever they lie; None, or an error, where one is not like the first.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    path : pathlib.Path
        Where it lies.
    """
    first: Any = file.pages.first
    layout, size = file.tiff, int(file.filehandle.size)
    with path.open("rb", buffering=0) as stream:
        _, second = _table(stream, layout, first.offset, 0)
        if second == 0:
            return None
        file.filehandle.seek(second)
        page = tifffile.TiffPage(file, index=1)
        alike = (page.shape, page.dtype) == (first.shape, first.dtype)
        if not alike or page.compression != 1 or not page.is_contiguous:
            return None
        tables = _follow(stream, layout, second, size // max(1, first.nbytes))
    if tables is None:
        return None
    offsets = _offsets(tables, layout)
    if offsets is None:
        return None
    offsets = np.concatenate([[first.dataoffsets[0]], offsets])
    if offsets.min() <= 0 or offsets.max() + first.nbytes > size:
        return None
    dtype = np.dtype(file.byteorder + first.dtype.char)
    return PlacedPages(path, offsets, first.shape, dtype)


def _table(stream: BinaryIO, layout: Any, place: int, guess: int) -> tuple[bytes, int]:
    """Return the tags of the page at a place, as bytes, and where the next page is."""
    stream.seek(place)
    read = stream.read(guess or layout.tagnosize)
    count = struct.unpack_from(layout.tagnoformat, read)[0]
    needed = layout.tagnosize + count * layout.tagsize + layout.offsetsize
    if len(read) < needed:
        read += stream.read(needed - len(read))
    following = struct.unpack_from(layout.offsetformat, read, needed - layout.offsetsize)[0]
    return read[layout.tagnosize : needed - layout.offsetsize], int(following)


def _follow(stream: BinaryIO, layout: Any, place: int, most: int) -> list[bytes] | None:
    """Return the tables from a page to the last; None where they differ in length or never end."""
    tables: list[bytes] = []
    guess = 0
    while place:
        table, place = _table(stream, layout, place, guess)
        guess = guess or layout.tagnosize + len(table) + layout.offsetsize
        tables.append(table)
        if len(table) != len(tables[0]) or len(tables) > most:
            return None
    return tables


def _offsets(tables: list[bytes], layout: Any) -> NDArray[np.int64] | None:
    """Return where the pixels of each table begin; None where tables differ in anything else."""
    order, wide = layout.byteorder, layout.offsetsize == 8
    count, value = (f"{order}u8", "V8") if wide else (f"{order}u4", "V4")
    fields = [("code", f"{order}u2"), ("type", f"{order}u2"), ("count", count), ("value", value)]
    tags = np.frombuffer(b"".join(tables), np.dtype(fields)).reshape(len(tables), -1)
    first = tags[0]
    same = np.isin(first["code"], _ALIKE)
    # What does not fit into a table (three lengths of strips, a description) lies elsewhere.
    told = tags["value"][:, same & (first["count"] == 1)]
    if (
        (tags["code"] != first["code"]).any()
        or (tags["type"] != first["type"]).any()
        or (tags["count"][:, same] != first["count"][same]).any()
        or (told != told[0]).any()
    ):
        return None
    strips = tags[:, first["code"] == _STRIP_OFFSETS]
    kind = _OFFSET_TYPES.get(int(strips["type"].flat[0])) if strips.shape[1] == 1 else None
    if kind is None or (strips["count"] != 1).any():
        return None
    places = np.ascontiguousarray(strips["value"]).view(f"{order}{kind}")
    return places.reshape(len(tables), -1)[:, 0].astype(np.int64)

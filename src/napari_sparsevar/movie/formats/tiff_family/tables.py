"""The table of each page of a TIFF file, as bytes: one table, or the chain of them.

A table is 200 bytes; making a page object of it, as tifffile does, takes longer than reading it.
Where all tables say the same but for the place of the pixels, their bytes are enough.
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

_STRIP_OFFSETS = 273
_ALIKE = (256, 257, 258, 259, 262, 266, 277, 278, 279, 284, 317, 322, 330, 339)
"""Tags that say how pixels are laid out: size, bits, compression, strips, predictor, tiles."""

_OFFSET_TYPES = {4: "u4", 13: "u4", 16: "u8"}


class Table(NamedTuple):
    """What a TIFF file says of one page.

    Parameters
    ----------
    tags : bytes
        One after the other, as they are stored.
    following : int
        Where the table of the next page is, 0 after the last.
    """

    tags: bytes
    following: int


def read_table(stream: BinaryIO, layout: Any, offset: int, guess: int = 0) -> Table:
    """Read the table at an offset.

    Parameters
    ----------
    stream : binary file
        The open file.
    layout : tifffile.TiffFormat
        Byte order and widths: ``TiffFile.tiff``.
    offset : int
        Where the table begins.
    guess : int
        Bytes it probably has, so that one read is enough.

    Raises
    ------
    struct.error
        If the file ends before the table does.
    """
    stream.seek(offset)
    read = stream.read(guess or layout.tagnosize)
    count = struct.unpack_from(layout.tagnoformat, read)[0]
    needed = layout.tagnosize + count * layout.tagsize + layout.offsetsize
    if len(read) < needed:
        read += stream.read(needed - len(read))
    following = struct.unpack_from(layout.offsetformat, read, needed - layout.offsetsize)[0]
    return Table(read[layout.tagnosize : needed - layout.offsetsize], int(following))


def follow(
    stream: BinaryIO, layout: Any, offset: int, most: int
) -> tuple[list[bytes], bool] | None:
    """Read the tables from one page to the last.

    Parameters
    ----------
    stream, layout, offset
        As for `read_table`.
    most : int
        Pages the file has room for: a chain that bites its tail ends there.

    Returns
    -------
    tables : list of bytes
        The tags of each.
    cut : bool
        Whether a further one is announced that the file does not hold.
        None where tables differ in length or never end.
    """
    tables: list[bytes] = []
    guess = 0
    while offset:
        try:
            table, offset = read_table(stream, layout, offset, guess)
        except struct.error:
            return tables, True
        if not table:  # room for what is still to be written
            return tables, True
        guess = guess or layout.tagnosize + len(table) + layout.offsetsize
        tables.append(table)
        if len(table) != len(tables[0]) or len(tables) > most:
            return None
    return tables, False


def pixel_offsets(tables: list[bytes], layout: Any) -> NDArray[np.int64] | None:
    """Return where the pixels of each page begin.

    Parameters
    ----------
    tables : list of bytes
        As from `follow`.
    layout : tifffile.TiffFormat
        Byte order and widths.

    Returns
    -------
    ndarray of int64, shape (n,), or None
        None where pages lie in several strips or differ in anything but the place of their pixels.
    """
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
    offsets = np.ascontiguousarray(strips["value"]).view(f"{order}{kind}")
    return offsets.reshape(len(tables), -1)[:, 0].astype(np.int64)

"""An open TIFF file, and one sentence where it does not open."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import tifffile

from napari_sparsevar.movie.formats.failures import explained
from napari_sparsevar.movie.formats.tiff_family.tables import read_table

# Its complaints reach whoever listens to the log, but not the screen: the UserError says it.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


@contextlib.contextmanager
def open_tiff(path: Path) -> Iterator[tifffile.TiffFile]:
    """Open a TIFF file and close it afterwards; what goes wrong becomes one sentence.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Yields
    ------
    tifffile.TiffFile
        The open file.

    Raises
    ------
    UserError
        If the file is damaged or cannot be read, also inside the block.
    """
    with (
        explained(path, f"{path} is damaged or not a TIFF file that can be read", MemoryError),
        tifffile.TiffFile(path) as file,
    ):
        yield file


def series_of(file: tifffile.TiffFile) -> list[tifffile.TiffPageSeries]:
    """Return the series of an open file.

    Raises
    ------
    ValueError
        If its pages follow each other in a circle, which tifffile would go round without an end.
    """
    offset, seen = int(file.pages.first.offset), set[int]()
    while offset:
        if offset in seen:
            raise ValueError("its pages follow each other in a circle")
        seen.add(offset)
        try:
            offset = read_table(cast(BinaryIO, file.filehandle), file.tiff, offset).following
        except struct.error:  # it ends here
            break
    return list(file.series)

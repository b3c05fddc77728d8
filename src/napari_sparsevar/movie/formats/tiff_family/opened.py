"""An open TIFF file, and one sentence where it does not open."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import tifffile

from napari_sparsevar.movie.formats.failures import explained

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

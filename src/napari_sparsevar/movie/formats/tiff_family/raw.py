"""Raw pages of a TIFF file found without making a page object of each."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import tifffile

from napari_sparsevar.movie.formats.tiff_family.chain import PlacedPages, chained_pages
from napari_sparsevar.movie.formats.tiff_family.complete import DAMAGED
from napari_sparsevar.movie.formats.tiff_family.strided import StridedPages, strided_pages


def find_raw(file: tifffile.TiffFile, path: Path) -> StridedPages | PlacedPages | None:
    """Return the pages of a file if they are raw, alike and in one piece each.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    path : pathlib.Path
        Where it lies.

    Returns
    -------
    StridedPages, PlacedPages or None
        At equal distances where a look at a few says so, else from following their chain. None
        where pages differ, are compressed or damaged: then tifffile has to look at each.
    """
    first: Any = file.pages.first
    if first.compression != 1 or not first.is_contiguous or first.ndim != 2:
        return None
    for find in (strided_pages, chained_pages):
        with contextlib.suppress(*DAMAGED):  # no page where one was expected
            found = find(file, path)
            if found is not None:
                return found
    return None

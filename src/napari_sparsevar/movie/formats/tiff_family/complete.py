"""Whether a TIFF file is as long as its own page table says."""

from __future__ import annotations

import contextlib
import math
import struct
from pathlib import Path
from typing import Any

import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.tiff_family.tables import read_table


def check_complete(file: tifffile.TiffFile, series: Any, path: Path) -> None:
    """Refuse a file that was cut short, from its page table alone.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.
    series : tifffile.TiffPageSeries
        The images that are wanted.
    path : pathlib.Path
        What to call it in a sentence.

    Raises
    ------
    UserError
        If pages or pixels the file promises lie beyond its end.
    """
    # What lies in one run of pixels lies in this file; looking at every page would take seconds.
    if series.dataoffset is None and any(page is None for page in series.pages):
        raise UserError(f"{path} refers to files that are missing; keep them in one folder.")
    size = file.filehandle.size
    planes = _promised_planes(file)
    found = math.prod(series.shape[:-2])
    if series.dataoffset is not None:
        end = series.dataoffset + series.nbytes
    else:
        end = max(
            (
                offset + length
                for page in series.pages
                # In a file of one page the page itself is all there is.
                for offset, length in zip(page.dataoffsets, page.databytecounts, strict=True)
            ),
            default=0,
        )
    # One run of pixels that holds all that was promised needs no walk along its pages.
    whole = series.dataoffset is not None and 0 < planes <= found
    if end > size or found < planes or not (whole or _chain_ends(file, path)):
        raise UserError(
            f"{path} is truncated: its page table promises more frames than the {size:,} bytes "
            "of the file hold; copy or export it again."
        )


def _promised_planes(file: tifffile.TiffFile) -> int:
    """Return how many planes ImageJ or tifffile wrote down, 0 where nobody did."""
    if file.is_imagej and file.imagej_metadata:
        metadata = file.imagej_metadata
        images = metadata.get("images", 0)
        declared = math.prod(metadata.get(key, 1) for key in ("frames", "slices", "channels"))
        return int(images) if images == declared else 0
    if file.is_shaped and file.shaped_metadata:
        shape = file.shaped_metadata[0].get("shape", ())
        return int(math.prod(shape[:-2])) if len(shape) > 2 and shape[-1] > 4 else 0
    return 0


def _chain_ends(file: tifffile.TiffFile, path: Path) -> bool:
    """Return whether the last page that could be read announces no further one."""
    with path.open("rb") as stream, contextlib.suppress(struct.error):
        return read_table(stream, file.tiff, file.pages[-1].offset).following == 0
    return False

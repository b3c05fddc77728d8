"""How the pages of a TIFF file are arranged: what its header says, set right by what is there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import tifffile
from tifffile.tifffile import shaped_description_metadata

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.formats.tiff_family import ome

_PLAIN = "TIQZ"  # axes along which more pages can simply follow
_IMAGEJ_ORDERS = {"ctz": "ZTC", "zct": "TCZ", "ztc": "CTZ", "tcz": "ZCT", "tzc": "CZT"}


class Arrangement(NamedTuple):
    """Axes along which pages lie, the slowest first.

    Parameters
    ----------
    shape : tuple of int
        Their lengths.
    names : str
        A letter each, as `axes.choose` has them.
    notes : tuple of str
        A sentence where the header counts other pages than there are.
    """

    shape: tuple[int, ...]
    names: str
    notes: tuple[str, ...] = ()

    @property
    def n_pages(self) -> int:
        """How many pages these are."""
        return math.prod(self.shape)


def declared(file: tifffile.TiffFile) -> Arrangement | None:
    """Return what the header says of all pages.

    Parameters
    ----------
    file : tifffile.TiffFile
        An open file.

    Returns
    -------
    Arrangement or None
        Without axes where it says nothing, or speaks of one image. None where OME lists pages in
        an order of its own.
    """
    if file.is_ome:
        return _of_ome(file.ome_metadata or "")
    if file.is_imagej and file.imagej_metadata:
        return _of_imagej(file.imagej_metadata)
    if file.is_shaped:
        shape, names = _described(file.pages.first)
        return Arrangement(shape[:-2], names[:-2]) if names[-2:] == "YX" else None
    return Arrangement((), "")


def _described(page: tifffile.TiffPage) -> tuple[tuple[int, ...], str]:
    """Return what tifffile has noted on the first page of an array: its shape and axes."""
    noted = shaped_description_metadata(page.shaped_description or "")
    shape = tuple(int(size) for size in noted["shape"])
    while len(shape) > 2 and shape[-1] == 1 and shape[-2:] != page.shape[:2]:
        shape = shape[:-1]  # of a single colour
    names = str(noted.get("axes") or axes.unnamed(shape))[: len(shape)]
    return shape, names if len(names) == len(shape) else axes.unnamed(shape)


def arranged(said: Arrangement, n_pages: int, path: Path, *, cut: bool = False) -> Arrangement:
    """Return how pages lie that are really there.

    Parameters
    ----------
    said : Arrangement
        What the header says.
    n_pages : int
        Pages that are there, whole.
    path : pathlib.Path
        What to call the file in a sentence.
    cut : bool
        Whether that fewer are there is known and said already.

    Raises
    ------
    UserError
        If fewer pages are there than one moment needs, or nobody can tell which ones they are.
    """
    if said.n_pages == n_pages:
        return said
    if said.n_pages == 1:
        return Arrangement((n_pages,), "I")
    shape, names = said.shape, said.names
    if names == "C" and shape[0] > axes.MOST_CHANNELS:
        names = "I"  # programs that know no time axis call any stack channels
    if "T" not in names and not (len(names) == 1 and names in _PLAIN):
        shape, names = (1, *shape), f"T{names}"  # a stack, or channels, again and again
    slowest = next((i for i, size in enumerate(shape) if size > 1 or names[i] == "T"), 0)
    moment = math.prod(shape[slowest + 1 :])
    if names[slowest] not in _PLAIN or n_pages < moment:
        raise UserError(
            f"{path} is truncated or mixed up: its header promises {said.n_pages} images in an "
            f"order that the {n_pages} images of the file do not show; copy or export it again."
        )
    length = n_pages // moment
    shape = (*shape[:slowest], length, *shape[slowest + 1 :])
    if cut and n_pages < said.n_pages:
        return Arrangement(shape, names)
    note = (
        f"The header of {path} counts {said.n_pages} images, the file holds {n_pages}; "
        f"the first {length * moment} of them are used."
    )
    return Arrangement(shape, names, (note,))


def _of_ome(xml: str) -> Arrangement | None:
    if ome.refers_to_master(xml):
        return Arrangement((), "")
    said = ome.ordered_pages(xml)
    return None if said is None else Arrangement(*said)


def _of_imagej(noted: dict[str, Any]) -> Arrangement:
    lengths = {"T": "frames", "Z": "slices", "C": "channels"}
    names = _IMAGEJ_ORDERS.get(str(noted.get("order", "")).lower(), "TZC")
    sizes = {axis: max(1, int(noted.get(lengths[axis], 1))) for axis in names}
    images = int(noted.get("images", 1))
    if math.prod(sizes.values()) == 1 and images > 1:
        return Arrangement((images,), "I")
    kept = [axis for axis in names if sizes[axis] > 1]
    return Arrangement(tuple(sizes[axis] for axis in kept), "".join(kept))

"""Which file and page holds each plane of an OME image, as its description lists them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

_AXES = "ZCT"
_MOST_PLANES = 10**8


class OmeImage(NamedTuple):
    """One image of a description.

    Parameters
    ----------
    name : str
        What the microscope called it.
    files : tuple of str
        Names of files; the empty name is the file with the description.
    file, page : ndarray of int64, shape (T, Z, C)
        Which of the files holds a plane, -1 where none does, and in which of its pages.
    """

    name: str
    files: tuple[str, ...]
    file: NDArray[np.int64]
    page: NDArray[np.int64]


def read_images(xml: str, own_name: str) -> list[OmeImage]:
    """Return the images of a description whose planes are grey-scale pages.

    Parameters
    ----------
    xml : str
        The description.
    own_name : str
        Name of the file it lies in, which may have been renamed.

    Returns
    -------
    list of OmeImage
        Empty where there is none, or the description cannot be read.
    """
    try:
        root = ElementTree.fromstring(xml)
        images = [
            (image.get("Name") or image.get("ID") or "", pixels)
            for image in root
            if image.tag.endswith("}Image")
            for pixels in image
            if pixels.tag.endswith("}Pixels")
        ]
        if any(node.get("SamplesPerPixel", "1") != "1" for _, px in images for node in px):
            return []
        names = [
            name if [other for other, _ in images].count(name) == 1 else f"{name} {number}"
            for number, (name, _) in enumerate(images, 1)
        ]
        return [
            _read_image(name, pixels, root.get("UUID"), own_name)
            for name, (_, pixels) in zip(names, images, strict=True)
        ]
    except (ElementTree.ParseError, ValueError, KeyError):
        return []


def _read_image(name: str, pixels: ElementTree.Element, own: str | None, own_name: str) -> OmeImage:
    order = pixels.attrib["DimensionOrder"][2:]  # the fastest first, after XY
    sizes = {axis: int(pixels.get(f"Size{axis}", 1)) for axis in order}
    n_planes = math.prod(sizes.values())
    if sorted(order) != sorted(_AXES) or not 0 < n_planes <= _MOST_PLANES:
        raise ValueError("no planes")
    file, page = np.full(n_planes, -1), np.zeros(n_planes, np.int64)
    files: dict[str, int] = {}
    listed = [node for node in pixels if node.tag.endswith("}TiffData")]
    steps = {axis: math.prod(sizes[each] for each in order[:i]) for i, axis in enumerate(order)}
    starts = [sum(steps[a] * int(node.get(f"First{a}", 0)) for a in order) for node in listed]
    for start, node, count in zip(starts, listed, _counts(listed, starts, n_planes), strict=True):
        found = next((child for child in node if child.tag.endswith("}UUID")), None)
        where = "" if found is None or found.text == own else found.get("FileName", "")
        where = "" if where == own_name else where
        stop = min(n_planes, start + count)
        file[start:stop] = files.setdefault(where, len(files))
        page[start:stop] = int(node.get("IFD", 0)) + np.arange(stop - start)
    shape = [sizes[axis] for axis in reversed(order)]
    places = [order[::-1].index(axis) for axis in "TZC"]
    return OmeImage(
        name,
        tuple(files),
        file.reshape(shape).transpose(places),
        page.reshape(shape).transpose(places),
    )


def _counts(
    listed: Sequence[ElementTree.Element], starts: Sequence[int], n_planes: int
) -> list[int]:
    """Return how many planes each entry stands for: what it says, one page, or up to the next."""
    following = dict(itertools.pairwise(sorted({*starts, n_planes})))
    return [
        int(
            node.get("PlaneCount")
            or node.get("NumPlanes")
            or (1 if node.get("IFD") else following.get(start, 1) - start)
        )
        for node, start in zip(listed, starts, strict=True)
    ]

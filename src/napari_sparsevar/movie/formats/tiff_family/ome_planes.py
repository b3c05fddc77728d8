"""Which file and page holds each plane of an OME image, as its description lists them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np

from napari_sparsevar.movie.formats.tiff_family.plane_set import Planes

_AXES = "ZCT"
_MOST_PLANES = 10**7
_NUMBERED = re.compile(r"(image|series|block)?[ :_#]*\d+", re.IGNORECASE)


def read_images(xml: str, own_name: str) -> list[Planes]:
    """Return the images of a description whose planes are grey-scale pages.

    Parameters
    ----------
    xml : str
        The description.
    own_name : str
        Name of the file it lies in, which may have been renamed.

    Returns
    -------
    list of Planes
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


def in_time(images: list[Planes]) -> list[Planes]:
    """Return images that are only numbered as the frames of one, and others as they are.

    Programs that write frame by frame, or block by block, make an image of each.
    """
    alike = {image.file.shape[1:] for image in images}
    numbered = all(_NUMBERED.fullmatch(image.name) for image in images)
    if len(images) < 2 or len(alike) > 1 or not numbered:
        return images
    files = {name: None for image in images for name in image.files}
    number = {name: place for place, name in enumerate(files)}
    file = [
        np.where(image.file < 0, -1, np.array([number[name] for name in image.files])[image.file])
        for image in images
    ]
    page = np.concatenate([image.page for image in images])
    return [Planes(images[0].name, tuple(files), np.concatenate(file), page)]


def _read_image(name: str, pixels: ElementTree.Element, own: str | None, own_name: str) -> Planes:
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
    return Planes(
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

"""The order of pages in an OME-TIFF file, where its description leaves no doubt about it."""

from __future__ import annotations

import math
from xml.etree import ElementTree

_AXES = "ZCT"


def ordered_pages(xml: str) -> tuple[tuple[int, ...], str] | None:
    """Return how the pages of a file are arranged if they come in the order of the description.

    Parameters
    ----------
    xml : str
        The description.

    Returns
    -------
    shape : tuple of int
        Lengths of the axes that are longer than 1, the slowest first.
    axes : str
        Their names.
        None where the file holds several images, refers to others, or lists its pages in
        another order: `ome_set` finds them.
    """
    pixels, own = _only_pixels(xml)
    if pixels is None:
        return None
    order = pixels.get("DimensionOrder", "")[2:]  # the fastest first, after XY
    if sorted(order) != sorted(_AXES):
        return None
    try:
        sizes = {axis: int(pixels.get(f"Size{axis}", 1)) for axis in order}
        if min(sizes.values()) < 1 or not _in_order(pixels, order, sizes, own):
            return None
    except ValueError:
        return None
    if any(node.get("SamplesPerPixel", "1") != "1" for node in pixels):
        return None
    kept = [axis for axis in reversed(order) if sizes[axis] > 1]
    return tuple(sizes[axis] for axis in kept), "".join(kept)


def declared_pages(xml: str) -> tuple[tuple[int, ...], str] | None:
    """Return how many planes the description promises along each axis, and the axes' names.

    Parameters
    ----------
    xml : str
        The description.

    Returns
    -------
    shape : tuple of int
        Lengths of the axes that are longer than 1.
    axes : str
        Their names.
        None where the file holds several images, or does not say.
    """
    pixels, _ = _only_pixels(xml)
    if pixels is None:
        return None
    try:
        sizes = {axis: int(pixels.get(f"Size{axis}", 1)) for axis in _AXES}
    except ValueError:
        return None
    kept = [axis for axis in _AXES if sizes[axis] > 1]
    return tuple(sizes[axis] for axis in kept), "".join(kept)


def refers_to_master(xml: str) -> bool:
    """Return whether the description lies in another file, of which this one is a part."""
    return "BinaryOnly" in xml and _only_pixels(xml)[0] is None


def _only_pixels(xml: str) -> tuple[ElementTree.Element | None, str | None]:
    """Return the pixels of the only image, and the identity of the file itself."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return None, None
    found = [node for node in root.iter() if node.tag.endswith("}Pixels")]
    return found[0] if len(found) == 1 else None, root.get("UUID")


def _in_order(
    pixels: ElementTree.Element, order: str, sizes: dict[str, int], own: str | None
) -> bool:
    """Return whether all pages are listed one after the other, in this file."""
    listed = [node for node in pixels if node.tag.endswith("}TiffData")]
    n_pages = math.prod(sizes.values())
    if any(child.text != own for node in listed for child in node):
        return False  # each may lie in a file of its own
    if not listed:
        return True
    if len(listed) == 1 and listed[0].get("PlaneCount", "1") != "1":
        begins = {int(listed[0].get(name, 0)) for name in ("IFD", "FirstZ", "FirstC", "FirstT")}
        return begins == {0} and int(listed[0].get("PlaneCount", n_pages)) == n_pages
    if len(listed) == 1 and not {"IFD", "FirstZ", "FirstC", "FirstT"} & set(listed[0].keys()):
        return int(listed[0].get("PlaneCount", n_pages)) == n_pages
    steps = {order[0]: 1, order[1]: sizes[order[0]], order[2]: sizes[order[0]] * sizes[order[1]]}
    return all(
        int(node.get("IFD", -1))
        == number
        == sum(steps[axis] * int(node.get(f"First{axis}", 0)) for axis in order)
        and node.get("PlaneCount", "1") == "1"
        for number, node in enumerate(listed)
    )

"""Frame rate and pixel size as ImageJ, OME and others write them into a TIFF file."""

from __future__ import annotations

from typing import Any, NamedTuple
from xml.etree import ElementTree

import tifffile

from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

_LARGEST_UM = 10.0  # of a pixel; above, a resolution in inches or centimetres is one for print
_RESOLUTION_UNITS = {2: "inch", 3: "cm"}


class Units(NamedTuple):
    """What a file says of time and size.

    Parameters
    ----------
    fps, pixel_size_um : float or None
        None where it does not say.
    notes : tuple of str
        A sentence where pixels are not square.
    """

    fps: float | None
    pixel_size_um: float | None
    notes: tuple[str, ...] = ()


def read_units(file: tifffile.TiffFile, what: str) -> Units:
    """Return frames per second and the edge of a pixel; ``what`` is the movie in a sentence."""
    if file.is_ome and file.ome_metadata:
        return units_of_ome(file.ome_metadata, what)
    noted: dict[str, Any] = (file.is_imagej and file.imagej_metadata) or {}
    fps = frames_per_second(_number(noted.get("finterval")), noted.get("tunit", "s"))
    unit = noted.get("unit")
    height, width = (_edge(file.pages.first, name, unit) for name in ("YResolution", "XResolution"))
    return Units(fps, width, about_square(height, width, what))


def _edge(page: Any, name: str, unit: str | None) -> float | None:
    """Return an edge of a pixel from a resolution, which is pixels in a unit of length."""
    resolution = page.tags.get(name)
    if resolution is None or not isinstance(resolution.value, tuple) or not all(resolution.value):
        return None
    pixels, lengths = resolution.value
    if unit is not None:
        return micrometres(lengths / pixels, unit)
    kind = page.tags.get("ResolutionUnit")
    edge = micrometres(lengths / pixels, _RESOLUTION_UNITS.get(kind.value if kind else 0))
    return edge if edge and edge <= _LARGEST_UM else None


def units_of_ome(xml: str, what: str) -> Units:
    """Return what an OME description says; ``what`` is the movie in a sentence."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return Units(None, None)
    pixels = next((node for node in root.iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return Units(None, None)
    height, width = (
        micrometres(
            _number(pixels.get(f"PhysicalSize{axis}")), pixels.get(f"PhysicalSize{axis}Unit", "µm")
        )
        for axis in "YX"
    )
    fps = frames_per_second(
        _number(pixels.get("TimeIncrement")), pixels.get("TimeIncrementUnit", "s")
    )
    return Units(fps or _rate_of_planes(pixels), width, about_square(height, width, what))


def _rate_of_planes(pixels: ElementTree.Element) -> float | None:
    """Return the mean frame rate from the time stamps of the first channel and plane."""
    stamps: dict[int, float] = {}
    unit = "s"
    for node in pixels:
        if node.tag.endswith("}Plane") and node.get("TheC") == node.get("TheZ") == "0":
            stamps[int(_number(node.get("TheT")))] = _number(node.get("DeltaT"), float("nan"))
            unit = node.get("DeltaTUnit", "s")
    if len(stamps) < 2:
        return None
    first, last = min(stamps), max(stamps)
    return frames_per_second((stamps[last] - stamps[first]) / (last - first), unit)


def _number(text: object, default: float = 0.0) -> float:
    try:
        return float(str(text))
    except ValueError:
        return default

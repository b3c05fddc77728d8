"""Frame rate and pixel size as ImageJ and OME write them into a TIFF file."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import tifffile

from napari_sparsevar.movie.units import frames_per_second, micrometres


def read_units(file: tifffile.TiffFile) -> tuple[float | None, float | None]:
    """Return frames per second and the edge of a pixel in micrometres, None where not said."""
    if file.is_ome and file.ome_metadata:
        return _ome(file.ome_metadata)
    if file.is_imagej and file.imagej_metadata:
        return _imagej(file.imagej_metadata, file.pages.first)
    return None, None


def _imagej(metadata: dict[str, Any], page: Any) -> tuple[float | None, float | None]:
    fps = frames_per_second(_number(metadata.get("finterval")), metadata.get("tunit", "s"))
    resolution = page.tags.get("XResolution")
    pixel_size = None
    if resolution is not None and isinstance(resolution.value, tuple):
        pixels, lengths = resolution.value
        if pixels and lengths:
            # Resolution is pixels in a unit of length.
            pixel_size = micrometres(lengths / pixels, metadata.get("unit", ""))
    return fps, pixel_size


def _ome(xml: str) -> tuple[float | None, float | None]:
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return None, None
    pixels = next((node for node in root.iter() if node.tag.endswith("}Pixels")), None)
    if pixels is None:
        return None, None
    size = micrometres(_number(pixels.get("PhysicalSizeX")), pixels.get("PhysicalSizeXUnit", "µm"))
    fps = frames_per_second(
        _number(pixels.get("TimeIncrement")), pixels.get("TimeIncrementUnit", "s")
    )
    return fps or _rate_of_planes(pixels), size


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

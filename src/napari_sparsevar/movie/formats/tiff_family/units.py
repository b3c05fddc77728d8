"""Frame rate and pixel size as ImageJ, OME and others write them into a TIFF file."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import tifffile

from napari_sparsevar.movie.times import rate_of
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres, seconds

_LARGEST_UM = 10.0  # of a pixel; above, a resolution in inches or centimetres is one for print
_FOR_PRINT = {"inch", "inches", "in", '"', "cm"}
_DIFFERENT = 0.2  # share by which the rate of a file and that of its time stamps may differ
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
        edge = micrometres(lengths / pixels, unit)
        for_print = str(unit).strip(" \0").lower() in _FOR_PRINT
        return None if for_print and edge and edge > _LARGEST_UM else edge
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
    notes = about_square(height, width, what)
    stamped = rate_of(times_of_ome(xml))
    if fps and stamped and abs(fps / stamped - 1.0) > _DIFFERENT:
        said = f"{what} says {fps:.4g} frames a second, its time stamps {stamped:.4g}"
        fps, notes = stamped, (*notes, f"{said}: these are used.")
    return Units(fps or stamped, width, notes)


def read_times(file: tifffile.TiffFile) -> npt.NDArray[np.float64] | None:
    """Return when OME says that each frame was taken, in seconds; None where it does not."""
    return times_of_ome(file.ome_metadata) if file.is_ome and file.ome_metadata else None


@functools.lru_cache(maxsize=1)  # asked for the rate, and for the pauses
def times_of_ome(xml: str) -> npt.NDArray[np.float64] | None:
    """Return when each frame was taken, of the first channel and plane, as OME says it."""
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError):
        return None
    stamps: dict[int, float] = {}
    for node in root.iter():
        if node.tag.endswith("}Plane") and node.get("TheC") == node.get("TheZ") == "0":
            unit = seconds(1.0, node.get("DeltaTUnit", "s")) or math.nan
            stamp = _number(node.get("DeltaT"), math.nan) * unit
            stamps.setdefault(int(_number(node.get("TheT"))), stamp)
    if len(stamps) < 2 or sorted(stamps) != list(range(len(stamps))):
        return None
    times = np.array([stamps[frame] for frame in range(len(stamps))])
    times.flags.writeable = False
    return times


def _number(text: object, default: float = 0.0) -> float:
    try:
        return float(str(text))
    except ValueError:
        return default

"""What a ScanImage header says: channels, planes, flyback, frame rate and pixel size."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import tifffile

# Names since 2016, and of the versions before.
_CHANNELS = ("hChannels.channelSave", "channelsSave")
_N_CHANNELS = "state.acq.numberOfChannelsSave"
_FRAME_RATE = ("hRoiManager.scanFrameRate", "scanFrameRate", "state.acq.frameRate")
_SLICES = ("hStackManager.actualNumSlices", "hStackManager.numSlices", "stackNumSlices")
_AVERAGE = ("hScan2D.logAverageFactor", "acqNumAveragedFrames")
_FAST_Z = ("hFastZ.enable", "fastZEnable")
_DISCARDED = ("hFastZ.numDiscardFlybackFrames", "fastZNumDiscardFrames")
_VOLUME = ("hStackManager.numFramesPerVolumeWithFlyback", "hFastZ.numFramesPerVolume")


@dataclass(frozen=True)
class Layout:
    """How pages follow each other: channels fastest, then frames of a slice, slices, flyback.

    Parameters
    ----------
    channels : tuple of int
        The microscope's numbers of the channels that were saved.
    slices : int
        Planes in depth.
    frames_per_slice : int
        Frames taken before the focus moves on.
    flyback : int
        Frames at the end of every volume that show nothing.
    frame_rate, volume_rate : float or None
        Saved frames and volumes per second.
    average : int
        How many frames were averaged into a saved one.
    """

    channels: tuple[int, ...]
    slices: int
    frames_per_slice: int
    flyback: int
    frame_rate: float | None
    volume_rate: float | None
    average: int

    @property
    def volume(self) -> int:
        """Frames from one volume to the next, of one channel."""
        return self.slices * self.frames_per_slice + self.flyback


def read_header(file: tifffile.TiffFile) -> dict[str, Any]:
    """Return the settings that hold for the whole of an open file.

    Names are without ``SI.``, ``scanimage.SI5.`` and the like.
    """
    header = (file.scanimage_metadata or {}).get("FrameData")
    if not header:
        page = file.pages.first
        text = page.software if page.software.startswith("SI.") else page.description
        # Old versions end their lines like MATLAB on Windows.
        header = tifffile.matlabstr2py(text.replace("\r\n", "\n").replace("\r", "\n"))
    return {re.sub(r"^(scanimage\.)?SI\d*\.", "", name): value for name, value in header.items()}


def read_layout(header: Mapping[str, Any]) -> Layout:
    """Return how the pages of a file follow each other, from its header.

    One plane unless a stack was switched on: its settings outlive it in the header.
    """
    average = max(1, _whole(header, _AVERAGE, 1))
    fast_z = bool(_first(header, _FAST_Z))
    rate = _positive(_first(header, _FRAME_RATE))
    slices = per_slice = 1
    flyback = 0
    if fast_z or bool(header.get("hStackManager.enable")):
        slices = max(1, _whole(header, _SLICES, 1))
        per_slice = max(1, _whole(header, ("hStackManager.framesPerSlice",), 1) // average)
        assumed = slices * per_slice + (_whole(header, _DISCARDED, 0) if fast_z else 0)
        flyback = max(0, _whole(header, _VOLUME, assumed) - slices * per_slice)
    return Layout(
        channels=_channels(header),
        slices=slices,
        frames_per_slice=per_slice,
        flyback=flyback,
        frame_rate=None if rate is None else rate / average,
        volume_rate=_positive(header.get("hRoiManager.scanVolumeRate")),
        average=average,
    )


def count_fields(file: tifffile.TiffFile, header: Mapping[str, Any]) -> int:
    """Return how many fields of view share a frame, one below the other.

    1 unless several regions of interest were scanned.
    """
    groups = (file.scanimage_metadata or {}).get("RoiGroups") or {}
    fields = (groups.get("imagingRoiGroup") or {}).get("rois")
    several = bool(header.get("hRoiManager.mroiEnable")) and isinstance(fields, list)
    return max(1, len(fields or ())) if several else 1


def read_pixel_size(
    header: Mapping[str, Any], shape: tuple[int, int]
) -> tuple[float, float] | None:
    """Return height and width of a pixel in micrometres, where one field of view fills the frame.

    Parameters
    ----------
    header : mapping
        As from `read_header`.
    shape : tuple of int
        Height and width of a frame in pixels.

    Returns
    -------
    tuple of float or None
        None where the header does not say.
    """
    corners = header.get("hRoiManager.imagingFovUm")
    if not isinstance(corners, Sequence):
        return None
    try:
        x, y = ([float(corner[i]) for corner in corners] for i in (0, 1))
    except (TypeError, ValueError, IndexError):
        return None
    height, width = ((max(edge) - min(edge)) for edge in (y, x))
    size = _positive(height / shape[0]), _positive(width / shape[1])
    return None if None in size else (height / shape[0], width / shape[1])


def acquisition_start(description: str) -> datetime | None:
    """Return when the acquisition began, as ScanImage writes it beside every frame.

    Parameters
    ----------
    description : str
        Of a page: ``epoch = [2026 5 1 10 30 12.5]``.

    Returns
    -------
    datetime or None
        Without time zone; None where it does not say.
    """
    found = re.search(r"epoch\s*=\s*\[([^\]]*)\]", description)
    numbers = re.split(r"[\s,]+", found[1].strip()) if found else []
    try:
        *date, seconds = (float(number) for number in numbers)
        year, month, day, hour, minute = (int(number) for number in date)
        return datetime(year, month, day, hour, minute) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return None


def frame_number(description: str) -> int:
    """Return the running number of a page's frame in its acquisition, from its description.

    1 where it does not say. The second file of an acquisition goes on counting.
    """
    return max(1, numbered(description) or 1)


def numbered(description: str) -> int | None:
    """Return the running number as it is written; None where there is none."""
    for name in ("frameNumberAcquisition", "frameNumbers", "Frame Number"):
        if found := re.search(rf'{name}"?\s*[=:]\s*(\d+)', description):
            return int(found[1])
    return None


def _channels(header: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of the channels that were saved; ScanImage 3 says how many, and which."""
    if (count := _positive(header.get(_N_CHANNELS))) is not None:
        saved = [n for n in range(1, 5) if header.get(f"state.acq.savingChannel{n}")]
        return tuple(saved if len(saved) == int(count) else range(1, int(count) + 1))
    value = _first(header, _CHANNELS)
    if isinstance(value, Sequence) and not isinstance(value, str):
        flat = [part[0] if isinstance(part, Sequence) else part for part in value]
        return tuple(int(number) for number in flat) or (1,)
    # A single channel by its number.
    return (int(value),) if _positive(value) else (1,)


def _first(header: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((header[name] for name in names if name in header), None)


def _whole(header: Mapping[str, Any], names: Sequence[str], default: int) -> int:
    value = next((v for v in (header.get(name) for name in names) if _positive(v)), default)
    return int(value or default)


def _positive(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < math.inf else None

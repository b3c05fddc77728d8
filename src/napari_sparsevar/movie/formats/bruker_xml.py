"""What PrairieView's XML file says, read in one pass: it has twenty lines for every frame."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_sparsevar.movie.formats.vendor_xml import ended_elements, number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

ROOT = "PVScan"


@dataclass(frozen=True)
class Frame:
    """One frame of all channels: when it was taken, and the file and page of each channel."""

    time: float
    files: dict[int, tuple[str, int]]


@dataclass(frozen=True)
class Sequence:
    """A cycle, or a volume; ``there_and_back`` where every second goes down."""

    kind: str
    there_and_back: bool
    frames: list[Frame]


@dataclass
class Recording:
    """Everything that is needed of the file.

    Attributes
    ----------
    sequences : list of Sequence
        Those with frames.
    channels : dict of int to str
        What each channel is called.
    settings : dict of str to float
        The first value of each; ``micronsPerPixel_XAxis`` has its index in the name, as before
        version 5.2.
    """

    sequences: list[Sequence] = field(default_factory=list)
    channels: dict[int, str] = field(default_factory=dict)
    settings: dict[str, float] = field(default_factory=dict)


def read_recording(path: Path) -> Recording:
    """Return what the file says; the last one is remembered while it stays as it is.

    Raises
    ------
    UserError
        If it is damaged.
    """
    there = path.stat()
    return _read(path, there.st_mtime_ns, there.st_size)


@functools.lru_cache(maxsize=1)  # every channel and plane of it is opened
def _read(path: Path, *_: int) -> Recording:
    found, frames = Recording(), list[Frame]()
    for element in ended_elements(path):
        if element.tag == "Frame":
            frames.append(_frame(element, found.channels))
        elif element.tag == "Sequence":
            if frames:
                there_and_back = element.get("bidirectionalZ", "").lower() == "true"
                found.sequences.append(Sequence(element.get("type", ""), there_and_back, frames))
            frames = []
        elif element.tag in ("PVStateValue", "Key"):
            _note(element, found.settings)
            continue  # its own parts are needed until then
        else:
            continue
        element.clear()
    return found


def _frame(element: Element, channels: dict[int, str]) -> Frame:
    files: dict[int, tuple[str, int]] = {}
    for file in element.findall("File"):
        channel = int(number(file, "channel", 1))
        channels.setdefault(channel, file.get("channelName", ""))
        page = max(0, int(number(file, "page", 1)) - 1)
        files[channel] = file.get("filename", ""), page
    time = number(element, "absoluteTime", number(element, "relativeTime", np.nan))
    return Frame(time, files)


def _note(element: Element, settings: dict[str, float]) -> None:
    key = element.get("key", "")
    if "value" in element.attrib:
        settings.setdefault(key, number(element, "value"))
    for part in element:
        settings.setdefault(f"{key}_{part.get('index', '')}", number(part, "value"))

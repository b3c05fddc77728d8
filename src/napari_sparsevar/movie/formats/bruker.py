"""Folders of Bruker's PrairieView: an XML file that lists the TIFF files of every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice, Offer, number_of
from napari_sparsevar.movie.formats.bruker_xml import ROOT, Frame, read_recording
from napari_sparsevar.movie.formats.bruker_xml import Sequence as Cycle
from napari_sparsevar.movie.formats.format import Format
from napari_sparsevar.movie.formats.vendor_xml import begins_with, find_xml
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.times import timed
from napari_sparsevar.movie.units import about_square, frames_per_second, micrometres

if TYPE_CHECKING:
    import dask.array as da

    from napari_sparsevar.movie.formats.tiff_family.page_files import Page

_VOLUMES = "TSeries ZSeries Element"
_NOT_IN_TIME = ("ZSeries", "Single", "Single Image")


def claims(path: Path) -> bool:
    """Return whether this is a folder of PrairieView, or the XML file in it."""
    if path.is_dir():
        return find_xml(path, ROOT) is not None
    return path.suffix.lower() == ".xml" and path.is_file() and begins_with(path, ROOT)


def read(path: Path, choice: Choice) -> Movie:
    """Open a folder of PrairieView; of its files one is looked at now.

    Channels and planes are chosen. Cycles follow each other in time; where they are apart, time
    jumps.
    """
    xml = find_xml(path, ROOT) if path.is_dir() else path
    assert xml is not None  # as claimed
    recording = read_recording(xml)
    planes, cut = _planes(recording.sequences, xml)
    plane, notes = number_of(choice.plane, len(planes), "plane", str(path))
    frames = planes[(plane or 1) - 1]
    names = dict(sorted(recording.channels.items())) or {1: ""}
    channel, said = number_of(choice.channel, len(names), "channel", str(path))
    if said:
        listed = ", ".join(f"{n} {name}" for n, name in enumerate(names.values(), start=1))
        said = (*said, f"Its channels are {listed}.")
    taken = list(names)[(channel or 1) - 1]
    pages, times, missing = _pages(frames, taken, xml)
    edge = "micronsPerPixel_{}Axis"
    height, width = (micrometres(recording.settings.get(edge.format(a), 0.0), "um") for a in "YX")
    movie = Movie(
        data=_data(pages, str(path)),
        pixel_size_um=width,
        source=path,
        name=xml.stem,
        notes=(*notes, *said, *cut, *missing, *about_square(height, width, str(path))),
        choice=Choice(channel=channel, plane=plane),
        offer=Offer(len(names), len(planes)),
    )
    movie = timed(movie, times, str(path))
    period = recording.settings.get("framePeriod", 0.0)
    rate = frames_per_second(period * len(planes), "s")
    return movie if movie.fps else replace(movie, fps=rate)


def _planes(sequences: Sequence[Cycle], xml: Path) -> tuple[list[list[Frame]], tuple[str, ...]]:
    """Return the frames of each plane in the order of time, and what was left out."""
    if not sequences:
        raise UserError(f"{xml} lists no frames; choose another recording.")
    kind = sequences[0].kind
    if kind in _NOT_IN_TIME:
        raise UserError(f"{xml} describes a {kind}, not frames over time; choose a TSeries.")
    if kind != _VOLUMES:
        return [[frame for found in sequences for frame in found.frames]], ()
    # From the first plane on; every second volume may be taken downwards.
    volumes = [
        found.frames[::-1] if found.there_and_back and index % 2 else found.frames
        for index, found in enumerate(sequences)
    ]
    whole = [volume for volume in volumes if len(volume) == len(volumes[0])]
    lost = len(volumes) - len(whole)
    said = (f"{lost} of {len(volumes)} volumes in {xml} are not whole and left out.",)
    return [list(plane) for plane in zip(*whole, strict=True)], said if lost else ()


def _pages(
    frames: list[Frame], channel: int, xml: Path
) -> tuple[list[Page], npt.NDArray[np.float64], tuple[str, ...]]:
    """Return where the frames of a channel lie and when they were taken, and what is missing."""
    from napari_sparsevar.movie.formats.tiff_family.page_files import Page

    present = {file.name for file in xml.parent.iterdir()}
    # A file outside the folder is none of the recording's.
    kept = [frame for frame in frames if frame.files.get(channel, ("",))[0] in present]
    while kept and not (xml.parent / kept[-1].files[channel][0]).stat().st_size:
        kept.pop()  # begun when the recording ended
    if not kept:
        raise UserError(f"None of the files that {xml} lists lies beside it; copy them again.")
    pages = [Page(xml.parent / name, page) for name, page in (f.files[channel] for f in kept)]
    times = np.array([frame.time for frame in kept])
    if len(kept) == len(frames):
        return pages, times, ()
    lost = len(frames) - len(kept)
    return pages, times, (f"{lost} of {len(frames)} frames that {xml} lists are not there.",)


def _data(pages: list[Page], what: str) -> da.Array:
    from napari_sparsevar.movie.formats.tiff_family.page_files import frames_of_files

    return lazy_frames.finish(frames_of_files(pages), what)


FORMAT = Format(
    name="Bruker",
    priority=20,
    suffixes=(".xml",),
    claims=claims,
    holds_movie=claims,
    read=read,
)

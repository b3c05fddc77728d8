"""When the recording began: asked, or taken from the movie's file, or said to be unknown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import h5py
import tifffile

from napari_sparsevar.errors import UserError
from napari_sparsevar.export.material import Material
from napari_sparsevar.movie.formats.tiff_family.scanimage_header import acquisition_start

_NAIVE = "The time zone is not known: that of the computer that wrote this file was taken."


class SessionStart(NamedTuple):
    """When the recording began, with time zone.

    Attributes
    ----------
    time : datetime
    note : str
        What was assumed; empty where nothing was.
    """

    time: datetime
    note: str


def session_start(material: Material, given: str | datetime | None = None) -> SessionStart:
    """Return when the recording began.

    Parameters
    ----------
    material : Material
    given : str or datetime, optional
        ISO 8601, for example ``2026-05-01T10:30+02:00``. Where it is missing the movie's file is
        asked; where that does not say, it is the time of the training, and the note says so.

    Raises
    ------
    UserError
        If what is given is no time.
    """
    source = None if material.movie is None else material.movie.source
    trained = datetime.fromisoformat(material.run.record.created)
    return known_start(given, source, trained, "The time of the training of this run")


def known_start(
    given: str | datetime | None, source: Path | None, instead: datetime, what: str
) -> SessionStart:
    """Return when the recording began, as given or as a file says it.

    Parameters
    ----------
    given : str or datetime, optional
        ISO 8601, for example ``2026-05-01T10:30+02:00``.
    source : Path, optional
        The file of the recording.
    instead : datetime
        Taken where neither says it.
    what : str
        What that time is, in words: ``The time of the training``.

    Raises
    ------
    UserError
        If what is given is no time.
    """
    if given is not None:
        return _with_zone(_parsed(given), "")
    found = None if source is None or not source.is_file() else _time_in(source)
    if found is not None:
        return _with_zone(found, "")
    note = (
        "The session start time is NOT known: neither was it given nor does the file of the "
        f"recording say it. {what} stands in its place."
    )
    return _with_zone(instead, note)


def _parsed(given: str | datetime) -> datetime:
    if isinstance(given, datetime):
        return given
    try:
        return datetime.fromisoformat(given.strip())
    except ValueError:
        raise UserError(
            f"The session start is '{given}': write a date and time like 2026-05-01T10:30, with "
            "the time zone if you can, 2026-05-01T10:30+02:00."
        ) from None


def _with_zone(time: datetime, note: str) -> SessionStart:
    if time.tzinfo is not None:
        return SessionStart(time, note)
    return SessionStart(time.astimezone(), f"{note} {_NAIVE}".strip())


def _time_in(source: Path) -> datetime | None:
    """Return what a movie's file says of its beginning, None where it says nothing."""
    try:
        if h5py.is_hdf5(source):
            with h5py.File(source) as file:
                text = file["session_start_time"][()]
                return datetime.fromisoformat(text.decode() if isinstance(text, bytes) else text)
        with tifffile.TiffFile(source) as tiff:
            return _time_in_tiff(tiff)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, tifffile.TiffFileError):
        return None  # a file that does not say it in a way known here


def _time_in_tiff(tiff: tifffile.TiffFile) -> datetime | None:
    if tiff.ome_metadata:
        image = tifffile.xml2dict(tiff.ome_metadata)["OME"]["Image"]
        first = image[0] if isinstance(image, list) else image
        return datetime.fromisoformat(first["AcquisitionDate"])
    if tiff.is_scanimage:
        return acquisition_start(tiff.pages.first.description)
    return None

"""What a person adds to a run: names, notes, hidden drivers and painted regions.

What is said of drivers is in ``annotations.json``. What is said of regions is in the description
of the very image they are painted on, ``regions.tif``: names and pixels are one file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
import tifffile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.run.planes import shown_image
from napari_sparsevar.run.store import write_image

NOTES = "annotations.json"
REGIONS = "regions.tif"

FORMAT: Final = "napari-sparsevar annotations"
REGIONS_FORMAT: Final = "napari-sparsevar regions"


class Note(BaseModel):
    """What a person says of one place."""

    model_config = ConfigDict(frozen=True)

    name: str = ""
    note: str = ""
    hidden: bool = False


class PlaceNote(Note):
    """Of a driver. It belongs to the place (y, x) in pixels, not to a rank.

    Ranks change with the penalty.
    """

    y: float
    x: float


class RegionNote(Note):
    """Of a painted region; ``driver`` where it is to be listed among the drivers."""

    driver: bool = False


class RegionNotes(BaseModel):
    """What the description of ``regions.tif`` says of its labels."""

    model_config = ConfigDict(frozen=True)

    format: Literal["napari-sparsevar regions"]
    regions: dict[int, RegionNote]


class Annotations(BaseModel):
    """All notes of a run; frozen, changed by making another."""

    model_config = ConfigDict(frozen=True)

    format: Literal["napari-sparsevar annotations"] = FORMAT
    places: tuple[PlaceNote, ...] = ()
    regions: dict[int, RegionNote] = Field(default_factory=dict)

    def at(self, y: float, x: float, reach: float) -> PlaceNote:
        """Return the note nearest to a place and within reach (pixels), or an empty one."""
        index = self._nearest(y, x, reach)
        return PlaceNote(y=y, x=x) if index is None else self.places[index]

    def with_place(self, y: float, x: float, reach: float, **changes: Any) -> Annotations:
        """Return annotations in which the note at a place says something else too."""
        index = self._nearest(y, x, reach)
        note = self.at(y, x, reach).model_copy(update=changes)
        others = tuple(place for number, place in enumerate(self.places) if number != index)
        return self.model_copy(update={"places": (*others, note)})

    def of_region(self, label: int) -> RegionNote:
        """Return the note of a region, or an empty one."""
        return self.regions.get(label, RegionNote())

    def with_region(self, label: int, **changes: Any) -> Annotations:
        """Return annotations in which the note of a region says something else too."""
        note = self.of_region(label).model_copy(update=changes)
        return self.model_copy(update={"regions": {**self.regions, label: note}})

    def of_regions(self, regions: Mapping[int, RegionNote]) -> Annotations:
        """Return annotations that say this of regions, and the same of all else."""
        return self.model_copy(update={"regions": dict(regions)})

    def _nearest(self, y: float, x: float, reach: float) -> int | None:
        away = [math.hypot(place.y - y, place.x - x) for place in self.places]
        index = min(range(len(away)), key=away.__getitem__, default=None)
        return index if index is not None and away[index] <= reach else None


class PaintedRegions(NamedTuple):
    """A label image (Y, X) and what is said of its labels; None where the file does not know."""

    image: npt.NDArray[np.int32]
    notes: dict[int, RegionNote] | None = None


class Marks(NamedTuple):
    """What a person added to a run: names and notes, and painted regions (Y, X), if any."""

    notes: Annotations = Annotations()
    regions: npt.NDArray[np.int32] | None = None


def read_marks(
    folder: Path,
    shape: tuple[int, ...],
    tell: Callable[[str], None],
    stack: Stack | None = None,
) -> Marks:
    """Read what a person added to a run directory; none of it where there is none.

    Parameters
    ----------
    folder : Path
    shape : tuple of int
        Of the movie's frames, (Y, X).
    tell : callable
        Gets one sentence for either that is damaged, and is left out.
    stack : Stack, optional
        How several planes lie in these frames.
    """
    notes, painted = Annotations(), None
    try:
        notes = read_annotations(folder)
    except UserError as error:
        tell(str(error))
    try:
        painted = read_regions(folder, shape, stack)
    except UserError as error:
        tell(str(error))
    if painted is None:
        return Marks(notes.of_regions({}))
    # Older runs have what is said of regions among the other notes.
    return Marks(notes if painted.notes is None else notes.of_regions(painted.notes), painted.image)


def read_annotations(folder: Path) -> Annotations:
    """Read the notes of a run directory; none where there are none.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    path = Path(folder) / NOTES
    try:
        return Annotations.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Annotations()
    except (OSError, ValueError, ValidationError) as error:
        raise UserError(
            f"{path} is damaged: mend or remove it, or names and notes stay unknown."
        ) from error


def write_places(folder: Path, places: tuple[PlaceNote, ...]) -> None:
    """Write what is said of drivers, whole or not at all; UserError if it cannot be."""
    try:
        regions = read_annotations(folder).regions
    except UserError:
        regions = {}
    _write_annotations(folder, Annotations(places=places, regions=regions))


def _write_annotations(folder: Path, annotations: Annotations) -> None:
    with replacing(Path(folder) / NOTES, overwrite=True) as path:
        path.write_text(annotations.model_dump_json(indent=2), encoding="utf-8")


def read_regions(
    folder: Path, shape: tuple[int, ...], stack: Stack | None = None
) -> PaintedRegions | None:
    """Read the painted regions of a run directory; None where there are none.

    Those of several planes, which the file holds as (Z, Y, X), come in their field, (Y, X).

    Raises
    ------
    UserError
        If the file is damaged or of another size than the movie.
    """
    path = Path(folder) / REGIONS
    if not path.exists():
        return None
    try:
        with tifffile.TiffFile(path) as tiff:
            image, description = np.asarray(tiff.asarray()), tiff.ome_metadata
    except Exception as error:  # whatever a foreign file makes the reader raise
        raise UserError(f"{path} cannot be read as an image: remove or replace it.") from error
    if stack is not None and image.shape == stack.volume:
        image = stack.folded(image)
    if image.shape != shape or image.dtype.kind not in "iu":
        raise UserError(f"{path} is no label image of {shape[0]} x {shape[1]} pixels: remove it.")
    return PaintedRegions(image.astype(np.int32), _described(description))


def _described(xml: str | None) -> dict[int, RegionNote] | None:
    """Return what the OME description of an image says of its regions; None where it is no word."""
    try:
        text = ElementTree.fromstring(xml or "").findtext(".//{*}Image/{*}Description")
        return RegionNotes.model_validate_json(text or "").regions
    except (ElementTree.ParseError, ValueError):
        return None


def write_regions(
    folder: Path,
    regions: npt.NDArray[np.integer],
    pixel_size_um: float | None,
    notes: Mapping[int, RegionNote] | None = None,
    stack: Stack | None = None,
) -> None:
    """Write painted regions (Y, X) and what is said of them as one file; of planes (Z, Y, X).

    Nothing is kept of labels that are not painted (any more).

    Raises
    ------
    UserError
        If it cannot be written; then the file is as it was.
    """
    image = np.asarray(regions, np.int32)
    there = set(np.unique(image).tolist())
    said = {label: note.model_dump() for label, note in (notes or {}).items() if label in there}
    # ASCII, whatever the names: it goes into XML.
    about = json.dumps({"format": REGIONS_FORMAT, "regions": said})
    write_image(Path(folder) / REGIONS, shown_image(image, stack), pixel_size_um, about)
    _forget_old_notes(folder)


def _forget_old_notes(folder: Path) -> None:
    """Take out what an older version said of regions: it is of another image now."""
    try:
        annotations = read_annotations(folder)
    except UserError:
        return
    if annotations.regions:
        _write_annotations(folder, annotations.of_regions({}))

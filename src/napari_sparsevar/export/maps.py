"""Maps of a run as OME-TIFF that knows the size of a pixel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tifffile

from napari_sparsevar.analysis.maps.influence import Direction
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.disk.names import file_label, free_names
from napari_sparsevar.export.material import Material
from napari_sparsevar.figures.options import Place
from napari_sparsevar.figures.panels.field import unit_of_contribution
from napari_sparsevar.run.planes import shown_image

DIRECTIONS: tuple[Direction, Direction] = ("outgoing", "incoming")
SUFFIX = ".ome.tif"


@dataclass(frozen=True, eq=False)
class Map:
    """An image of the field of view, or of each of its planes.

    Attributes
    ----------
    name : str
        Of its file, without the ending.
    image : ndarray, shape (Y, X) or (Z, Y, X)
    meaning : str
        What a pixel says, in one sentence.
    """

    name: str
    image: npt.NDArray[np.float32] | npt.NDArray[np.int32]
    meaning: str


def maps_of(material: Material) -> Iterator[Map]:
    """Yield the maps of a run, one after the other: contribution, drivers, influences, changes."""
    run = material.run
    yield Map(
        "contribution",
        np.asarray(run.contribution_map, np.float32),
        f"How strongly each pixel drives what happens next, {unit_of_contribution(run)}.",
    )
    yield Map(
        "drivers",
        np.asarray(run.driver_labels, np.int32),
        "Label of the driver a pixel belongs to, 0 outside; labels as in drivers.csv.",
    )
    if len(run.candidates):
        yield Map(
            "candidates",
            np.asarray(run.candidate_labels, np.int32),
            "Label of the place, not or not known to be beyond chance, that a pixel belongs to, 0 "
            "outside; labels as in candidates.csv.",
        )
    if material.regions is not None and material.regions.any():
        regions = shown_image(material.regions, run.stack)
        yield Map("regions", regions, "Label of the painted region, 0 outside.")
    yield from _influences(material)
    yield from _differences(material)


def write_maps(material: Material, folder: Path) -> Iterator[Path]:
    """Write the maps into a folder, yielding each file when it is there.

    Parameters
    ----------
    material : Material
    folder : Path
        Must exist.

    Raises
    ------
    UserError
        If a file exists already or the disk refuses.
    """
    for found in maps_of(material):
        path = folder / f"{found.name}{SUFFIX}"
        write_map(found, path, material.run.pixel_size_um)
        yield path


def write_map(
    found: Map, path: Path, pixel_size_um: float | None, *, overwrite: bool = False
) -> None:
    """Write one map with its name, its meaning and the size of a pixel where it is known."""
    size: dict[str, float | str] = {}
    if pixel_size_um:
        for axis in "XY":
            size |= {f"PhysicalSize{axis}": pixel_size_um, f"PhysicalSize{axis}Unit": "µm"}
    axes = "ZYX"[-found.image.ndim :]
    with replacing(path, overwrite=overwrite) as temporary:
        tifffile.imwrite(
            temporary,
            found.image,
            ome=True,
            photometric="minisblack",
            metadata={"axes": axes, "Name": found.name, "Description": found.meaning, **size},
        )


def influential(material: Material) -> list[Place]:
    """Return the painted regions and, where it is none of them, the chosen place."""
    places, image, chosen = material.places(), material.regions, material.chosen.place
    found = []
    if image is not None:
        painted = places[places["kind"] == "region"].itertuples()
        found = [Place(str(row.name), image == int(row.label)) for row in painted]
    if chosen is None or any(np.array_equal(chosen.mask, place.mask) for place in found):
        return found
    return [*found, chosen]


def _influences(material: Material) -> Iterator[Map]:
    """Yield what each painted region, and the chosen place, drives and what drives it."""
    taken: list[str] = []
    for place in influential(material):
        label = next(free_names(file_label(place.name), taken))
        taken.append(label)
        for direction in DIRECTIONS:
            of = "of" if direction == "outgoing" else "on"
            yield Map(
                f"influence-{direction}-{label}",
                material.run.influence(place.mask, direction),
                f"Signed influence {of} {place.name} in noise scales of a pixel.",
            )


def _differences(material: Material) -> Iterator[Map]:
    for name, _, pair, _ in material.pairs():
        if pair.difference is not None:
            windows = f"{pair.a.label} to {pair.b.label}"
            yield Map(
                f"difference-{name}",
                shown_image(np.asarray(pair.difference, np.float32), material.run.stack),
                f"Where places drive others more (positive) or less, from window {windows}, beyond "
                "what chance reaches half of the time; a map is no test.",
            )

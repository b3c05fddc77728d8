"""ImageJ: regions of interest, one in a ``.roi`` file or those of the ROI Manager in a ``.zip``."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_sparsevar.cells.cells import Cells, FloatArray
from napari_sparsevar.cells.formats.format import CellChoice, CellFormat
from napari_sparsevar.cells.outlines import Outline, ellipse_in, outlined_cells
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.formats.failures import DAMAGED, explained

if TYPE_CHECKING:
    from roifile import ImagejRoi

_MARK = b"Iout"
_ENDING = ".roi"
_MOST = 1 << 24
"""Bytes of one region: what a damaged archive unpacks to is not read to its end."""


def claims(path: Path) -> bool:
    """Return whether this is a region of ImageJ, or an archive with some."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".zip":
        try:
            with zipfile.ZipFile(path) as archive:
                return bool(_members(archive))
        except (OSError, *DAMAGED):
            return False
    with path.open("rb") as file:
        return file.read(len(_MARK)) == _MARK


def read(path: Path, choice: CellChoice) -> Cells:
    """Open regions, called as in the ROI Manager; how large the field is they do not say."""
    from roifile import ImagejRoi

    with explained(path, f"{path} is damaged or no region of ImageJ"):
        regions = [
            _outline(ImagejRoi.frombytes(content), name)
            for name, content in _contents(path).items()
        ]
    return outlined_cells(regions, str(path))


def _contents(path: Path) -> dict[str, bytes]:
    """Return the bytes of each region by the name of its file."""
    if path.suffix.lower() != ".zip":
        with path.open("rb") as file:
            return {path.name: file.read(_MOST)}
    found = {}
    with zipfile.ZipFile(path) as archive:
        for member in _members(archive):
            with archive.open(member) as file:
                found[member] = file.read(_MOST)
    return found


def _members(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of the regions; macOS puts files of its own beside them."""
    return [
        name
        for name in archive.namelist()
        if name.lower().endswith(_ENDING) and not name.startswith("__MACOSX/")
    ]


def _outline(region: ImagejRoi, file_name: str) -> Outline:
    called = region.name or file_name.rsplit("/", 1)[-1].removesuffix(_ENDING)
    return Outline(called, _polygons(region), max(int(region.z_position), 0))


def _polygons(region: ImagejRoi) -> list[FloatArray]:
    """Return the polygons (y, x) of an area, none of points and lines.

    ImageJ counts from the corner of the first pixel, not from its middle.
    """
    from roifile import ROI_SUBTYPE, ROI_TYPE

    areas = (ROI_TYPE.POLYGON, ROI_TYPE.FREEHAND, ROI_TYPE.TRACED, ROI_TYPE.RECT, ROI_TYPE.OVAL)
    if region.roitype not in areas or region.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.IMAGE):
        return []
    if region.roitype in (ROI_TYPE.RECT, ROI_TYPE.OVAL) and not region.composite:
        box = _box(region)
        return [ellipse_in(box) if region.roitype == ROI_TYPE.OVAL else box]
    found = region.coordinates(multi=True)
    return [np.asarray(corners, np.float64)[:, ::-1] - 0.5 for corners in found if len(corners) > 2]


def _box(region: ImagejRoi) -> FloatArray:
    """Return the corners (y, x) of the rectangle around a region."""
    top, left, height, width = (
        (region.yd, region.xd, region.heightd, region.widthd)
        if region.subpixelrect
        else (region.top, region.left, region.bottom - region.top, region.right - region.left)
    )
    if height <= 0.0 or width <= 0.0:
        raise UserError(f"The region {region.name!r} has no size; draw it again.")
    around = np.array([(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)])
    return np.asarray(np.array([top, left]) - 0.5 + around * [height, width])


FORMAT = CellFormat(
    name="ImageJ",
    suffixes=(".zip", _ENDING),
    claims=claims,
    read=read,
)

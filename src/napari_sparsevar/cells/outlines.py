"""Cells from outlines that somebody drew: the pixels whose middle lies inside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from napari_sparsevar.cells.cells import Cells, FloatArray
from napari_sparsevar.cells.formats.naming import unique_names
from napari_sparsevar.errors import UserError

_MOST = 1 << 30
"""Pixels that an outline may span, times its corners, each of which is compared with each: seconds.
More is no cell but a damaged file."""

_CORNERS = 128
"""Of the polygon that stands for an ellipse."""


class Outline(NamedTuple):
    """A cell as it was drawn.

    Attributes
    ----------
    name : str
    polygons : list of ndarray, shape (k, 2)
        y and x of the corners, the middle of a pixel at whole numbers. A polygon inside another is
        a hole. None encloses nothing: a point or a line.
    plane : int
        Plane in depth, the first is 1; 0 where it is not known.
    """

    name: str
    polygons: Sequence[npt.NDArray[np.floating]]
    plane: int = 0


def ellipse_in(corners: npt.NDArray[np.floating]) -> FloatArray:
    """Return the ellipse in a rectangle, also a turned one, as a polygon.

    Parameters
    ----------
    corners : ndarray, shape (4, 2)
        One after the other around the rectangle.
    """
    angle = np.linspace(0.0, 2.0 * np.pi, _CORNERS, endpoint=False)[:, None]
    first, second = (corners[1] - corners[0]) / 2.0, (corners[3] - corners[0]) / 2.0
    return np.asarray(corners.mean(axis=0) + np.cos(angle) * first + np.sin(angle) * second)


def outlined_cells(outlines: Sequence[Outline], what: str) -> Cells:
    """Return outlines as cells with weight 1 in every pixel; they may overlap.

    Their field of view ends with the last of them, see ``Cells.field_known``. Outlines without a
    pixel in it are left out, and a note says so.

    Parameters
    ----------
    outlines : sequence of Outline
    what : str
        What to call their source in a sentence.

    Raises
    ------
    UserError
        If none has a pixel, or one is damaged.
    """
    pixels = [_inside(outline, what) for outline in outlines]
    kept = [number for number, inside in enumerate(pixels) if len(inside)]
    if not kept:
        raise UserError(f"{what} has no outline with a pixel inside: draw areas around cells.")
    placed = np.concatenate([pixels[number] for number in kept])
    rows = np.repeat(np.arange(len(kept)), [len(pixels[number]) for number in kept])
    height, width = (int(size) for size in placed.max(axis=0) + 1)
    footprints = sparse.csr_array(
        (np.ones(len(placed), np.float32), (rows, placed[:, 0] * width + placed[:, 1])),
        shape=(len(kept), height * width),
    )
    names, notes = unique_names([outlines[number].name for number in kept], what)
    planes = np.array([outlines[number].plane for number in kept])
    return Cells(
        names,
        footprints,
        (height, width),
        field_known=False,
        plane=planes if planes.all() and len(np.unique(planes)) > 1 else None,
        notes=(*notes, *_left_out(outlines, kept, what)),
    )


def _inside(outline: Outline, what: str) -> npt.NDArray[np.intp]:
    """Return rows and columns of the pixels in an odd number of its polygons, (k, 2)."""
    from skimage.draw import polygon

    if not outline.polygons:
        return np.empty((0, 2), np.intp)
    corners = np.concatenate(outline.polygons)
    spanned = np.prod(np.ptp(corners, axis=0) + 1.0) if np.isfinite(corners).all() else np.inf
    if spanned * len(corners) > _MOST:
        raise UserError(
            f"{what}: the outline {outline.name!r} is too large for a cell, or damaged; draw it "
            "again or leave it out."
        )
    found = [
        np.stack(polygon(corners[:, 0], corners[:, 1]), axis=1) for corners in outline.polygons
    ]
    pixels, times = np.unique(np.concatenate(found), axis=0, return_counts=True)
    return np.asarray(pixels[(times % 2 == 1) & (pixels >= 0).all(axis=1)], np.intp)


def _left_out(outlines: Sequence[Outline], kept: list[int], what: str) -> tuple[str, ...]:
    lost = [outline.name for number, outline in enumerate(outlines) if number not in set(kept)]
    if not lost:
        return ()
    first = ", ".join(lost[:5]) + (" and others" if len(lost) > 5 else "")
    return (f"{what}: {len(lost)} outlines without a pixel inside are left out ({first}).",)

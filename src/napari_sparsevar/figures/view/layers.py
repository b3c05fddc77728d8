"""A view of layers as plain data: what is shown, where, and in which colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

Blending = Literal[
    "translucent", "translucent_no_depth", "additive", "minimum", "multiplicative", "opaque"
]


@dataclass(frozen=True, eq=False)
class ImageInView:
    """An image, or labels in their colours.

    Attributes
    ----------
    name : str
    pixels : array-like, shape (Y, X), (Y, X, 3) or (Y, X, 4)
        Read when it is drawn; with colours between 0 and 1 where there are three axes.
    matrix, offset : ndarray, shape (2, 2) and (2,)
        World coordinates of the centre of a pixel: ``matrix @ (row, column) + offset``.
    colours : ndarray, shape (n, 4)
        From the lower to the upper limit.
    limits : tuple of float
    gamma, opacity : float
    blending : str
    interpolation : str
        ``nearest``, ``linear`` or ``cubic``.
    is_labels : bool
        Whether it is a picture of labels, which has no colour bar.
    """

    name: str
    pixels: Any
    matrix: FloatArray
    offset: FloatArray
    colours: FloatArray
    limits: tuple[float, float] = (0.0, 1.0)
    gamma: float = 1.0
    opacity: float = 1.0
    blending: Blending = "translucent"
    interpolation: str = "nearest"
    is_labels: bool = False


@dataclass(frozen=True, eq=False)
class ArrowsInView:
    """Lines or arrows.

    Attributes
    ----------
    name : str
    start, direction : ndarray, shape (n, 2)
        World coordinates (y, x).
    colours : ndarray, shape (n, 4)
    width : float
        In world units.
    heads : bool
    opacity : float
    """

    name: str
    start: FloatArray
    direction: FloatArray
    colours: FloatArray
    width: float
    heads: bool = True
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class PointsInView:
    """Discs.

    Attributes
    ----------
    name : str
    centres : ndarray, shape (n, 2)
        World coordinates (y, x).
    diameters : ndarray, shape (n,)
        In world units.
    colours, edges : ndarray, shape (n, 4)
    opacity : float
    words : tuple of str
        Written on each, in white; none where empty.
    """

    name: str
    centres: FloatArray
    diameters: FloatArray
    colours: FloatArray
    edges: FloatArray
    opacity: float = 1.0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class OutlinesInView:
    """Polygons and open lines, the lowest first.

    Attributes
    ----------
    name : str
    corners : tuple of ndarray, each shape (m, 2)
        World coordinates (y, x).
    closed : tuple of bool
        Whether the last corner is joined to the first, and what is inside is filled.
    faces, edges : ndarray, shape (n, 4)
        Colours.
    widths : ndarray, shape (n,)
        Of the edges, in world units.
    opacity : float
    """

    name: str
    corners: tuple[FloatArray, ...]
    closed: tuple[bool, ...]
    faces: FloatArray
    edges: FloatArray
    widths: FloatArray
    opacity: float = 1.0


LayerInView = ImageInView | ArrowsInView | PointsInView | OutlinesInView


@dataclass(frozen=True, eq=False)
class View:
    """What a person sees.

    Attributes
    ----------
    layers : tuple
        The lowest first; hidden ones are not among them.
    top_left, bottom_right : tuple of float
        World coordinates (y, x) of the corners of what is seen.
    unit_um : float or None
        Micrometres in a world unit, None where it is no length.
    time : str
        Time stamp; empty where nothing changes in time.
    background : tuple of float
        Red, green and blue.
    left_out : tuple of str
        Names of visible layers that cannot be drawn.
    """

    layers: tuple[LayerInView, ...]
    top_left: tuple[float, float]
    bottom_right: tuple[float, float]
    unit_um: float | None = None
    time: str = ""
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[float, float]:
        """Height and width in world units."""
        return (
            self.bottom_right[0] - self.top_left[0],
            self.bottom_right[1] - self.top_left[1],
        )

"""Where maps of a run lie in the world of a viewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from napari_sparsevar.movie.stack import Stack


@dataclass(frozen=True)
class Placement:
    """Where a two-dimensional map lies in the world, along (Y, X).

    Parameters
    ----------
    scale : tuple of float
        Size of a pixel.
    translate : tuple of float
        Position of the first pixel.
    units : tuple of str
        Unit of each axis.
    """

    scale: tuple[float, float]
    translate: tuple[float, float] = (0.0, 0.0)
    units: tuple[str, str] = ("pixel", "pixel")
    stack: Stack | None = None
    """Of a field of several planes: how it is shown as a stack, whose planes lie along Z."""

    @property
    def arguments(self) -> dict[str, Any]:
        """The same as arguments of a napari layer."""
        if self.stack is not None:
            return {
                "scale": (1.0, *self.scale),
                "translate": (0.0, *self.translate),
                "units": ("pixel", *self.units),
                "axis_labels": ("z", "y", "x"),
            }
        return {
            "scale": self.scale,
            "translate": self.translate,
            "units": self.units,
            "axis_labels": ("y", "x"),
        }

    def shown(self, image: Any) -> Any:
        """Return an image (..., Y, X) of the field as layers have it."""
        return image if self.stack is None else self.stack.unfolded(image)

    def points(self, places: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return places (..., 2) of the field, y and x in pixels, as points of layers."""
        at = np.asarray(places, float)
        if self.stack is None:
            return at
        y, x = at[..., 0], at[..., 1]
        return np.stack([self.stack.index_at(x), y, self.stack.column_at(x)], axis=-1)

    def world(self, place: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return where a place (y, x) of the field lies on the canvas."""
        return np.asarray(self.points(place)[-2:] * self.scale + self.translate)

    def pixel(self, position: Sequence[float]) -> tuple[int, int]:
        """Return the pixel (y, x) of the field at a position in the world; -1 outside a plane."""
        at = (np.asarray(position[-2:]) - self.translate) / self.scale
        y, x = np.round(at).astype(int).tolist()
        if self.stack is not None:
            index = round(float(position[-3])) if len(position) > len(self.scale) else 0
            deep = 0 <= index < len(self.stack.planes) and 0 <= x < self.stack.shape[1]
            x = x + index * self.stack.pitch if deep else -1
        return y, x

    def words(self, y: float, x: float) -> str:
        """Return a place, given in pixels of the map, as the status bar has it: world and unit.

        ``(12.0, 30.5) µm`` or ``(115, 30) µm``; ``(6, 15) px`` where the size of a pixel is not
        known. Of several planes with the number of its plane.
        """
        if self.stack is not None:
            number = self.stack.planes[int(self.stack.index_at(x))]
            flat = replace(self, stack=None).words(y, float(self.stack.column_at(x)))
            return f"{flat}, plane {number}"
        world = [
            float(first + size * at)
            for at, size, first in zip((y, x), self.scale, self.translate, strict=True)
        ]
        if self.units[-1] == "pixel":
            return f"({round(world[0])}, {round(world[1])}) px"
        unit = {"um": "µm", "micrometer": "µm"}.get(self.units[-1], self.units[-1])
        decimals = 1 if max(map(abs, world)) < 100 else 0  # short enough for a table
        return f"({world[0]:.{decimals}f}, {world[1]:.{decimals}f}) {unit}"

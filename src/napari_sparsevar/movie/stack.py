"""How several planes of one recording lie side by side in one field, apart by a gap.

Everything that looks at pixels stays two-dimensional: no plane sees another across the gap, whose
pixels do not count. What a person sees is a stack again, (Z, Y, X).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError

Planes = Literal["all"] | Sequence[int]
"""Which planes are one movie: all, or their numbers from 1."""

GAP_CELLS = 4.0
"""So many diameters of a cell lie between planes at least: background and echoes reach 2.5."""


@dataclass(frozen=True)
class Stack:
    """How planes lie in one field, from left to right.

    Parameters
    ----------
    planes : tuple of int
        Their numbers in the recording, from 1, ascending: the order in which they are read.
    of : int
        How many planes a volume of the recording has.
    turns : float
        In how many periods of a plane a volume is read: more than its planes if it flies back.
    shape : tuple of int
        Height and width (Y, X) of a plane in pixels.
    gap : int
        Columns between two planes, which do not count.
    """

    planes: tuple[int, ...]
    of: int
    turns: float
    shape: tuple[int, int]
    gap: int

    @property
    def pitch(self) -> int:
        """Columns from the first of a plane to the first of the next."""
        return self.shape[1] + self.gap

    @property
    def field(self) -> tuple[int, int]:
        """Height and width of the field in which all planes lie."""
        return self.shape[0], len(self.planes) * self.pitch - self.gap

    @property
    def volume(self) -> tuple[int, int, int]:
        """Shape (Z, Y, X) of an image of all planes."""
        return len(self.planes), *self.shape

    def columns(self, index: int) -> slice:
        """Return the columns of a plane, the first being 0."""
        return slice(index * self.pitch, index * self.pitch + self.shape[1])

    def blank(self) -> npt.NDArray[np.bool_]:
        """Return the pixels of the field that belong to no plane."""
        blank = np.ones(self.field, bool)
        for index in range(len(self.planes)):
            blank[:, self.columns(index)] = False
        return blank

    def unfolded(self, image: Any) -> Any:
        """Return images (..., Y, X) of the field as stacks (..., Z, Y, X), lazy ones as such."""
        parts = [image[..., self.columns(index)] for index in range(len(self.planes))]
        return np.stack(parts, axis=-3)

    def folded(self, stack: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a stack (..., Z, Y, X) as images (..., Y, X) of the field, 0 in the gaps."""
        field = np.zeros((*stack.shape[:-3], *self.field), stack.dtype)
        for index in range(len(self.planes)):
            field[..., self.columns(index)] = stack[..., index, :, :]
        return field

    def index_at(self, x: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return which plane columns of the field belong to, the first being 0."""
        found = (np.asarray(x, float) + 0.5 * self.gap) // self.pitch
        return np.clip(found, 0, len(self.planes) - 1).astype(np.intp)

    def column_at(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return columns of the field as columns of their planes."""
        return np.asarray(x, float) - self.index_at(x) * self.pitch

    def later(self, source: npt.ArrayLike, target: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return how much later a target is read than a source, both columns of the field.

        In periods of a volume, of which the planes share one by turns; below 0 where the target is
        read first.
        """
        numbers = np.array(self.planes)
        steps = numbers[self.index_at(target)] - numbers[self.index_at(source)]
        return np.asarray(steps / self.turns, float)


def check_planes(planes: Any, plane: int | None = None) -> tuple[int, ...] | None:
    """Return which planes are one movie, ascending; empty for all, None where nobody asks.

    Raises
    ------
    UserError
        If these are no planes, or one of them is chosen as well.
    """
    if planes is None:
        return None
    if plane is not None:
        raise UserError(f"Plane {plane} is chosen, and planes {planes}: leave one of both out.")
    if isinstance(planes, str) and planes.strip().lower() == "all":
        return ()
    try:
        parts = planes.split(",") if isinstance(planes, str) else planes
        numbers = [int(part) for part in parts]
    except (TypeError, ValueError):
        numbers = [0]
    if sorted(set(numbers)) != numbers or min(numbers, default=1) < 1:
        raise UserError(
            f"planes are 'all' or ascending numbers from 1 such as 1,2,3, not {planes!r}."
        )
    return tuple(numbers)

"""Cells that were found in a movie, as further evidence of the places where they lie.

A place of the grid holds a part of a cell, and some hundred of them are tested where two dozen
cells are: tested as cells, more drivers are beyond chance. Places and cells are two families, each
tested at half the level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial import KDTree
from torch import Tensor

from napari_sparsevar.analysis.evidence.level import LEVEL

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FoundCells:
    """What a test of cells says of where they lie.

    Attributes
    ----------
    centres : ndarray, shape (cells, 2)
        y and x in pixels.
    p_values : ndarray, shape (cells,)
        That a cell drives none, adjusted for all cells; NaN where it was not tested.
    strengths : ndarray, shape (cells,)
        Below 0 where a cell silences more than it excites.
    drives : ndarray, shape (cells,)
        Root of the sum of squares of what the lasso says that each drives; 0 where not fitted.
    reach : float
        Pixels from its centre within which a place is of the cell.
    said : str
        A sentence: what was tested, or why nothing was.
    """

    centres: FloatArray
    p_values: FloatArray
    strengths: FloatArray
    drives: FloatArray
    reach: float
    said: str = ""

    @classmethod
    def none(cls, why: str = "") -> FoundCells:
        """Return that no cell was tested."""
        return cls(np.empty((0, 2)), *(np.empty(0),) * 3, 0.0, why)

    def driving(self) -> FloatArray:
        """Return middles y, x of cells that drive beyond chance and 1, or -1 to silence, (m, 3)."""
        sure = self.p_values <= LEVEL / 2
        return np.column_stack([self.centres[sure], np.where(self.strengths[sure] < 0, -1.0, 1.0)])

    def at(self, places: FloatArray) -> Tensor | None:
        """Return the p-value of the surest cell at each place (y, x), (n,), NaN without one.

        A cell that no place is within reach of is of the nearest one. None if no cell was tested.
        """
        tested = np.flatnonzero(np.isfinite(self.p_values))
        if not tested.size or not len(places):
            return None
        tree, found = KDTree(places), np.full(len(places), np.nan)
        for cell in tested:
            here = tree.query_ball_point(self.centres[cell], self.reach)
            chosen = here or [int(tree.query(self.centres[cell])[1])]
            found[chosen] = np.fmin(found[chosen], self.p_values[cell])
        return torch.from_numpy(found)

    def drive_of_pixels(self, shape: tuple[int, int]) -> FloatArray:
        """Return what the cell drives that each pixel is of, the most of several, (Y, X)."""
        image = np.zeros(shape)
        y, x = np.ogrid[: shape[0], : shape[1]]
        for (middle_y, middle_x), drive in zip(self.centres, self.drives, strict=True):
            here = (y - middle_y) ** 2 + (x - middle_x) ** 2 <= self.reach**2
            image[here] = np.maximum(image[here], drive)
        return image


def either(places: Tensor, cells: Tensor) -> Tensor:
    """Return p-values of what places or cells say: twice the smaller (Bonferroni), (n,)."""
    return (2.0 * torch.fmin(places, cells.to(places))).clamp_max(1.0)


def surer(evidence: Tensor, cells: Tensor) -> Tensor:
    """Return how sure each place is (``place_evidence``), where a cell is beyond chance as well.

    On the same scale: 1 is half the level, and more the smaller the p-value.
    """
    told = (cells.clamp_min(1e-12).log() / np.log(LEVEL / 2)).sqrt().to(evidence)
    return torch.where(cells <= LEVEL / 2, torch.fmax(evidence, told), evidence)

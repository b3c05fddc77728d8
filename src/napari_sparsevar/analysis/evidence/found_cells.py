"""Cells that were found in a movie, as further evidence of the places where they lie.

A place of the grid holds a part of a cell, and some hundred of them are tested where two dozen
cells are: tested as cells, more drivers are beyond chance. Places and cells are two families, each
tested at half the level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.spatial import KDTree
from torch import Tensor

from napari_sparsevar.analysis.evidence.level import LEVEL

FloatArray = npt.NDArray[np.float64]

_FADED = 2.0
"""Reaches from its middle at which nothing is left of a cell: a share of 0.00002."""


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
    edge_p : ndarray, shape (lags, cells, cells)
        That a cell (second axis) does not drive another (third) at a lag, adjusted for all edges
        between cells; NaN where it was not tested. Lags may be more than those of places.
    reach : float
        Pixels from its centre within which a place is of the cell.
    said : str
        A sentence: what was tested, or why nothing was.
    """

    centres: FloatArray
    p_values: FloatArray
    strengths: FloatArray
    drives: FloatArray
    edge_p: FloatArray
    reach: float
    said: str = ""

    @classmethod
    def none(cls, why: str = "") -> FoundCells:
        """Return that no cell was tested."""
        return cls(np.empty((0, 2)), *(np.empty(0),) * 3, np.empty((1, 0, 0)), 0.0, why)

    def driving(self) -> FloatArray:
        """Return middles y, x of cells that drive beyond chance and 1, or -1 to silence, (m, 3)."""
        sure = self.p_values <= LEVEL / 2
        return np.column_stack([self.centres[sure], np.where(self.strengths[sure] < 0, -1.0, 1.0)])

    def at(self, places: FloatArray, lags: int = 1) -> CellsAtPlaces | None:
        """Return what the surest cells say of places (y, x), (n, 2), at so many lags.

        A cell that no place is within reach of is of the nearest one; an edge at a longer lag
        counts at the last. None if no cell was tested.
        """
        tested = np.flatnonzero(np.isfinite(self.p_values)).tolist()
        if not tested or not len(places):
            return None
        tree = KDTree(places)
        members = {
            cell: tree.query_ball_point(self.centres[cell], self.reach)
            or [int(tree.query(self.centres[cell])[1])]
            for cell in tested
        }
        place = np.full(len(places), np.nan)
        for cell, here in members.items():
            place[here] = np.fmin(place[here], self.p_values[cell])
        last = np.fmin.reduce(self.edge_p[lags - 1 :])
        of_lags = [*self.edge_p[: lags - 1], last]
        edge = np.concatenate([_at_pairs(each, members, len(places)) for each in of_lags])
        return CellsAtPlaces(torch.from_numpy(place), torch.from_numpy(edge))

    def drive_of_pixels(self, shape: tuple[int, int]) -> FloatArray:
        """Return what the cell drives that each pixel is of, the most of several, (Y, X).

        A cell fades from its middle on, to half at the end of its reach.
        """
        image, furthest = np.zeros(shape), _FADED * self.reach
        for middle, drive in zip(self.centres, self.drives, strict=True):
            first = np.clip(np.ceil(middle - furthest), 0, shape).astype(int)
            last = np.clip(np.floor(middle + furthest) + 1, 0, shape).astype(int)
            around = slice(first[0], last[0]), slice(first[1], last[1])
            y, x = np.ogrid[around]
            away = ((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / self.reach**2
            image[around] = np.maximum(image[around], drive * 0.5 ** (away**2))
        return image


class CellsAtPlaces(NamedTuple):
    """P-values of cells where places lie, NaN where there is none.

    Attributes
    ----------
    place : Tensor, shape (n,)
        Of the surest cell there.
    edge : Tensor, shape (P, n), float32
        Of the surest edge between cells of both places, for each lag.
    """

    place: Tensor
    edge: Tensor


def _at_pairs(
    edge_p: FloatArray, members: dict[int, list[int]], n_places: int
) -> npt.NDArray[np.float32]:
    """Return the smallest p-value (n, n) of edges between cells (m, m) at each pair of places."""
    n_cells = len(edge_p)
    into = np.full((n_cells, n_places), np.nan, np.float32)
    for cell, here in members.items():
        into[:, here] = np.fmin(into[:, here], edge_p[:, cell, None])
    found = np.full((n_places, n_places), np.nan, np.float32)
    for cell, here in members.items():
        found[here] = np.fmin(found[here], into[cell])
    return found


def either(places: Tensor, cells: Tensor) -> Tensor:
    """Return p-values of what places or cells say: twice the smaller (Bonferroni)."""
    return (2.0 * torch.fmin(places, cells.to(places))).clamp_max(1.0)


def surer(evidence: Tensor, cells: Tensor) -> Tensor:
    """Return how sure each place is (``place_evidence``), where a cell is beyond chance as well.

    On the same scale: 1 is half the level, and more the smaller the p-value.
    """
    told = (cells.clamp_min(1e-12).log() / np.log(LEVEL / 2)).sqrt().to(evidence)
    return torch.where(cells <= LEVEL / 2, torch.fmax(evidence, told), evidence)

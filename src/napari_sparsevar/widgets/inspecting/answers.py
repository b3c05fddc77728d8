"""What is asked about a run, and what is answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.analysis.evidence.level import LEVEL

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.analysis.fit.solution_path import SolutionPath
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.analysis.maps.path_curves import PathCurve
    from napari_sparsevar.run.annotations import Annotations
    from napari_sparsevar.run.run import Run

Direction = Literal["outgoing", "incoming"]
DIRECTIONS: tuple[Direction, Direction] = ("outgoing", "incoming")
PlaceKind = Literal["driver", "candidate", "region", "point"]
"""A point is a place that somebody has clicked and that is listed nowhere."""


@dataclass(frozen=True, eq=False)
class SelectedPlace:
    """What is being inspected.

    Parameters
    ----------
    kind : {"driver", "candidate", "region", "point"}
    label : int
        In its label image; 0 for a driver that is none at this penalty. Of a point, 1 more than the
        number of its pixel.
    mask : ndarray of bool, shape (Y, X)
    y, x : float
        Centre in pixels.
    strength, p_adjusted : float
        Of a point, as those of listed places; NaN until they are known.
    """

    kind: PlaceKind
    label: int
    mask: npt.NDArray[np.bool_]
    y: float
    x: float
    strength: float = math.nan
    p_adjusted: float = math.nan

    @property
    def key(self) -> tuple[PlaceKind, int]:
        """What tells it from others on the screen."""
        return self.kind, self.label


@dataclass(frozen=True, eq=False)
class Question:
    """Everything an answer depends on; no widget and no layer in it.

    ``number`` tells one choice of a place from the next: the label of a driver changes with the
    penalty.
    """

    penalty: float
    regions: LabelImage | None = None
    selection: SelectedPlace | None = None
    lag: int | None = None
    number: int = 0
    direction: Direction = "outgoing"
    """What is looked at, and answered first."""
    painted_on: int = 0
    """Which layer the regions are of: their labels mean something else on another."""

    def same(self, other: Question | None) -> bool:
        """Return whether the other has the same answer."""
        if other is None or (self.lag, self.number) != (other.lag, other.number):
            return False
        return self.same_read_out(other)

    def same_read_out(self, other: Question) -> bool:
        """Return whether the other is about the same penalty and the same painted regions."""
        same_regions = self.regions is other.regions or (
            self.regions is not None
            and other.regions is not None
            and np.array_equal(self.regions, other.regions)
        )
        return (self.penalty, self.painted_on) == (
            other.penalty,
            other.painted_on,
        ) and same_regions


@dataclass(frozen=True, eq=False)
class Noted:
    """What a person has added to the run."""

    annotations: Annotations
    regions: LabelImage | None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """The solution path."""

    solution_path: SolutionPath


@dataclass(frozen=True, eq=False)
class ReadOut:
    """A run at a penalty.

    Parameters
    ----------
    question : Question
    run : Run
    n_edges : int
        Between different places.
    edges : DataFrame
        The strongest of them.
    places : DataFrame
        Drivers and painted regions.
    curves : list of PathCurve
        The strongest edges along the path; empty until it is known.
    """

    question: Question
    run: Run
    n_edges: int
    edges: pd.DataFrame
    places: pd.DataFrame
    curves: list[PathCurve]


@dataclass(frozen=True, eq=False)
class Influence:
    """One direction of an answer: the map, who it is about, and how it grows along the path."""

    image: npt.NDArray[np.float32]
    partners: pd.DataFrame
    curves: list[PathCurve]

    @property
    def beyond_chance(self) -> npt.NDArray[np.bool_]:
        """Which partners survive the test; none where nothing was tested."""
        return np.asarray(self.partners["p_adjusted"].to_numpy(float) <= LEVEL)


@dataclass(frozen=True, eq=False)
class Answer:
    """What a selected place drives and what drives it.

    Parameters
    ----------
    question : Question
    selection : SelectedPlace
        As it is at this penalty.
    influence : dict of Influence
        By direction: first the one that is looked at, the other a moment later.
    """

    question: Question
    selection: SelectedPlace
    influence: dict[Direction, Influence]


@dataclass(frozen=True, eq=False)
class OtherWay:
    """The other direction of an answer."""

    question: Question
    direction: Direction
    influence: Influence


@dataclass(frozen=True, eq=False)
class Gone:
    """Nothing is left of the selected region."""

    question: Question


News = ReadOut | Answer | OtherWay | Gone

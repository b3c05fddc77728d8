"""What comparing windows of time found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

EDGE_COLUMNS = [
    "source",
    "target",
    "lag",
    "change",
    "low",
    "high",
    "statistic",
    "p_adjusted",
    "p_fdr",
    "coefficient_a",
    "coefficient_b",
]
"""Of the table of changed edges; where places are known, with the positions of both ends as well,
and of cells with their names (``NAMES``).

============== ============================================================================
Column         Meaning
============== ============================================================================
source, target Latents, or cells by their number among all that came.
lag            Frames from one to the other.
change         Of the coefficient, B minus A, in standard deviations of the target for one of
               the source.
low, high      95 % interval of the change, for all edges at once.
statistic      The change over its standard error under the null hypothesis.
p_adjusted     Family-wise, over all edges.
p_fdr          False discovery rate.
coefficient_a  The coefficient in A.
coefficient_b  The coefficient in B.
============== ============================================================================
"""

NAMES = ["source_name", "target_name"]

POSITIONS = ["source_y", "source_x", "target_y", "target_x"]

PLACE_COLUMNS = ["place", "statistic", "balance", "p_adjusted"]
"""Of the table of places; where it is known, with their position, ``y`` and ``x``, as well, and of
cells with their ``name``.

========== ================================================================================
Column     Meaning
========== ================================================================================
place      Latent or cell, as a source.
statistic  Squares of what its edges change beyond 2 standard errors, added up.
balance    From -1, all of it from edges that fell in B, to 1, all from edges that rose.
p_adjusted Family-wise, over all places.
========== ================================================================================
"""


class Interval(NamedTuple):
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class DynamicsTest:
    """Does one sparse VAR fit both windows? See ``dynamics``.

    Attributes
    ----------
    statistic : float
        Largest studentised difference of scores, of an edge or of all edges of a place, whichever
        stands out more, in standard deviations of its null distribution.
    p_value : float
        ``(1 + count) / (1 + draws)``.
    null : ndarray, shape (draws,)
        The same in each draw.
    effect : Interval
        Change of the edge with the largest statistic, B minus A, in standard deviations of the
        target for one of the source; the interval holds for all edges at once.
    edges : DataFrame
        ``EDGE_COLUMNS``, the most surprising first; those with ``p_fdr`` at most 0.2, and the
        first 100 in any case.
    tested_edges : int
        How many edges were looked at.
    places : DataFrame
        ``PLACE_COLUMNS``: how much the influence *of* each latent differs, all its
        edges together, and whether they rose (balance up to 1) or fell (down to -1) in B.
    block_length : int
        Frames whose scores are taken as one.
    blocks : tuple of int
        Blocks in A and in B.
    rows : tuple of int
        Pairs of a frame and its past in A and in B.
    """

    statistic: float
    p_value: float
    null: FloatArray
    effect: Interval
    edges: pd.DataFrame
    tested_edges: int
    places: pd.DataFrame
    block_length: int
    blocks: tuple[int, int]
    rows: tuple[int, int]

    def changed(self, level: float = 0.05) -> pd.DataFrame:
        """Return the edges whose family-wise adjusted p-value is at most the level."""
        return self.edges[self.edges["p_adjusted"] <= level]

    def changed_places(self, level: float = 0.05) -> pd.DataFrame:
        """Return the places whose family-wise adjusted p-value is at most the level."""
        return self.places[self.places["p_adjusted"] <= level]


@dataclass(frozen=True, eq=False)
class AnythingTest:
    """Did anything change, activity or dynamics? Blocks of lagged pairs permuted.

    Attributes
    ----------
    statistic : float
    p_value : float
    null : ndarray, shape (draws,)
    what : str
        What differs most: ``mean``, ``variance`` or ``lagged product``.
    block_length : int
    """

    statistic: float
    p_value: float
    null: FloatArray
    what: str
    block_length: int


@dataclass(frozen=True, eq=False)
class Prediction:
    """How well the model of one window predicts held-out frames of it and the other window.

    Explained share of the variance that a latent's own past leaves, 1 is perfect, 0 nothing.

    Attributes
    ----------
    latents, pixels : ndarray, shape (2, 2)
        Row: fitted to A, to B; column: predicting A, B. Frames of the window itself are held out.
    loss_latents, loss_pixels : tuple of Interval
        By how much A's model explains B worse than held-out A, and B's model A than held-out B.
        Pixels are those of the decoded frames; equal to latents without a run.
    """

    latents: FloatArray
    pixels: FloatArray
    loss_latents: tuple[Interval, Interval]
    loss_pixels: tuple[Interval, Interval]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two windows compared.

    Attributes
    ----------
    a, b : Window
    dynamics : DynamicsTest
    anything : AnythingTest
    prediction : Prediction
    difference : ndarray of float32, shape (Y, X), or None
        Where influence differs, beyond chance: positive where a place drives others more in B.
        None for cells and for sequences that do not come from a run.
    level : float
    draws : int
    seed : int
    """

    a: Window
    b: Window
    dynamics: DynamicsTest
    anything: AnythingTest
    prediction: Prediction
    difference: npt.NDArray[np.float32] | None
    level: float
    draws: int
    seed: int

    @property
    def places_are(self) -> str:
        """What was compared: ``cells``, or ``places`` of a movie."""
        return "cells" if "name" in self.dynamics.places else "places"

    @property
    def p_value(self) -> float:
        """Of the test of dynamics."""
        return self.dynamics.p_value

    @property
    def statistic(self) -> float:
        """Of the test of dynamics."""
        return self.dynamics.statistic

    @property
    def null(self) -> FloatArray:
        """Null distribution of the statistic of the test of dynamics, (draws,)."""
        return self.dynamics.null

    @property
    def effect(self) -> Interval:
        """Largest change of an edge, B minus A, with its simultaneous 95 % interval."""
        return self.dynamics.effect

    @property
    def edges(self) -> pd.DataFrame:
        """Table of edges by how surprising their change is."""
        return self.dynamics.edges


@dataclass(frozen=True, eq=False)
class ComparisonSet:
    """Several windows compared in pairs, adjusted together.

    Attributes
    ----------
    name : str
        Of the folder it is kept in.
    windows : tuple of Window
    baseline : str or None
        Label of the window every other is compared with; None for all pairs.
    pairs : tuple of Comparison
    adjusted : tuple of float
        P-value of the test of dynamics of each pair, adjusted for the number of pairs (Holm 1979).
    created : str
        ISO 8601.
    """

    name: str
    windows: tuple[Window, ...]
    baseline: str | None
    pairs: tuple[Comparison, ...]
    adjusted: tuple[float, ...]
    created: str

    def clearest(self) -> Comparison:
        """Return the pair with the smallest p-value, of several that with the largest statistic."""
        return min(self.pairs, key=lambda pair: (pair.p_value, -pair.statistic))

    def pair_called(self, name: str) -> Comparison:
        """Return the pair called ``A-B`` or ``B-A``.

        Raises
        ------
        UserError
            If these two were not compared.
        """
        names = {f"{pair.a.label}-{pair.b.label}": pair for pair in self.pairs}
        reverse = {f"{pair.b.label}-{pair.a.label}": pair for pair in self.pairs}
        chosen = names.get(name) or reverse.get(name)
        if chosen is None:
            raise UserError(
                f"The comparison {self.name} has no pair '{name}': choose one of "
                f"{', '.join(names)}."
            )
        return chosen

    def adjusted_p(self, pair: Comparison) -> float:
        """Return a pair's p-value adjusted for all pairs; its own where it is none of them."""
        together = zip(self.pairs, self.adjusted, strict=True)
        return next((value for one, value in together if one is pair), pair.p_value)

    def matrix(self) -> pd.DataFrame:
        """Return adjusted p-values, windows by windows, NaN where not compared."""
        labels = [window.label for window in self.windows]
        import pandas as pd

        table = pd.DataFrame(np.nan, index=labels, columns=labels)
        for pair, p_value in zip(self.pairs, self.adjusted, strict=True):
            table.loc[pair.a.label, pair.b.label] = p_value
            table.loc[pair.b.label, pair.a.label] = p_value
        return table

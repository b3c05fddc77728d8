"""What is compared: the activity of a run or of cells, and what its series are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from napari_sparsevar.analysis.activity import Activity
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.comparison.result import NAMES, POSITIONS, DynamicsTest

if TYPE_CHECKING:
    from napari_sparsevar.analysis.results import Results
    from napari_sparsevar.cells.cell_fit import CellFit

Numbers = npt.NDArray[np.intp]
FloatArray = npt.NDArray[np.float64]


class FittedActivity(Protocol):
    """Activity and the VAR that was fitted to it: results of a run, a fit of cells."""

    @property
    def activity(self) -> Activity:
        """What was fitted."""
        ...

    @property
    def fitted(self) -> FittedVar:
        """With the own dynamics that were taken out."""
        ...


@dataclass(frozen=True, eq=False)
class Subject:
    """Edges to compare, and what the p series behind them are.

    Attributes
    ----------
    weights : Tensor, shape (P, p)
        Penalty weights; 0 leaves a coefficient free.
    tested : Tensor of bool, shape (P, p)
    lags : int
    numbers : ndarray of int, shape (p,)
        Of the series in tables.
    names : tuple of str, optional
        Of the p series, if they are cells.
    centres : ndarray, shape (p, 2), optional
        y and x in pixels.
    results : Results, optional
        Of the run they come from.
    """

    weights: Tensor
    tested: Tensor
    lags: int
    numbers: Numbers
    names: tuple[str, ...] | None = None
    centres: FloatArray | None = None
    results: Results | None = None

    @classmethod
    def of_results(cls, results: Results) -> Subject:
        """Return the latents of a run."""
        weights, centres = results.fitted.weights, results.grid.centres()
        numbers = np.arange(len(centres))
        lags = results.fitted.lags
        return cls(weights, weights > 0, lags, numbers, None, centres, results)

    @classmethod
    def of_cells(cls, fit: CellFit) -> Subject:
        """Return the cells of a fit; their numbers are those among all cells that came."""
        weights, centres = fit.fitted.weights, fit.cells.centres
        return cls(
            weights,
            weights > 0,
            fit.lags,
            fit.fitted_cells,
            tuple(fit.activity.names),
            None if centres is None else centres[fit.fitted_cells],
        )

    @classmethod
    def of_sequences(cls, size: int, lags: int, *, own_history: bool) -> Subject:
        """Return series of which nothing is known; each is near itself alone."""
        weights = (1.0 - torch.eye(size, dtype=torch.float64)).repeat(lags, 1)
        tested = torch.ones_like(weights, dtype=torch.bool) if own_history else weights > 0
        return cls(weights, tested, lags, np.arange(size))

    def placed(self, test: DynamicsTest) -> DynamicsTest:
        """Return a test whose tables say which series, by name and place as far as known."""
        edges, places = test.edges.copy(), test.places.copy()
        ends = {name: edges[name].to_numpy() for name in ("source", "target")}
        which = places["place"].to_numpy()
        if self.names is not None:
            names = np.asarray(self.names, object)
            for column, end in zip(NAMES, ends.values(), strict=True):
                edges[column] = names[end]
            places["name"] = names[which]
        if self.centres is not None:
            placed_ends = [self.centres[end] for end in ends.values()]
            edges[POSITIONS] = np.concatenate(placed_ends, axis=1)
            places["y"], places["x"] = self.centres[which].T
        for name, end in ends.items():
            edges[name] = self.numbers[end]
        places["place"] = self.numbers[which]
        return replace(test, edges=edges, places=places)

"""What is compared: the activity of a run or of cells, and what its series are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.activity import Activity
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.fit.own_dynamics import own_dynamics_of
from napari_sparsevar.analysis.maps.latents import LatentActivity
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


class FilteredActivity(NamedTuple):
    """Activity with the own dynamics of its filter, a ``FittedActivity``."""

    activity: Activity
    fitted: FittedVar


def filtered_activity(source: FittedActivity) -> FittedActivity:
    """Return latents behind their filter, also those that a run reads as events.

    How many events stand out of the noise follows the light, and that fades in a recording: the
    coefficients between events change with it. A linear filter is the same in both windows.
    """
    activity = source.activity
    if not isinstance(activity, LatentActivity) or activity.events is None:
        return source
    latents = replace(activity, events=None)
    own = own_dynamics_of(latents, latents.dynamics, latents.recent)
    return FilteredActivity(latents, replace(source.fitted, own=own))


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
    metric : Tensor, shape (p, p), optional
        What the standardised innovations that are compared weigh in pixels.
    """

    weights: Tensor
    tested: Tensor
    lags: int
    numbers: Numbers
    names: tuple[str, ...] | None = None
    centres: FloatArray | None = None
    results: Results | None = None
    metric: Tensor | None = None

    @classmethod
    def of_results(cls, results: Results, compared: FittedActivity) -> Subject:
        """Return the latents of a run, compared as ``filtered_activity`` says."""
        weights, centres = results.fitted.weights, results.grid.centres()
        numbers = np.arange(len(centres))
        metric = _pixel_metric(results.footprints, compared.fitted.own.innovation.numpy())
        lags = results.fitted.lags
        return cls(weights, weights > 0, lags, numbers, None, centres, results, metric)

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


def _pixel_metric(footprints: sparse.csr_array, scale: FloatArray) -> Tensor:
    """Return ``S F F' S`` (p, p): what standardised innovations weigh in pixels."""
    overlap = (footprints @ footprints.T).toarray()
    return torch.from_numpy(scale[:, None] * overlap * scale).float()

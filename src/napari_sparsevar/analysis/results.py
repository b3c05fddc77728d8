"""Everything an analysis finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse
from torch import Tensor

from napari_sparsevar.analysis.covariates.partialling import Partial
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.drivers import Drivers, LabelImage
from napari_sparsevar.analysis.maps.edges import placed_edges
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.projection import FloatImage, Projection
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.model.embedded_var import Moments
from napari_sparsevar.model.grid import LatentGrid


@dataclass(frozen=True, eq=False)
class Results:
    """What a trained network says about a movie, as far as it has been asked.

    Attributes
    ----------
    stage : {"map", "drivers", "stability", "all"}
        How far the analysis is; what it has not come to is missing (NaN, or empty).
    activity : LatentActivity
        The latents of the movie.
    fitted : FittedVar
        The sparse VAR at the chosen penalty.
    projection : Projection
        From latents to pixels and back.
    mean, noise : ndarray of float32, shape (Y, X)
        Grey values of a standardised pixel: ``x = mean + noise * standardised``; NaN where pixels
        do not count.
    contribution : ndarray of float32, shape (Y, X)
        What each pixel drives, in units of what chance reaches there; where that is not known, of
        the strongest pixel.
    chance : ndarray of float32, shape (Y, X)
        Unit of ``contribution``: what chance reaches at the penalty of the analysis; NaN where
        that is not known.
    drivers, candidates : Drivers
        Places that stand out: beyond chance, and not (or not known to be).
    significance : Significance
    stability : Stability
    criterion : DataFrame
        Of ``criterion_table``.
    partial : Partial, optional
        What covariates explained of the latents, and was taken out.
    blocks : list of Moments, optional
        Of blocks of time, from one stage to the next; not kept with a run.
    """

    stage: Stage
    activity: LatentActivity
    fitted: FittedVar
    projection: Projection
    mean: FloatImage
    noise: FloatImage
    contribution: FloatImage
    chance: FloatImage
    drivers: Drivers
    candidates: Drivers
    significance: Significance
    stability: Stability
    criterion: pd.DataFrame
    partial: Partial | None = None
    blocks: list[Moments] | None = field(default=None, repr=False)

    @property
    def latents(self) -> npt.NDArray[np.float32]:
        """Code of every frame, (T, p)."""
        return self.activity.latents

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Frames that were used, (T,)."""
        return self.activity.good

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Pixels that count, (Y, X): those that are not NaN or filled in some frames."""
        return np.isfinite(self.mean)

    @property
    def grid(self) -> LatentGrid:
        """Where the latents lie."""
        return self.projection.grid

    @property
    def footprints(self) -> sparse.csr_array:
        """What each latent adds to a frame, (p, Y X) of the padded field of view."""
        return self.projection.footprints

    @property
    def edge_stability(self) -> Tensor:
        """Share of halves of the movie in which each coefficient is not zero, (P, p)."""
        return self.stability.edges

    @property
    def chance_known(self) -> bool:
        """Whether the contribution map is in units of what chance reaches."""
        return bool(np.isfinite(self.chance).any())

    @property
    def place_labels(self) -> LabelImage:
        """Drivers and candidates in one label image, (Y, X)."""
        return np.where(self.drivers.labels > 0, self.drivers.labels, self.candidates.labels)

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Every edge between different places, strongest effect first."""
        return placed_edges(self.fitted, self.projection, self.significance, self.edge_stability)

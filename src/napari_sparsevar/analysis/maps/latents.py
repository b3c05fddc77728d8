"""The latents of a movie as activity: their grid says which are near each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from napari_sparsevar.analysis.activity import BoolArray, Float32Array
from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import FloatArray, LatentGrid


@dataclass(frozen=True, eq=False)
class LatentActivity:
    """Latents of a movie, an ``Activity``.

    Attributes
    ----------
    series : ndarray of float32, shape (T, p)
        In memory or mapped.
    good : ndarray of bool, shape (T,)
        Frames that were used.
    grid : LatentGrid
        Where the latents lie.
    config : ModelConfig
        Of the network: how far its own neighbourhood reaches.
    covariates : Covariates, optional
        Known in every good frame.
    starts : tuple of int
        Frames before which time jumps.
    """

    series: Float32Array
    good: BoolArray
    grid: LatentGrid
    config: ModelConfig
    covariates: Covariates | None = None
    starts: tuple[int, ...] = ()

    @property
    def names(self) -> range:
        """Latents are called by their number."""
        return range(self.grid.size)

    @cached_property
    def near(self) -> BoolArray:
        """Latents that count as the same cell, (p, p)."""
        return self.grid.own_neighbourhood(self.config.with_typical_cell().free_radius)

    @property
    def weights(self) -> FloatArray:
        """Penalty weights (P, p): 0 for what is near, more for distant places if wanted."""
        return self.grid.penalty_weights(self.config)

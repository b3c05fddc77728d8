"""The latents of a movie as activity: their grid says which are near each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from napari_sparsevar.analysis.activity import BoolArray, Float32Array
from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.fit.deconvolution import RECENT, Events
from napari_sparsevar.model.config import Dynamics, ModelConfig
from napari_sparsevar.model.grid import FloatArray, LatentGrid


@dataclass(frozen=True, eq=False)
class LatentActivity:
    """Latents of a movie, an ``Activity``.

    Attributes
    ----------
    latents : ndarray of float32, shape (T, p)
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
    events : Events, optional
        Behind the latents, where these are analysed in their place.
    """

    latents: Float32Array
    good: BoolArray
    grid: LatentGrid
    config: ModelConfig
    covariates: Covariates | None = None
    starts: tuple[int, ...] = ()
    events: Events | None = None

    @property
    def series(self) -> Float32Array:
        """What is analysed, (T, p): the events, or the latents themselves."""
        return self.latents if self.events is None else self.events.values

    @property
    def dynamics(self) -> Dynamics:
        """What is to be taken out of ``series`` before anything drives anything."""
        return "none" if self.events is not None else self.config.dynamics

    @property
    def names(self) -> range:
        """Latents are called by their number."""
        return range(self.grid.size)

    @property
    def recent(self) -> int:
        """Frames of which a drive adds up what happened: see ``OwnDynamics``."""
        return RECENT if self.events is not None else 1

    @cached_property
    def near(self) -> BoolArray:
        """Latents that count as the same cell, (p, p)."""
        return self.grid.own_neighbourhood(self.config.with_typical_cell().free_radius)

    @property
    def weights(self) -> FloatArray:
        """Penalty weights (P, p): 0 for what is near, more for distant places if wanted."""
        return self.grid.penalty_weights(self.config)

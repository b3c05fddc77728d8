"""A movie as lazy frames with units: open, simulate."""

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.open import open_movie
from napari_sparsevar.movie.simulation import REGIMES, Regime, Truth, simulate_movie

__all__ = ["REGIMES", "Movie", "Regime", "Truth", "open_movie", "simulate_movie"]

"""Movies with known drivers."""

from napari_sparsevar.movie.simulation.regime import REGIMES, Regime
from napari_sparsevar.movie.simulation.simulate import simulate_movie
from napari_sparsevar.movie.simulation.truth import Truth

__all__ = ["REGIMES", "Regime", "Truth", "simulate_movie"]

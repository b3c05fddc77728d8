"""A movie as lazy frames with units: open, inspect, write, simulate."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.movie.inspection.check import FrameReport, check_frames
    from napari_sparsevar.movie.inspection.inspect import inspect_movie
    from napari_sparsevar.movie.inspection.static import StaticImages, static_images
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.movie.open import open_movie
    from napari_sparsevar.movie.registration.register import register
    from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances
    from napari_sparsevar.movie.simulation.regime import REGIMES
    from napari_sparsevar.movie.simulation.semi_synthetic import add_simulated_cells
    from napari_sparsevar.movie.simulation.simulate import simulate_movie
    from napari_sparsevar.movie.simulation.truth import Truth
    from napari_sparsevar.movie.write import write_movie

__all__ = [
    "REGIMES",
    "FrameReport",
    "Movie",
    "Nuisances",
    "StaticImages",
    "Truth",
    "add_simulated_cells",
    "check_frames",
    "inspect_movie",
    "open_movie",
    "register",
    "simulate_movie",
    "static_images",
    "write_movie",
]

if not TYPE_CHECKING:  # a type checker would believe in any name
    __getattr__ = from_home(
        __name__,
        {
            "REGIMES": "simulation.regime",
            "FrameReport": "inspection.check",
            "Movie": "movie",
            "Nuisances": "simulation.nuisances.chosen",
            "StaticImages": "inspection.static",
            "Truth": "simulation.truth",
            "add_simulated_cells": "simulation.semi_synthetic",
            "check_frames": "inspection.check",
            "inspect_movie": "inspection.inspect",
            "open_movie": "open",
            "register": "registration.register",
            "simulate_movie": "simulation.simulate",
            "static_images": "inspection.static",
            "write_movie": "write",
        },
    )

"""A movie as lazy frames with units: open, inspect, write, simulate."""

from typing import TYPE_CHECKING

from napari_sparsevar.face import from_home

if TYPE_CHECKING:
    from napari_sparsevar.movie.check import FrameReport, check_frames
    from napari_sparsevar.movie.inspect import inspect_movie
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.movie.open import open_movie
    from napari_sparsevar.movie.simulation import REGIMES, Regime, Truth, simulate_movie
    from napari_sparsevar.movie.static import StaticImages, static_images
    from napari_sparsevar.movie.write import write_movie

__all__ = [
    "REGIMES",
    "FrameReport",
    "Movie",
    "Regime",
    "StaticImages",
    "Truth",
    "check_frames",
    "inspect_movie",
    "open_movie",
    "simulate_movie",
    "static_images",
    "write_movie",
]

__getattr__ = from_home(
    __name__,
    {
        "REGIMES": "simulation",
        "FrameReport": "check",
        "Movie": "movie",
        "Regime": "simulation",
        "StaticImages": "static",
        "Truth": "simulation",
        "check_frames": "check",
        "inspect_movie": "inspect",
        "open_movie": "open",
        "simulate_movie": "simulation",
        "static_images": "static",
        "write_movie": "write",
    },
)

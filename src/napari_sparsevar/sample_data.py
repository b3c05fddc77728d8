"""Sample movies of the viewer's *File > Open Sample*: simulated, with known drivers.

Each is one image layer whose metadata holds what is true of it under ``truth``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_sparsevar.readers.layers import LayerData

SAMPLE_FRAMES = 1500
SAMPLE_SHAPE = (96, 96)


def known_drivers() -> list[LayerData]:
    """Return a movie in which some cells drive others one frame later."""
    return _sample("easy", "simulated movie", seed=0)


def strong_noise() -> list[LayerData]:
    """Return the same kind of movie under strong shot noise."""
    return _sample("strong_noise", "simulated movie (strong noise)", seed=1)


def changing_coupling() -> list[LayerData]:
    """Return a movie in whose second half no cell drives another: for *Compare*."""
    return _sample("easy", "simulated movie (coupling stops half-way)", seed=2, later_coupling=0.0)


def realistic() -> list[LayerData]:
    """Return a movie with the optics of a real recording: rings, neuropil, photons, motion."""
    return _sample("optics", "simulated movie (realistic)", seed=3)


def _sample(
    regime: str, name: str, seed: int, later_coupling: float | None = None
) -> list[LayerData]:
    # Imported here: napari loads this module when it only lists its samples.
    from napari_sparsevar.movie import simulate_movie
    from napari_sparsevar.readers.layers import METADATA_KEY
    from napari_sparsevar.readers.movies import movie_layer

    movie, truth = simulate_movie(
        SAMPLE_FRAMES, SAMPLE_SHAPE, regime=regime, seed=seed, later_coupling=later_coupling
    )
    data, meta, kind = movie_layer(movie)
    ours: dict[str, Any] = meta["metadata"][METADATA_KEY]
    ours["truth"] = truth
    return [(data, {**meta, "name": name}, kind)]

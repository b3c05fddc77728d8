"""What is measured of a field of view, of each of several planes by itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_sparsevar.movie.inspection.cell_size import guess_cell_diameter
from napari_sparsevar.movie.inspection.motion import Motion, find_motion
from napari_sparsevar.movie.inspection.static import StaticImages
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.side_by_side import plane_of

BoolArray = NDArray[np.bool_]


def each_plane(movie: Movie, images: StaticImages) -> list[tuple[Movie, StaticImages]]:
    """Return the planes of a movie and their images; itself where it is of one plane."""
    if movie.stack is None:
        return [(movie, images)]
    planes = []
    for index in range(len(movie.stack.planes)):
        columns = movie.stack.columns(index)
        own = replace(
            images,
            mean=images.mean[:, columns],
            noise=images.noise[:, columns],
            deviation=images.deviation[:, columns],
            correlation=images.correlation[:, columns],
        )
        planes.append((plane_of(movie, index), own))
    return planes


def typical_diameter(
    movie: Movie, images: StaticImages, bad: BoolArray | None = None
) -> float | None:
    """Guess the diameter of a cell as ``guess_cell_diameter``; the middle one of several planes."""
    guesses = [guess_cell_diameter(*plane, bad) for plane in each_plane(movie, images)]
    known = [guess for guess in guesses if guess is not None]
    return float(np.median(known)) if known else None


def worst_motion(movie: Movie, images: StaticImages, bad: BoolArray | None = None) -> Motion:
    """Look for motion as ``find_motion``; of several planes that which moves most."""
    found = [find_motion(*plane, bad) for plane in each_plane(movie, images)]
    return max(found, key=lambda motion: motion.largest)

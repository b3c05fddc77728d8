"""How far the frames of the movie of a run were off, on disk: the movie is held still again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.shifts import Shifts
from napari_sparsevar.movie.registration.still import as_recorded, moved_back

SHIFTS = "shifts.safetensors"


def write_shifts(folder: Path, movie: Movie) -> None:
    """Keep in a run directory how its movie was held still; an earlier file goes where it was not.

    Parameters
    ----------
    folder : Path
    movie : Movie
        As it is trained on.
    """
    if movie.registered is None:
        (folder / SHIFTS).unlink(missing_ok=True)
        return
    tensors = movie.registered.shifts.arrays()
    write_tensors(
        folder / SHIFTS, {name: torch.from_numpy(value) for name, value in tensors.items()}
    )


def read_shifts(folder: Path) -> Shifts | None:
    """Return how far the frames of the movie of a run were off; None if it was not registered.

    Raises
    ------
    UserError
        If the file is damaged.
    """
    path = folder / SHIFTS
    if not path.is_file():
        return None
    try:
        return Shifts.of({name: value.numpy() for name, value in load_file(path).items()})
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged: train the run again.") from error


def as_run_has_it(movie: Movie, folder: Path) -> Movie:
    """Return the movie of a run held still as the run was trained on it, or not at all.

    Raises
    ------
    UserError
        If the shifts are damaged, or those of another movie.
    """
    shifts = read_shifts(folder)
    if shifts is None:
        return as_recorded(movie)
    if len(shifts.values) != movie.n_frames:
        raise UserError(
            f"{folder / SHIFTS} is of {len(shifts.values)} frames, {movie.name} has "
            f"{movie.n_frames}: it is of another movie."
        )
    if movie.registered is not None and _same(movie.registered.shifts.arrays(), shifts.arrays()):
        return movie
    return moved_back(movie, shifts)


def _same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)

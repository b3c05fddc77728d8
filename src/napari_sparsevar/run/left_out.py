"""What a person left out of the movie of a run, on disk."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file

from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.movie.left_out import without
from napari_sparsevar.movie.movie import LeftOut, Movie

LEFT_OUT = "left_out.safetensors"


def write_left_out(folder: Path, left_out: LeftOut | None) -> None:
    """Keep what is left out in a run directory; an earlier file goes where nothing is."""
    if left_out is None:
        (folder / LEFT_OUT).unlink(missing_ok=True)
        return
    tensors = {
        "frames": torch.from_numpy(left_out.frames),
        "pixels": torch.from_numpy(left_out.pixels),
        "find": torch.tensor(left_out.find),
        "begins": torch.tensor(left_out.begins, dtype=torch.int64),
    }
    write_tensors(folder / LEFT_OUT, tensors)


def with_left_out(movie: Movie, folder: Path) -> Movie:
    """Return a movie without what was left out when its run began."""
    if not (folder / LEFT_OUT).is_file():
        return movie
    kept = load_file(folder / LEFT_OUT)
    frames, pixels = kept["frames"].numpy(), kept["pixels"].numpy()
    begins = tuple(kept["begins"].tolist()) if "begins" in kept else ()
    return without(movie, LeftOut(frames, pixels, bool(kept["find"]), begins))


def trials_kept(folder: Path, good: npt.NDArray[np.bool_]) -> list[tuple[int, int]] | None:
    """Return the trials that a run was given, each up to the next; None where it had none.

    Parameters
    ----------
    folder : Path
        A run directory.
    good : ndarray of bool, shape (T,)
        Frames of the run that count: where there are none, there is no trial.
    """
    if not (folder / LEFT_OUT).is_file():
        return None
    begins = load_file(folder / LEFT_OUT).get("begins")
    if begins is None or not len(begins):
        return None
    pieces = pairwise([0, *begins.tolist(), len(good)])
    return [(start, stop) for start, stop in pieces if good[start:stop].any()]

"""The predicted and the residual movie as OME-Zarr, written block by block."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.disk.folder import replacing_folder
from napari_sparsevar.export.material import Material
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.ome_zarr import new_image
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.movie.reading.lazy_frames import from_reader, runs
from napari_sparsevar.progress import Step
from napari_sparsevar.run.decoding import Decoding, Kind
from napari_sparsevar.run.planes import shown_image

SUFFIX = ".ome.zarr"
WORDS: dict[Kind, str] = {
    "prediction": "predicted movie",
    "residual": "residual movie",
    "reconstruction": "reconstructed movie",
}


def write_model_movie(
    material: Material, kind: Kind, out: Path, *, overwrite: bool = False
) -> Generator[Step, None, Path]:
    """Decode every frame and write it in grey values of the movie.

    OME-Zarr 0.5 (Zarr 3) with the axes t, y, x (of several planes t, z, y, x), seconds and
    micrometres where they are known. Closing the generator leaves nothing behind.

    Parameters
    ----------
    material : Material
        Its movie gives the background of the frames; without it there is none.
    kind : {"prediction", "residual", "reconstruction"}
    out : Path
        The folder to write, by custom ``NAME.ome.zarr``.
    overwrite : bool

    Yields
    ------
    Step

    Raises
    ------
    UserError
        If the movie is needed and not there, the folder exists, or the disk refuses.
    """
    if kind == "residual":
        material.needed_movie("The residual movie")
    movie = None if material.movie is None else _read_once(material.movie)
    decoding = Decoding(material.run, movie)
    shape = material.run.record.movie.shape
    with replacing_folder(out, overwrite=overwrite) as folder:
        array = _made(folder, material, kind)
        for start, stop in runs(shape[0], array.chunks[0]):
            frames = []
            for index in range(start, stop):
                frames.append(decoding.frame(kind, index))
                # Often, because between two of them nobody can cancel.
                yield index / shape[0], f"Writing the {WORDS[kind]}"
            array[start:stop] = shown_image(np.stack(frames), material.run.stack)
    yield 1.0, f"Writing the {WORDS[kind]}"
    return out


def _read_once(movie: Movie) -> Movie:
    """Return the same movie, which keeps the block that was read last.

    Frames are asked for one by one, and a block of a compressed file is decoded as a whole.
    """
    kept: dict[tuple[int, int], npt.NDArray[Any]] = {}

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        if (start, stop) not in kept:
            kept.clear()
            kept[start, stop] = compute(movie.data[start:stop])
        return kept[start, stop]

    length = max(movie.data.chunks[0])
    data = from_reader(read, movie.data.shape, movie.data.dtype, length=length)
    return replace(movie, data=data)


def _made(folder: Path, material: Material, kind: Kind) -> Any:
    """Return the empty array in its group."""
    run = material.run
    name = f"{WORDS[kind]} of {run.movie_name}"
    stack, recorded = run.stack, run.record.movie.shape
    shape = recorded if stack is None else (recorded[0], *stack.volume)
    group, array = new_image(folder, name, shape, np.float32, run.fps, run.pixel_size_um)
    group.attrs["napari_sparsevar"] = {
        "kind": kind,
        "run": run.path.name,
        "movie": run.movie_name,
        "penalty": float(run.penalty),
        "with_background": material.movie is not None,
    }
    return array

"""Long simulated movies: every frame is another one, and a shorter movie is the start of it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dask.array as da
import zarr

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import read_blocks
from napari_sparsevar.movie.write import write_movie

EDGE, FRAMES, CHUNK = 512, 2048, 32
"""Pixels along a side; frames of a part (1.07 GB); frames of a Zarr chunk."""

KINDS = ("tiff", "zarr", "zstd")
GIGABYTES = EDGE * EDGE * 2 * FRAMES / 1e9
_MOST_PARTS = 19
_WRITERS = 2


def long_movie(kind: str, n_parts: int, folder: Path, seed: int) -> Path | list[Path]:
    """Return what `open_movie` opens as a long movie, made where it is missing.

    Frames repeated to make a movie long would not do: what holds by chance in one stretch would
    hold in the next, and the regression would find more edges the longer the movie is.

    Parameters
    ----------
    kind : str
        ``tiff``: a series of TIFF files, raw pixels, 1.07 GB each. ``zarr``: chunks of 32 frames,
        raw; ``zstd``: the same compressed.
    n_parts : int
        Length in units of 1.07 GB.
    folder : pathlib.Path
    seed : int
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = _simulated(seed)
    if kind == "tiff":
        return _tiff_parts(frames, n_parts, folder, seed)
    return _zarr(frames, n_parts, folder, kind, seed)


def files(movie: Path | list[Path]) -> list[Path]:
    """Return every file a movie is read from."""
    if isinstance(movie, list):
        return movie
    return [path for path in movie.rglob("*") if path.is_file()]


def _simulated(seed: int) -> da.Array:
    """Return the longest movie, drawn when it is read."""
    movie, _ = sv.simulate_movie(
        _MOST_PARTS * FRAMES, (EDGE, EDGE), seed=seed, n_cells=300, n_drivers=12
    )
    return movie.data


def _tiff_parts(frames: da.Array, n_parts: int, folder: Path, seed: int) -> list[Path]:
    paths = [folder / f"seed-{seed}-{index:03d}.tif" for index in range(n_parts)]

    def write(index: int) -> None:
        if not paths[index].exists():
            part = frames[index * FRAMES : (index + 1) * FRAMES]
            write_movie(part, paths[index], fps=15.0, pixel_size_um=2.0)

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(write, range(n_parts)))
    return paths


def _zarr(frames: da.Array, n_parts: int, folder: Path, kind: str, seed: int) -> Path:
    """Return a store of its own for each length; the chunks of the shorter ones are hard links."""
    path = folder / f"seed-{seed}-{kind}-{n_parts:03d}.zarr"
    if path.exists():
        return path
    unfinished = path.with_suffix(".unfinished")
    array = _create(unfinished, n_parts * FRAMES, kind)
    others = sorted(folder.glob(f"seed-{seed}-{kind}-*.zarr"))

    def fill(index: int) -> None:
        chunk = Path("c") / str(index) / "0" / "0"
        made = next((other / chunk for other in others if (other / chunk).exists()), None)
        if made is not None:
            (unfinished / chunk).parent.mkdir(parents=True, exist_ok=True)
            os.link(made, unfinished / chunk)
            return
        for start, drawn in read_blocks(frames, [(index * CHUNK, (index + 1) * CHUNK)]):
            array[start : start + len(drawn)] = drawn

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(fill, range(n_parts * FRAMES // CHUNK)))
    unfinished.rename(path)
    return path


def _create(path: Path, n_frames: int, kind: str) -> zarr.Array:
    return zarr.create_array(
        path,
        shape=(n_frames, EDGE, EDGE),
        chunks=(CHUNK, EDGE, EDGE),
        dtype="uint16",
        compressors="auto" if kind == "zstd" else None,
        overwrite=True,
    )

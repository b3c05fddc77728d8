"""Long movies that need little disk: one real gigabyte, and links that repeat it."""

from __future__ import annotations

import os
from pathlib import Path

import zarr

import napari_sparsevar as sv
from napari_sparsevar.movie.blocks import read_blocks
from napari_sparsevar.movie.write import write_movie

EDGE, FRAMES, CHUNK = 512, 2048, 32
"""Pixels along a side; frames that are really there (1.07 GB); frames of a Zarr chunk."""

KINDS = ("tiff", "zarr", "zstd")
GIGABYTES = EDGE * EDGE * 2 * FRAMES / 1e9


def long_movie(kind: str, repeats: int, folder: Path, seed: int) -> Path | list[Path]:
    """Return what `open_movie` opens as a long movie, made where it is missing.

    Parameters
    ----------
    kind : str
        ``tiff``: a series of TIFF files, raw pixels, 1.07 GB each. ``zarr``: chunks of 32 frames,
        raw; ``zstd``: the same compressed. Every file is read by its own name, but those that
        repeat the first 2048 frames are hard links.
    repeats : int
        Length in units of 1.07 GB.
    folder : pathlib.Path
    seed : int
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "tiff":
        return _links(_tiff(folder, seed), repeats)
    return _repeated(_zarr(folder, kind, seed), repeats, folder / f"{kind}-{repeats}.zarr")


def files(movie: Path | list[Path]) -> list[Path]:
    """Return every file a movie is read from."""
    if isinstance(movie, list):
        return movie
    return [path for path in movie.rglob("*") if path.is_file()]


def _tiff(folder: Path, seed: int) -> Path:
    path = folder / f"real-{seed}.tif"
    if not path.exists():
        movie, _ = sv.simulate_movie(FRAMES, (EDGE, EDGE), seed=seed, n_cells=300, n_drivers=12)
        write_movie(movie.data, path, fps=15.0, pixel_size_um=2.0)
    return path


def _links(path: Path, count: int) -> list[Path]:
    links = [path.with_name(f"part-{index:03d}.tif") for index in range(count)]
    for link in links:
        if not link.exists():
            os.link(path, link)
    return links


def _zarr(folder: Path, kind: str, seed: int) -> Path:
    path = folder / f"real-{kind}-{seed}.zarr"
    if not path.exists():
        lazy = sv.open_movie(_tiff(folder, seed)).data
        unfinished = path.with_suffix(".unfinished")
        array = _create(unfinished, FRAMES, kind)
        for start, frames in read_blocks(lazy):
            array[start : start + len(frames)] = frames
        unfinished.rename(path)
    return path


def _create(path: Path, n_frames: int, kind: str) -> zarr.Array:
    compressors = "auto" if kind == "zstd" else None
    return zarr.create_array(
        path,
        shape=(n_frames, EDGE, EDGE),
        chunks=(CHUNK, EDGE, EDGE),
        dtype="uint16",
        compressors=compressors,
        overwrite=True,
    )


def _repeated(real: Path, repeats: int, path: Path) -> Path:
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        _create(unfinished, repeats * FRAMES, "zstd" if "zstd" in real.name else "zarr")
        n_chunks = FRAMES // CHUNK
        for index in range(repeats * n_chunks):
            chunk = unfinished / "c" / str(index) / "0" / "0"
            chunk.parent.mkdir(parents=True, exist_ok=True)
            os.link(real / "c" / str(index % n_chunks) / "0" / "0", chunk)
        unfinished.rename(path)
    return path

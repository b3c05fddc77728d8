"""Movies of a large field: of any size on disk, and put together from small fields in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import napari_sparsevar as sv
from napari_sparsevar.movie.write import write_movie

FPS = 15.0


class Field(NamedTuple):
    """A field of view: pixels along a side, frames, cells and their radius in pixels."""

    side: int
    n_frames: int
    n_cells: int
    radius_px: float

    def size(self, name: str) -> int:
        """Return its frames, pixels or cells."""
        return {"frames": self.n_frames, "pixels": self.side**2, "cells": self.n_cells}[name]

    @property
    def settings(self) -> dict[str, dict[str, float]]:
        """Settings of a training that know how wide a cell is."""
        return {"model": {"cell_diameter": 2 * self.radius_px}}


def written(field: Field, folder: Path, seed: int) -> Path:
    """Return a simulated movie as a TIFF file, made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"field-{field.side}-{field.n_frames}-{field.n_cells}-{field.radius_px:g}-{seed}.tif"
    if not (folder / name).exists():
        movie, _ = sv.simulate_movie(
            field.n_frames,
            (field.side, field.side),
            seed=seed,
            fps=FPS,
            regime="medium_noise",
            n_cells=field.n_cells,
            n_drivers=max(1, field.n_cells // 20),
            cell_radius_px=field.radius_px,
        )
        write_movie(movie.data, folder / name, fps=FPS)
    return folder / name


class Tile(NamedTuple):
    """A small field with its own drivers, and where it lies in the large one."""

    pixels: npt.NDArray[np.uint16]
    truth: sv.Truth
    rows: slice
    columns: slice


def mosaic(field: Field, tile_px: int, seed: int, **more: float) -> list[Tile]:
    """Return small fields that make a large one side by side; nobody drives beyond their own."""
    n = field.side // tile_px
    n_cells = field.n_cells // n**2
    tiles = []
    for index in range(n**2):
        movie, truth = sv.simulate_movie(
            field.n_frames,
            (tile_px, tile_px),
            seed=1000 * seed + index,
            fps=FPS,
            regime="medium_noise",
            n_cells=n_cells,
            n_drivers=max(2, n_cells // 20),
            cell_radius_px=field.radius_px,
            **more,
        )
        row, column = divmod(index, n)
        rows, columns = (slice(i * tile_px, (i + 1) * tile_px) for i in (row, column))
        tiles.append(Tile(np.asarray(movie.data), truth, rows, columns))
    return tiles


def joined(field: Field, tiles: list[Tile]) -> npt.NDArray[np.uint16]:
    """Return the large field, (T, Y, X)."""
    whole = np.empty((field.n_frames, field.side, field.side), np.uint16)
    for tile in tiles:
        whole[:, tile.rows, tile.columns] = tile.pixels
    return whole

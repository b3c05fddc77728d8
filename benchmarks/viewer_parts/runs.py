"""Runs to inspect: simulated movies of several sizes, trained for a few steps and kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tifffile

import napari_sparsevar as sv
from napari_sparsevar.training.events import Failed


class Size(NamedTuple):
    """Edge of the field of view, pixels from one latent to the next, and cells in it."""

    pixels: int
    stride: int
    n_cells: int = 36
    radius_px: float = 3.0
    n_frames: int = 1000

    @property
    def name(self) -> str:
        """How the table calls it."""
        places = (-(-self.pixels // self.stride)) ** 2
        return f"{self.pixels} x {self.pixels} px, {places:,} places"


SIZES = (Size(64, 4), Size(128, 4), Size(512, 7, 400, 5.5))
STEPS = 6


def trained_run(size: Size, folder: Path, seed: int) -> Path:
    """Return the run of a size, made where it is not there yet."""
    run = folder / f"run-{size.pixels}-{seed}"
    if (run / "run.json").is_file():
        return run
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"movie-{size.pixels}-{seed}.tif"
    if not path.exists():
        simulated, _ = sv.simulate_movie(
            size.n_frames,
            (size.pixels, size.pixels),
            seed=seed,
            n_cells=size.n_cells,
            n_drivers=size.n_cells // 6,
            cell_radius_px=size.radius_px,
        )
        tifffile.imwrite(path, np.asarray(simulated.data), metadata={"axes": "TYX"})
    movie = sv.open_movie(path, fps=15.0, pixel_size_um=2.0)
    model = sv.ModelConfig(stride=size.stride)
    config = sv.TrainConfig.from_preset("fast", seed=seed, steps=STEPS, model=model)
    print(f"Training on {size.name} ...", file=sys.stderr)
    for event in sv.train(movie, config, out=run):
        if isinstance(event, Failed):
            raise RuntimeError(event.message)
    return run

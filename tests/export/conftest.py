"""A run with a movie, painted regions, names and a comparison, made without any training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_comparisons import made_folder, made_set
from made_runs import made_full_run
from napari_sparsevar.export.material import Material
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie import open_movie, write_movie
from napari_sparsevar.run.annotations import Annotations

SHAPE, N_FRAMES = (33, 34), 60


@pytest.fixture
def material(tmp_path: Path) -> Material:
    """Two drivers, one of them named, two painted regions and two windows compared."""
    frames = np.random.default_rng(0).integers(80, 120, (N_FRAMES, *SHAPE)).astype(np.uint16)
    source = write_movie(frames, tmp_path / "movie.tif", fps=15.0, pixel_size_um=2.0)
    labels, regions = np.zeros(SHAPE, np.int32), np.zeros(SHAPE, np.int32)
    labels[4:9, 4:9], labels[24:28, 24:28] = 1, 2
    regions[2:6, 20:30], regions[15:20, 3:9] = 2, 5
    folder = made_folder(tmp_path / "run")
    run = made_full_run(folder, SHAPE, N_FRAMES, source=source, labels=labels)
    notes = Annotations().with_region(5, name="pacemaker / left", note="look again")
    notes = notes.with_place(6, 6, 12, name="first")
    found = made_set(grid=LatentGrid(SHAPE, 4))
    return Material(run, open_movie(source), regions, notes, (found,))

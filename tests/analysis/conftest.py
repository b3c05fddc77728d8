"""A small finished run, trained once for all tests of what a run says."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_sparsevar as sv
from napari_sparsevar.training.events import Finished


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie, _ = sv.simulate_movie(
        n_frames=300, shape=(33, 38), seed=0, n_cells=9, n_drivers=2, n_followers=2
    )
    config = sv.TrainConfig(
        steps=4,
        chunk_frames=32,
        chunks=4,
        crop=32,
        model=sv.ModelConfig(stride=4, width=4, lags=2),
    )
    out = tmp_path_factory.mktemp("analysis") / "run"
    *_, last = sv.train(movie, config, out=out)
    assert isinstance(last, Finished), last
    return out


@pytest.fixture
def run(run_folder: Path) -> sv.Run:
    return sv.load_run(run_folder)

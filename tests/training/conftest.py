"""A movie small enough to train on in seconds."""

from __future__ import annotations

import pytest

import napari_sparsevar as sv


@pytest.fixture(scope="session")
def small_movie() -> sv.Movie:
    movie, _ = sv.simulate_movie(
        n_frames=240, shape=(32, 37), seed=0, n_cells=8, n_drivers=2, n_followers=2
    )
    return movie


@pytest.fixture(scope="session")
def small_config() -> sv.TrainConfig:
    return sv.TrainConfig(
        steps=8,
        chunk_frames=24,
        chunks=4,
        crop=32,
        validate_every=2,
        checkpoint_every=2,
        warmup_fraction=0.25,
        model=sv.ModelConfig(stride=4, width=4),
    )

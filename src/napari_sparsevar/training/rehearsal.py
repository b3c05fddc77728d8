"""A training of no consequence, so that everything a real one needs is loaded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from napari_sparsevar.movie import open_movie
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.events import StepLoss
from napari_sparsevar.training.train import train

_FRAMES, _SIDE_PX = 64, 32


def rehearse() -> None:
    """Take one step on a small movie of noise: libraries and compiled code are loaded by it.

    Nothing that a training draws or computes depends on whether this was called.
    """
    noise = np.random.default_rng(0).normal(size=(_FRAMES, _SIDE_PX, _SIDE_PX))
    movie = open_movie(noise.astype(np.float32))
    config = TrainConfig.from_preset("fast", steps=2, warmup_fraction=0.0)
    with tempfile.TemporaryDirectory() as folder:
        events = train(movie, config, out=Path(folder) / "run", device="cpu")
        for event in events:
            if isinstance(event, StepLoss):
                break
        getattr(events, "close", lambda: None)()

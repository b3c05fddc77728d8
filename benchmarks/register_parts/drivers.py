"""What motion costs the map of drivers, and what holding the field still brings back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from sklearn.metrics import roc_auc_score

import napari_sparsevar as sv
from napari_sparsevar.movie import register, simulate_movie
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.simulation.truth import Truth
from recovery_parts.scores import neuron_scores
from register_parts.motion import moving_movie

SIDE, N_FRAMES, STEPS, REGIME = 96, 2000, 20, "medium_noise"


def driver_aurocs(seed: int) -> dict[str, float]:
    """Return the AUROC of the map of one movie: still, moving, and held still either way."""
    still, truth = simulate_movie(N_FRAMES, (SIDE, SIDE), seed=seed, regime=REGIME)
    moving = moving_movie(REGIME, SIDE, N_FRAMES, seed, bends=False).movie
    movies = {
        "still": still,
        "moving": moving,
        "rigid": register(moving, "rigid"),
        "piecewise": register(moving, "piecewise"),
    }
    return {name: _auroc(movie, truth) for name, movie in movies.items()}


def _auroc(movie: Movie, truth: Truth) -> float:
    config = sv.TrainConfig.from_preset("fast").model_copy(update={"steps": STEPS})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        for _ in sv.train(movie, config, out=out, until="map", device="cpu", register=None):
            pass
        drawn = sv.load_run(out).contribution_map
    return float(roc_auc_score(truth.is_driver, neuron_scores(drawn, truth.footprints)))

"""Our own method in its variants, as a person would run it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import napari_sparsevar as sv
from napari_sparsevar.training.config import PresetName
from napari_sparsevar.training.events import Failed, Finished
from recovery_parts.answer import Answer, Edges
from recovery_parts.cases import Trial

VARIANTS: dict[str, dict[str, Any]] = {
    "end_to_end": {},
    "two_stage": {"mode": "two-stage"},
    "no_skip": {"model": sv.ModelConfig(skip=False)},
    # One step that moves nothing: the read-out of the network as it starts.
    "untrained": {"steps": 1, "learning_rate": 1e-12},
    "places_only": {"steps": 1, "learning_rate": 1e-12, "find_cells": False},
}


class NetworkOptions(NamedTuple):
    """How to train: preset, device of torch, and CPU threads."""

    preset: PresetName
    device: str
    threads: int


def train_network(trial: Trial, variant: str, options: NetworkOptions) -> Answer:
    """Train on a movie and read the map and the edges from the finished run.

    Raises
    ------
    RuntimeError
        If the training failed.
    """
    config = sv.TrainConfig.from_preset(options.preset, seed=trial.seed, **VARIANTS[variant])
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        last: object = None
        events = sv.train(
            trial.movie,
            config,
            out=out,
            device=options.device,
            threads=options.threads,
            register=None,  # the movie of the case is held still already, or is to move
        )
        for event in events:
            last = event
        if isinstance(last, Failed) or not isinstance(last, Finished):
            raise RuntimeError(f"{variant} on {trial.movie.name}: {last}")
        return answer_of(sv.load_run(out))


def answer_of(run: sv.Run) -> Answer:
    table = run.edges[run.edges["effect"] > 0]
    edges = Edges(
        table[["source_y", "source_x"]].to_numpy(np.float64),
        table[["target_y", "target_x"]].to_numpy(np.float64),
        table["effect"].to_numpy(np.float64),
    )
    listed = run.drivers[["y", "x"]].to_numpy(np.float64)
    drawn = run.contribution_map.astype(np.float64)
    return Answer(drawn, edges, influence=run.influence, listed=listed)

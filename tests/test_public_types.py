"""Types of the public names, as a user's type checker sees them: ``make types`` reads this file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

import napari_sparsevar as sv
from napari_sparsevar.comparison.result import DynamicsTest
from napari_sparsevar.lasso import LassoPath, lasso_path, lasso_paths, solve_lasso
from napari_sparsevar.training.events import TrainingEvent


def test_movies() -> None:
    frames = np.zeros((4, 8, 8), np.float32)
    movie = assert_type(sv.open_movie(frames, fps=30.0), sv.Movie)
    assert_type(movie.fps, float | None)
    assert_type(movie.shape, tuple[int, int])
    assert_type(sv.simulate_movie(n_frames=20, shape=(64, 64)), tuple[sv.Movie, sv.Truth])


def test_settings() -> None:
    config = assert_type(sv.TrainConfig.from_preset("fast", seed=0), sv.TrainConfig)
    assert_type(config.model, sv.ModelConfig)
    assert_type(sv.TrainingControl(), sv.TrainingControl)


def test_a_run(run: sv.Run) -> None:
    assert_type(run.contribution_map, npt.NDArray[np.float32])
    assert_type(run.drivers, pd.DataFrame)
    assert_type(run.edges, pd.DataFrame)
    assert_type(run.penalty, float)
    assert_type(run.at_penalty(run.penalty), sv.Run)
    mask = np.ones(run.contribution_map.shape, bool)
    assert_type(run.influence(mask, direction="incoming"), npt.NDArray[np.float32])


def test_work_is_said_as_it_goes(run_folder: Path) -> None:
    movie = sv.open_movie(np.zeros((4, 8, 8), np.float32))
    # A generator begins when it is asked for its first event: nothing is trained here.
    assert_type(sv.train(movie, sv.TrainConfig(), out="run"), Iterator[TrainingEvent])
    assert_type(sv.apply_run(run_folder, movie, out="run"), Iterator[TrainingEvent])
    assert_type(sv.load_run(run_folder), sv.Run)


def test_a_comparison(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 200, 4))
    found = assert_type(sv.compare_sequences(a, b, draws=99), sv.Comparison)
    assert_type(found.p_value, float)
    assert_type(found.edges, pd.DataFrame)
    assert_type(found.dynamics, DynamicsTest)
    trials = tmp_path / "trials.csv"
    trials.write_text("start,stop,label\n0,10,rest\n20,30,run\n")
    assert_type(sv.read_windows(trials), list[sv.Window])


def test_the_lasso() -> None:
    gram, cross = torch.eye(3, dtype=torch.float64), torch.ones(3, 2, dtype=torch.float64)
    assert_type(solve_lasso(gram, cross, 0.1), Tensor)
    path = assert_type(lasso_path(gram, cross[:, 0]), LassoPath)
    assert_type(path.at(0.1), Tensor)
    assert_type(lasso_paths(gram, cross), list[LassoPath])


def names_that_are_not_there() -> None:
    """Never called: that the type checker refuses both, ``warn_unused_ignores`` says."""
    sv.nothing  # type: ignore[attr-defined]  # noqa: B018
    sv.open_movie(fps="fast")  # type: ignore[call-arg, arg-type]

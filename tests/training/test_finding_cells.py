"""A training finds the cells of its movie too, and lists what places or cells say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.movie import write_movie
from napari_sparsevar.training.analysing import complete_run
from napari_sparsevar.training.events import Finished

CONFIG = sv.TrainConfig.from_preset("fast", steps=1, learning_rate=1e-12)


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> tuple[sv.Movie, sv.Truth]:
    made, truth = sv.simulate_movie(2000, (64, 64), seed=3, regime="medium_noise")
    path = tmp_path_factory.mktemp("found") / "movie.tif"
    write_movie(np.asarray(made.data), path, fps=made.fps, pixel_size_um=made.pixel_size_um)
    return sv.open_movie(path), truth


def trained(movie: sv.Movie, out: Path, until: str = "drivers", **changes: object) -> sv.Run:
    config = CONFIG.model_copy(update=changes)
    *_, last = sv.train(movie, config, out=out, until=until)  # type: ignore[arg-type]
    assert isinstance(last, Finished), last
    return sv.load_run(out)


def right_and_wrong(run: sv.Run, truth: sv.Truth) -> tuple[int, int]:
    places = run.drivers[["y", "x"]].to_numpy()
    away = np.linalg.norm(truth.centres[truth.drivers][:, None] - places[None], axis=-1)
    near = away <= 6.0
    return int(near.any(axis=1).sum()), int((~near.any(axis=0)).sum())


def pairs(run: sv.Run, truth: sv.Truth) -> tuple[int, int]:
    """Return between how many cells an edge is beyond chance, right and wrong."""
    sure = run.edges[run.edges["p_adjusted"] <= 0.05]
    ends = (
        np.linalg.norm(
            truth.centres[:, None] - sure[[f"{end}_y", f"{end}_x"]].to_numpy()[None], axis=-1
        ).argmin(axis=0)
        for end in ("source", "target")
    )
    found = set(zip(*(end.tolist() for end in ends), strict=True))
    right = sum(truth.coupling[pair] > 0 for pair in found)
    return int(right), len(found) - int(right)


def test_more_is_beyond_chance_and_a_run_says_why(
    movie: tuple[sv.Movie, sv.Truth], tmp_path: Path
) -> None:
    opened, truth = movie
    both, alone = (
        trained(opened, tmp_path / str(cells), find_cells=cells) for cells in (True, False)
    )
    (right, wrong), (fewer, _) = (right_and_wrong(run, truth) for run in (both, alone))
    assert right > fewer
    assert right >= 3
    assert wrong == 0
    (edges, wrong_edges), (fewer_edges, _) = (pairs(run, truth) for run in (both, alone))
    assert edges > fewer_edges
    assert wrong_edges == 0
    assert "cells were found in the movie and tested as well" in both.results.significance.null
    assert both.results.significance.null in both.verdict.findings
    assert alone.results.significance.null == ""
    assert alone.found_cells is None
    assert both.found_cells is not None
    sure = both.found_cells.drivers["p_adjusted"] <= 0.025
    assert len(both.results.significance.cells) == int(sure.sum()) <= right
    # What is beyond chance looks so, by whichever it is known.
    for y, x in both.drivers[["y", "x"]].round().to_numpy(int):
        assert both.contribution_map[y - 2 : y + 3, x - 2 : x + 3].max() >= 1.0


def test_an_analysis_that_goes_on_opens_the_movie_of_the_run(
    movie: tuple[sv.Movie, sv.Truth], tmp_path: Path
) -> None:
    opened, _ = movie
    whole = trained(opened, tmp_path / "whole")
    trained(opened, tmp_path / "run", until="map")
    *_, last = complete_run(tmp_path / "run", until="drivers")
    assert isinstance(last, Finished)
    found = sv.load_run(tmp_path / "run")
    np.testing.assert_array_equal(
        found.results.significance.place_p, whole.results.significance.place_p
    )


def test_without_its_movie_places_are_tested_alone_and_it_is_said(
    movie: tuple[sv.Movie, sv.Truth], tmp_path: Path
) -> None:
    opened, _ = movie
    in_memory = sv.Movie(opened.data, fps=opened.fps, name="memory")
    trained(in_memory, tmp_path / "run", until="map")
    *_, last = complete_run(tmp_path / "run", until="drivers")
    assert isinstance(last, Finished)
    said = sv.load_run(tmp_path / "run").results.significance.null
    assert said.startswith("No cell was tested beside the places.")
    assert "trained from memory" in said


def test_a_movie_in_which_no_cell_is_seen_is_tested_by_its_places(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).normal(100.0, 5.0, (600, 48, 48)).astype(np.float32)
    run = trained(sv.open_movie(frames, fps=15.0), tmp_path / "run")
    assert run.results.significance.tested
    assert run.drivers.empty

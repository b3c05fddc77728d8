"""The rest of an analysis: stopped, gone on with, left alone where another is at it."""

from __future__ import annotations

from pathlib import Path

import pytest

import napari_sparsevar as sv
from napari_sparsevar.analysis.stages import STAGES
from napari_sparsevar.disk.lock import FolderLock
from napari_sparsevar.training.analysing import complete_run
from napari_sparsevar.training.events import Failed, Finished, Progress, ResultsReady


@pytest.fixture(scope="module")
def mapped(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("mapped") / "run"
    config = small_config.model_copy(update={"steps": 2})
    *_, end = sv.train(small_movie, config, out=out, until="map")
    assert isinstance(end, Finished)
    return out


def test_stages_come_in_order_each_with_a_run_that_opens(mapped: Path) -> None:
    seen = []
    for event in complete_run(mapped, until="stability"):
        if isinstance(event, ResultsReady):
            seen.append(event.stage)
            assert sv.load_run(mapped).stage == event.stage
    assert seen == list(STAGES[1:3])


def test_an_analysis_tells_how_long_it_takes(mapped: Path) -> None:
    news = [event for event in complete_run(mapped) if isinstance(event, Progress)]
    assert all(event.eta_seconds is not None and event.eta_seconds >= 0 for event in news)
    shares = [event.fraction for event in news]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_a_stopped_analysis_keeps_what_is_known(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    out, control = tmp_path / "run", sv.TrainingControl()
    config = small_config.model_copy(update={"steps": 2})
    for event in sv.train(small_movie, config, out=out, control=control):
        if isinstance(event, ResultsReady) and event.stage == "map":
            control.stop()
    assert isinstance(event, Finished)
    assert event.stage == "map"
    assert sv.load_run(out).stage == "map"
    assert "Not tested" in sv.load_run(out).verdict.headline


def test_a_folder_somebody_is_at_work_in_is_left_alone(mapped: Path) -> None:
    lock = FolderLock(mapped)
    try:
        *_, end = complete_run(mapped)
    finally:
        lock.release()
    assert isinstance(end, Failed)


def test_another_movie_does_not_go_on_with_a_run(
    small_config: sv.TrainConfig, small_movie: sv.Movie, tmp_path: Path
) -> None:
    out, config = tmp_path / "run", small_config.model_copy(update={"steps": 2})
    list(sv.train(small_movie, config, out=out, until="map"))
    other, _ = sv.simulate_movie(240, (32, 37), seed=99, n_cells=4, n_drivers=1, n_followers=1)
    *_, end = sv.train(other, config, out=out, resume=True)
    assert isinstance(end, Failed)
    assert "differs" in end.message

"""A movie that is held still before it is trained on stays so wherever its run is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

import napari_sparsevar as sv
from napari_sparsevar.movie import write_movie
from napari_sparsevar.readers.runs import read_run
from napari_sparsevar.run.registration import SHIFTS, as_run_has_it
from napari_sparsevar.run.run_movie import open_run_movie
from napari_sparsevar.training.checkpoint import CHECKPOINT
from napari_sparsevar.training.events import Failed, Finished, HeldStill, Progress, StepLoss

CONFIG = sv.TrainConfig(
    steps=3, chunk_frames=32, chunks=4, crop=32, model=sv.ModelConfig(stride=4, width=4)
)


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    movie, _ = sv.simulate_movie(
        240, (40, 44), seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
    )
    frames = np.asarray(movie.data)
    moved = np.stack([np.roll(each, number % 7 - 3, 0) for number, each in enumerate(frames)])
    path = tmp_path_factory.mktemp("moving") / "movie.tif"
    return write_movie(moved, path, fps=15.0, pixel_size_um=2.0)


@pytest.fixture(scope="module")
def run(moving: Path, tmp_path_factory: pytest.TempPathFactory) -> sv.Run:
    out = tmp_path_factory.mktemp("registered") / "run"
    events = list(sv.train(sv.open_movie(moving), CONFIG, out=out, register="rigid", until="map"))
    assert isinstance(events[-1], Finished), events[-1]
    said = [event.message for event in events if isinstance(event, Progress)]
    assert said[0] == "Registering the movie"
    return sv.load_run(out)


def test_a_run_opens_its_movie_as_it_was_trained_on(run: sv.Run, moving: Path) -> None:
    expected = sv.register(sv.open_movie(moving)).data.compute()
    found = open_run_movie(run.path, run.record.movie)
    assert found.notice == ""
    assert found.movie is not None
    assert found.movie.source == moving
    np.testing.assert_array_equal(found.movie.data.compute(), expected)
    layer, *maps = read_run(str(run.path))
    np.testing.assert_array_equal(np.asarray(layer[0]), expected)
    assert len(maps) == 3


def test_by_another_channel_of_the_file(moving: Path, tmp_path: Path) -> None:
    frames = np.asarray(sv.open_movie(moving).data)
    path, out = tmp_path / "movie.tif", tmp_path / "run"
    both = np.stack([frames[::-1], frames], axis=1)
    tifffile.imwrite(path, both, imagej=True, metadata={"axes": "TCYX"})
    movie = sv.open_movie(path)
    list(sv.train(movie, CONFIG, out=out, register="rigid", by_channel=2, until="map"))
    kept = as_run_has_it(movie, out).registered
    expected = sv.register(sv.open_movie(moving)).registered
    assert kept is not None
    assert expected is not None
    assert kept.shifts.by_channel == 2
    np.testing.assert_array_equal(kept.shifts.values, expected.shifts.values)


def test_the_record_names_the_file_and_what_was_done(run: sv.Run, moving: Path) -> None:
    assert run.movie_source == moving
    assert run.record.movie.registered == "rigid"
    assert any("Registered" in notice for notice in run.record.notices)


def test_rims_are_masked_and_hardly_a_frame_is_lost(run: sv.Run) -> None:
    assert run.results.good.mean() > 0.97  # a rim that few frames have costs those
    assert (run.contribution_map[:, 0] == 0).all() or np.isnan(run.contribution_map[:, 0]).all()


def test_a_run_on_the_movie_held_still_before_is_the_same(
    run: sv.Run, moving: Path, tmp_path: Path
) -> None:
    still = sv.register(sv.open_movie(moving))
    list(sv.train(still, CONFIG, out=tmp_path / "run", until="map"))
    again = sv.load_run(tmp_path / "run")
    np.testing.assert_array_equal(again.contribution_map, run.contribution_map)
    assert again.record.movie.content == run.record.movie.content


def test_what_was_stopped_goes_on_with_its_own_shifts(
    run: sv.Run, moving: Path, tmp_path: Path
) -> None:
    """Neither estimated anew nor taken from the movie that is given."""
    out, control = tmp_path / "run", sv.TrainingControl()
    movie = sv.open_movie(moving)
    for event in sv.train(movie, CONFIG, out=out, register="rigid", control=control):
        if isinstance(event, StepLoss):
            control.stop()
    assert (out / CHECKPOINT).is_file()
    before = as_run_has_it(movie, out).registered
    refused = list(sv.train(movie, CONFIG, out=out, resume=True, register="rigid"))[-1]
    assert isinstance(refused, Failed)
    assert "--register" in refused.message
    list(sv.train(movie, CONFIG, out=out, resume=True, until="map"))
    resumed = sv.load_run(out)
    after = as_run_has_it(movie, out).registered
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.shifts.values, after.shifts.values)
    assert resumed.record.movie.registered == "rigid"


def test_a_movie_that_lies_still_is_left_alone(tmp_path: Path) -> None:
    movie, _ = sv.simulate_movie(
        240, (40, 44), seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
    )
    list(sv.train(movie, CONFIG, out=tmp_path / "run", register="rigid", until="map"))
    run = sv.load_run(tmp_path / "run")
    assert run.record.movie.registered == ""
    assert any("registered already" in notice for notice in run.record.notices)
    assert not (tmp_path / "run" / SHIFTS).exists()


def test_a_movie_that_moves_is_held_still_without_being_asked(
    run: sv.Run, moving: Path, tmp_path: Path
) -> None:
    events = list(sv.train(sv.open_movie(moving), CONFIG, out=tmp_path / "run", until="map"))
    assert isinstance(events[-1], Finished), events[-1]
    (held,) = [event for event in events if isinstance(event, HeldStill)]
    assert held.movie.registered is not None
    found = sv.load_run(tmp_path / "run")
    np.testing.assert_array_equal(found.contribution_map, run.contribution_map)
    assert found.record.movie.registered == "rigid"
    said = [notice for notice in found.record.notices if "moved by up to" in notice]
    assert "--register none" in said[0]
    assert not any("register the movie first" in notice for notice in found.record.notices)


def test_none_leaves_a_moving_movie_as_it_is(moving: Path, tmp_path: Path) -> None:
    events = list(
        sv.train(sv.open_movie(moving), CONFIG, out=tmp_path / "run", register=None, until="map")
    )
    assert not [event for event in events if isinstance(event, HeldStill)]
    found = sv.load_run(tmp_path / "run")
    assert found.record.movie.registered == ""
    assert any("register the movie first" in notice for notice in found.record.notices)


def test_of_a_movie_that_lies_still_nothing_is_said(tmp_path: Path) -> None:
    movie, _ = sv.simulate_movie(
        240, (40, 44), seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
    )
    events = list(sv.train(movie, CONFIG, out=tmp_path / "run", until="map"))
    assert not any("Registering" in getattr(event, "message", "") for event in events)
    found = sv.load_run(tmp_path / "run")
    assert found.record.movie.registered == ""
    assert not any("egister" in notice for notice in found.record.notices)


def test_one_that_cannot_be_held_still_is_trained_on_and_says_why(
    moving: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise sv.UserError("Nothing to hold on to.")

    monkeypatch.setattr("napari_sparsevar.training.registering.registering", refused)
    movie = sv.open_movie(moving)
    list(sv.train(movie, CONFIG, out=tmp_path / "run", until="map"))
    found = sv.load_run(tmp_path / "run")
    assert "It was not held still: Nothing to hold on to." in found.record.notices
    asked = list(sv.train(movie, CONFIG, out=tmp_path / "other", register="rigid"))[-1]
    assert isinstance(asked, Failed)


def test_stopped_while_it_is_registered_leaves_nothing(moving: Path, tmp_path: Path) -> None:
    control = sv.TrainingControl()
    control.stop()
    movie, out = sv.open_movie(moving), tmp_path / "run"
    end = list(sv.train(movie, CONFIG, out=out, register="rigid", control=control))[-1]
    assert isinstance(end, Finished)
    assert end.path is None
    assert not out.exists()


def test_cells_are_read_from_the_movie_held_still(run: sv.Run, moving: Path) -> None:
    """Also where the movie is handed over as it was recorded."""
    labels = np.zeros((40, 44), int)
    labels[16:24, 18:26] = 1
    raw, still = sv.open_movie(moving), sv.register(sv.open_movie(moving))
    from napari_sparsevar.progress import returned
    from napari_sparsevar.run.cells import cells_in, reading_cells

    cells = cells_in(run, labels)
    ways = [returned(reading_cells(run, cells, movie)).traces["raw"] for movie in (raw, still)]
    np.testing.assert_array_equal(*ways)


@pytest.mark.parametrize("damage", ["half", "another"])
def test_damaged_shifts_are_one_sentence(
    run: sv.Run, moving: Path, tmp_path: Path, damage: str
) -> None:
    kept = (run.path / SHIFTS).read_bytes()
    (tmp_path / SHIFTS).write_bytes(kept[: len(kept) // 2] if damage == "half" else kept)
    movie = sv.open_movie(
        moving if damage == "half" else np.asarray(sv.open_movie(moving).data)[9:]
    )
    with pytest.raises(sv.UserError, match="damaged" if damage == "half" else "another movie"):
        as_run_has_it(movie, tmp_path)


def test_apply_registers_too(run: sv.Run, moving: Path, tmp_path: Path) -> None:
    movie = sv.open_movie(moving)
    end = list(sv.apply_run(run, movie, out=tmp_path / "run", register="rigid", until="map"))[-1]
    assert isinstance(end, Finished), end
    applied = sv.load_run(tmp_path / "run")
    assert applied.record.movie.registered == "rigid"
    np.testing.assert_allclose(applied.contribution_map, run.contribution_map, atol=1e-3)

"""Lanes of the timeline: what there is of it, marking bad frames, windows at events."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QWidget

import napari_sparsevar as sv
from napari_sparsevar.widgets.comparing.windows import MarkedWindows
from napari_sparsevar.widgets.layers.painted_frames import PaintedFrames
from napari_sparsevar.widgets.timeline.beside import Beside, opened_beside
from napari_sparsevar.widgets.timeline.known_lanes import known_of, lanes_of
from napari_sparsevar.widgets.timeline.lane_tools import LaneTools, event_windows
from napari_sparsevar.widgets.timeline.lanes import pieces_of

N = 60
NONE = np.zeros(N, bool)


class Layer:
    """Can be held weakly."""


@pytest.fixture
def painted() -> PaintedFrames:
    painted = PaintedFrames()
    painted.follow(Layer(), N)  # type: ignore[arg-type]
    return painted


@pytest.fixture
def movie() -> sv.Movie:
    return sv.open_movie(np.random.default_rng(0).random((N, 8, 8)), fps=10.0)


def marked(flags: np.ndarray) -> list[int]:
    return np.flatnonzero(flags).tolist()


def test_marks_are_taken_back_one_by_one(painted: PaintedFrames) -> None:
    painted.mark(3, 6, NONE, bad=True)
    painted.mark(5, 8, NONE, bad=True)
    painted.mark(4, 5, NONE, bad=False)
    painted.mark(20, 22, NONE, bad=False)  # says nothing new
    assert marked(painted.bad) == [3, 5, 6, 7]
    painted.undo()
    assert marked(painted.bad) == [3, 4, 5, 6, 7]
    painted.undo()
    assert marked(painted.bad) == [3, 4, 5]
    painted.undo()
    painted.undo()
    assert not painted.bad.any()
    assert not painted.can_undo


def test_what_was_found_can_be_used_again(painted: PaintedFrames) -> None:
    found = NONE.copy()
    found[[10, 11, 40]] = True
    painted.mark(9, 12, found, bad=False)
    assert (marked(painted.bad), marked(painted.good)) == ([], [10, 11])
    painted.mark(10, 13, found, bad=True)
    assert (marked(painted.bad), marked(painted.good)) == ([12], [])


def test_each_movie_keeps_its_marks(painted: PaintedFrames) -> None:
    first, second = Layer(), Layer()
    painted.follow(first, N)  # type: ignore[arg-type]
    painted.mark(1, 3, NONE, bad=True)
    painted.follow(second, 90)  # type: ignore[arg-type]
    assert painted.bad.shape == (90,)
    assert not painted.bad.any()
    painted.follow(first, N)  # type: ignore[arg-type]
    assert marked(painted.bad) == [1, 2]
    painted.follow(first, 30)  # type: ignore[arg-type]
    assert painted.bad.shape == (30,)


def test_lanes_are_of_what_there_is(painted: PaintedFrames, movie: sv.Movie) -> None:
    beside = Beside()
    assert lanes_of(known_of(None, movie, beside), painted) == []
    assert known_of(None, None, beside).found.shape == (0,)
    painted.mark(3, 6, NONE, bad=True)
    stopped = sv.Movie(movie.data, fps=10.0, jumps=(30,))
    beside.opened = opened_beside_values(movie)
    lanes = lanes_of(known_of(None, stopped, beside), painted)
    assert [lane.name for lane in lanes] == [
        "bad frames",
        "pauses",
        "trials",
        "tone",
        "speed (cm/s)",
    ]
    assert lanes[0].spans[0][1] == [(3, 6)]
    assert lanes[1].ticks.tolist() == [30]
    assert [len(pieces) for _, pieces in lanes[2].spans] == [2, 1]


def opened_beside_values(movie: sv.Movie) -> Any:
    from napari_sparsevar.cells.covariates.reading import covariates_of
    from napari_sparsevar.cells.covariates.samples import Frames
    from napari_sparsevar.widgets.timeline.beside import Opened

    tone = np.zeros(N)
    tone[[5, 6, 30]] = 1
    values = {"tone": tone, "speed (cm/s)": np.linspace(0.0, 9.0, N)}
    return Opened(covariates_of(values, Frames(N, 10.0)), ((0, 20), (20, 40), (45, 60)))


def test_a_file_is_trials_or_what_was_recorded_beside(tmp_path: Path, movie: sv.Movie) -> None:
    trials, pulses, running = (tmp_path / name for name in ("t.csv", "ttl.csv", "run.npy"))
    trials.write_text("start_s,stop_s\n0,2\n2.5,5\n5,90\n")
    pulses.write_text("time (s)\n0.5\n1.04\n3.31\n")
    np.save(running, np.arange(N, dtype=float))
    opened = opened_beside(trials, movie)
    assert opened.trials == ((0, 20), (25, 50), (50, 60))
    assert "1 of 3 trials reach beyond the 60 frames" in opened.notes[0]
    found = opened_beside(pulses, movie).covariates
    assert found is not None
    assert (found.kinds, marked(found.values[:, 0])) == (("event",), [5, 10, 33])
    running_found = opened_beside(running, movie).covariates
    assert running_found is not None
    assert running_found.kinds == ("continuous",)
    (tmp_path / "no.csv").write_text("a,b\n1,2\n")
    with pytest.raises(sv.UserError, match="1 rows and the recording 60 frames"):
        opened_beside(tmp_path / "no.csv", movie)


def test_events_with_durations_are_stimuli(tmp_path: Path, movie: sv.Movie) -> None:
    path = tmp_path / "task_events.tsv"
    path.write_text("onset\tduration\ttrial_type\n0.5\t1\ttone\n3\t0.5\ttone\n")
    opened = opened_beside(path, movie)
    assert opened.trials == ()
    assert opened.covariates is not None
    assert marked(opened.covariates.values[:, 0]) == [*range(5, 15), *range(30, 35)]


def test_what_lies_beyond_the_movie_is_said(tmp_path: Path, movie: sv.Movie) -> None:
    """Trials and events of another recording, or in another unit, do not vanish."""
    (tmp_path / "late.csv").write_text("start,stop\n70,80\n80,90\n")
    with pytest.raises(sv.UserError, match="none of its 2 trials begins within the 60 frames"):
        opened_beside(tmp_path / "late.csv", movie)
    (tmp_path / "twice.csv").write_text("start,stop\n0,20\n10,30\n")
    with pytest.raises(sv.UserError, match="overlap"):
        opened_beside(tmp_path / "twice.csv", movie)
    (tmp_path / "ms.csv").write_text("time,tone\n0.5,1\n1000,1\n2000,1\n")
    (note,) = opened_beside(tmp_path / "ms.csv", movie).notes
    assert "2 of 3 events of tone lie in no frame" in note


def test_windows_follow_events_and_the_rest_is_another() -> None:
    inside, rest = event_windows(np.array([0, 10, 12, 59]), 5, 60)
    assert inside == ((0, 5), (10, 17))  # one frame is no window
    assert rest == ((5, 10), (17, 60))
    assert event_windows(np.array([0]), 60, 60) == (((0, 60),), ())


def test_events_become_windows_to_compare(
    qtbot: Any, painted: PaintedFrames, movie: sv.Movie
) -> None:
    windows, beside = MarkedWindows(), Beside()
    beside.opened = opened_beside_values(movie)
    parent = QWidget()
    qtbot.addWidget(parent)
    tools = LaneTools(painted, beside, windows, parent)
    tools.look(None, movie)
    for seconds in (0.5, 1.0):  # a second time they are changed
        tools.mark_events("tone", seconds)
        length = round(10 * seconds)
        assert windows["tone"].pieces == ((5, 5 + length), (30, 30 + length))
        assert windows["no tone"].pieces == ((0, 5), (5 + length, 30), (30 + length, 60))
    tools.menu.aboutToShow.emit()
    offered = [action.text() for action in tools.menu.actions()]
    assert any("tone" in words for words in offered)


def test_trials_of_a_run_are_those_it_was_given(tmp_path: Path, movie: sv.Movie) -> None:
    from napari_sparsevar.movie.left_out import leaving_out
    from napari_sparsevar.run.left_out import write_left_out

    good = ~NONE
    good[20:25] = False
    left_out = leaving_out(movie, trials=[(0, 20), (25, 60)]).left_out
    write_left_out(tmp_path, left_out)
    run: Any = SimpleNamespace(
        path=tmp_path,
        record=SimpleNamespace(movie=SimpleNamespace(shape=(N, 8, 8))),
        results=SimpleNamespace(
            good=good, activity=SimpleNamespace(starts=(25, 40), covariates=None)
        ),
    )
    known = known_of(run, movie, Beside())
    assert known.trials == ((0, 20), (25, 60))
    assert known.jumps == (40,)
    assert pieces_of(known.found) == [(20, 25)]

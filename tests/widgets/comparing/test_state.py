"""A comparison runs, ends, fails or is stopped; what it found is kept and comes back."""

import time

import pytest
from napari.qt.threading import WorkerBase

from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.store import load_comparisons, save_comparisons
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.comparing import state
from napari_sparsevar.widgets.comparing.state import Comparing
from napari_sparsevar.widgets.comparing.worker import CompareRequest
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless

WINDOWS = (Window("A", ((0, 20),)), Window("B", ((30, 50),)))


@pytest.fixture
def shown(monkeypatch):
    """What the person was notified of."""
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    monkeypatch.setattr(state, "show_warning", shown.append)
    return shown


@pytest.fixture
def comparing(qapp, run, fake_compare, until_compared):
    comparing = Comparing()
    comparing.set_run(run)
    until_compared(comparing)
    return comparing


@pytest.fixture
def request_(run):
    return CompareRequest(run, WINDOWS, ComparisonOptions())


def test_a_comparison_is_found_kept_and_shown(comparing, request_, run, until_compared, shown):
    states, fractions, arrived = [], [], []
    comparing.state_changed.connect(states.append)
    comparing.report_changed.connect(lambda report: fractions.append(report.fraction))
    comparing.arrived.connect(arrived.append)
    comparing.start(request_)
    until_compared(comparing)
    assert states == ["comparing", "idle"]
    assert fractions == sorted(fractions)
    (found,) = comparing.sets
    assert arrived == [found]
    assert comparing.shown is found
    assert [kept.name for kept in load_comparisons(run.path)] == [found.name]
    assert not shown


@pytest.mark.parametrize(
    "error", [RuntimeError("out of memory"), MemoryError(), UserError("Mark longer windows.")]
)
def test_a_failure_is_told_and_leaves_it_idle(
    comparing, request_, fake_compare, until_compared, shown, error
):
    fake_compare.error = error
    comparing.start(request_)
    until_compared(comparing)
    assert len(shown) == 1
    assert str(error) in shown[0]
    assert comparing.report.sentence == shown[0]
    assert comparing.sets == ()
    assert fake_compare.closed == 1
    fake_compare.error = None
    comparing.start(request_)
    until_compared(comparing)
    assert len(comparing.sets) == 1


def test_stop_ends_it_without_a_result(qtbot, comparing, request_, fake_compare, until_compared):
    fake_compare.steps = 100_000
    comparing.start(request_)
    qtbot.waitUntil(lambda: comparing.report.fraction > 0, timeout=5000)
    comparing.stop()
    assert comparing.state == "stopping"
    until_compared(comparing)
    assert fake_compare.closed == 1
    assert comparing.sets == ()
    assert "Stopped" in comparing.report.sentence


def test_a_second_start_is_ignored(comparing, request_, fake_compare, until_compared):
    comparing.start(request_)
    comparing.start(request_)
    until_compared(comparing)
    assert len(fake_compare.requests) == 1


def test_what_cannot_be_kept_is_shown_all_the_same(
    comparing, request_, until_compared, shown, monkeypatch
):
    def full(path, found):
        raise UserError("Cannot keep the comparison: the disk is full.")

    monkeypatch.setattr("napari_sparsevar.comparison.store.save_comparisons", full)
    comparing.start(request_)
    until_compared(comparing)
    assert comparing.pair is not None
    assert len(shown) == 1
    assert "the disk is full" in shown[0]


def test_comparisons_come_back_with_their_run(
    comparing, request_, run, fake_compare, until_compared
):
    comparing.start(request_)
    until_compared(comparing)
    comparing.start(
        CompareRequest(run, (WINDOWS[0], Window("later", ((52, 58),))), request_.options)
    )
    until_compared(comparing)
    again = Comparing()
    again.set_run(run)
    until_compared(again)
    assert [found.name for found in again.sets] == [found.name for found in comparing.sets]
    assert again.shown is again.sets[-1]
    assert [window.label for window in again.windows] == ["A", "later"]


def test_windows_that_are_marked_already_stay(comparing, request_, run, until_compared):
    comparing.start(request_)
    until_compared(comparing)
    again = Comparing()
    again.windows.add([(3, 9)], "mine")
    again.set_run(run)
    until_compared(again)
    assert [window.label for window in again.windows] == ["mine"]


def test_a_damaged_comparison_is_told_and_the_others_open(
    comparing, request_, run, until_compared, shown
):
    comparing.start(request_)
    until_compared(comparing)
    save_comparisons(run.path, comparing.sets[0])
    (run.path / "comparisons" / comparing.sets[0].name / "comparison.json").write_text("{")
    comparing.set_run(run)
    until_compared(comparing)
    assert len(comparing.sets) == 1
    assert len(shown) == 1
    assert "damaged" in shown[0]


def test_another_run_meanwhile_does_not_get_the_comparison(
    qtbot, comparing, request_, run, fake_compare, until_compared, tmp_path
):
    from widget_fakes import fake_run

    from made_comparisons import made_folder

    fake_compare.steps = 40
    comparing.start(request_)
    comparing.set_run(fake_run(made_folder(tmp_path / "other")))
    until_compared(comparing)
    assert comparing.sets == ()
    assert comparing.shown is None
    assert len(load_comparisons(run.path)) == 1


def test_the_most_surprising_pair_comes_first_and_any_can_be_chosen(
    comparing, run, fake_compare, until_compared
):
    windows = (*WINDOWS, Window("C", ((52, 58),)))
    comparing.start(CompareRequest(run, windows, ComparisonOptions()))
    until_compared(comparing)
    assert comparing.pair[1] == min(comparing.shown.adjusted)
    comparing.show_pair("C", "B")
    assert [comparing.pair[0].a.label, comparing.pair[0].b.label] == ["B", "C"]


@pytest.mark.windowless(False)
def test_closing_the_window_while_comparing(
    qtbot, viewer, add_movie, run, open_run, fake_compare, request_
):
    fake_compare.steps = 100_000
    add_movie(viewer)
    comparing = open_run(viewer, run).comparing
    comparing.start(request_)
    qtbot.waitUntil(lambda: comparing.report.fraction > 0, timeout=5000)
    before = time.monotonic()
    viewer.close()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
    assert time.monotonic() - before < 5
    assert fake_compare.closed == 1
    assert comparing.state == "idle"


def test_a_run_whose_layers_are_there_before_the_session_is_opened(qtbot, viewer, run, monkeypatch):
    from napari_sparsevar.readers.runs import run_layers

    monkeypatch.setattr("napari_sparsevar.run.run.load_run", lambda path: run)
    for data, meta, kind in run_layers(run):
        getattr(viewer, f"add_{kind}")(data, **meta)
    session = get_session(viewer)
    told = []
    session.run_changed.connect(told.append)
    qtbot.waitUntil(lambda: session.run is run, timeout=5000)
    assert told == [run]


def test_a_run_that_cannot_be_opened_is_told_once(qtbot, viewer, run, monkeypatch):
    from napari_sparsevar.readers.runs import run_layers

    def gone(path):
        raise UserError(f"{path} is not a run directory.")

    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    monkeypatch.setattr("napari_sparsevar.run.run.load_run", gone)
    session = get_session(viewer)
    for data, meta, kind in run_layers(run):
        getattr(viewer, f"add_{kind}")(data, **meta)
    qtbot.waitUntil(lambda: bool(shown) and not session._opening.busy, timeout=5000)
    assert shown == [f"{run.path} is not a run directory."]
    assert session.run is None

"""The cells at hand: what a person changes can be undone, and a fit keeps to its cells."""

from dataclasses import replace

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.cells.state import CHANGES_ARE_BACK, BroughtCells
from napari_sparsevar.widgets.cells.worker import FitRequest

pytestmark = pytest.mark.windowless


@pytest.fixture
def brought(qtbot, fit):
    found = BroughtCells()
    found.take(fit.cells, fit)
    return found


def test_every_change_can_be_undone(brought):
    before = [brought.edits]
    for change in (
        lambda edits: edits.rename(0, "big"),
        lambda edits: edits.merge([1, 2]),
        lambda edits: edits.exclude([3]),
        lambda edits: edits.hide([0]),
    ):
        brought.change(change(brought.edits))
        before.append(brought.edits)
    for wanted in reversed(before[:-1]):
        assert brought.can_undo
        brought.undo()
        assert brought.edits == wanted
    assert not brought.can_undo


def test_a_change_that_cannot_be_leaves_all_as_it_was(brought, fit):
    was = brought.edits
    with pytest.raises(UserError, match="Two cells"):
        brought.change(was.rename(0, fit.names[1]))
    assert brought.edits == was
    assert not brought.can_undo


def test_a_fit_follows_names_at_once(brought, fit):
    brought.change(brought.edits.rename(1, "driver"))
    assert brought.fit.names[1] == "driver"
    assert "driver" in set(brought.fit.edges["source"])
    assert brought.fit.activity.names[1] == "driver"
    assert not brought.outdated
    brought.undo()
    assert brought.fit.names == fit.names


def test_a_fit_of_other_cells_than_now_is_outdated(brought):
    brought.change(brought.edits.hide([0]))
    assert not brought.outdated
    brought.change(brought.edits.exclude([0]))
    assert brought.outdated
    brought.undo()
    assert not brought.outdated


def test_cells_not_accepted_are_excluded_until_they_are_wanted(qtbot, fit):
    found = BroughtCells()
    found.take(replace(fit.cells, accepted=np.array([True, False, True, True, True])))
    assert found.edits.excluded == {1}
    found.change(found.edits.exclude([1], out=False))
    assert not found.edits.excluded


def test_merged_and_excluded_cells_are_fitted_as_they_are_now(qtbot, brought, fit):
    brought.change(brought.edits.merge([2, 3]).exclude([0]))
    with qtbot.waitSignal(brought.fit_changed, timeout=60_000):
        brought.start(FitRequest(brought.given, brought.edits, lags=2))
    assert brought.fit.names == ("b & c", "ç + 12", "still")
    assert brought.fitted.tolist() == [1, 2, 4]
    assert not brought.outdated
    edges = brought.fit.edges
    sure = edges[edges["p_adjusted"] <= 0.05]
    assert set(zip(sure["source"], sure["target"], strict=True)) == {("b & c", "ç + 12")}
    qtbot.waitUntil(lambda: not brought.busy, timeout=20_000)


def test_what_was_recorded_beside_is_taken_out(qtbot, brought, tmp_path):
    speed = np.sin(np.arange(400) / 9.0)
    np.savetxt(tmp_path / "beside.csv", speed, header="speed (cm/s)", comments="")
    request = FitRequest(brought.given, covariates=tmp_path / "beside.csv")
    with qtbot.waitSignal(brought.fit_changed, timeout=60_000):
        brought.start(request)
    assert brought.fit.covariates["name"].tolist() == ["speed"]
    qtbot.waitUntil(lambda: not brought.busy, timeout=20_000)


def test_a_fit_that_fails_leaves_the_one_before(qtbot, brought, fit, monkeypatch):
    told = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", told.append)
    brought.start(FitRequest(brought.given, brought.edits, lags=400))
    qtbot.waitUntil(lambda: brought.state == "idle" and not brought.busy, timeout=60_000)
    assert len(told) == 1
    assert "too few" in told[0]
    assert brought.fit.names == fit.names


def test_an_answer_of_earlier_cells_is_not_taken(qtbot, brought, fit):
    brought.start(FitRequest(brought.given, brought.edits, lags=2))
    other = fit.cells.take(np.array([0, 1, 2]))
    brought.take(other)
    qtbot.waitUntil(lambda: brought.state == "idle" and not brought.busy, timeout=60_000)
    assert brought.fit is None
    assert list(brought.given.names) == list(other.names)


def test_changes_are_back_when_the_cells_are_opened_again(qtbot, fit, tmp_path):
    cells = replace(fit.cells, source=tmp_path / "traces.npy")
    first = BroughtCells()
    first.take(cells)
    first.change(first.edits.rename(0, "big"))
    first.change(first.edits.merge([1, 2]))
    again = BroughtCells()
    again.take(cells)
    assert again.edits == first.edits
    assert again.report.sentence == CHANGES_ARE_BACK
    again.undo()
    assert not again.edits.names
    assert not again.edits.merged

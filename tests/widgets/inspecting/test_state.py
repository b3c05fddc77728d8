"""The inspection: selection, penalty and notes, the same for every dock."""

import numpy as np
import pytest

from napari_sparsevar.analysis.maps.influence import influence_map
from napari_sparsevar.analysis.maps.region import Region
from napari_sparsevar.run.annotations import read_annotations, read_regions
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def session(viewer, inspected):
    return get_session(viewer)


def paint(session, slices, label):
    session.painting.new_region()
    layer = session.inspecting.regions.layer
    mask = np.zeros(layer.data.shape, bool)
    mask[slices] = True
    layer.data_setitem(np.nonzero(mask), label)
    return layer


def test_selecting_a_driver_answers_with_its_maps(inspected, full_run, until_inspected):
    inspected.select("driver", 1)
    until_inspected(inspected)
    results, mask = full_run.results, full_run.driver_labels == 1
    for direction in ("outgoing", "incoming"):
        expected = influence_map(results.fitted, Region(mask, results.projection), direction)
        np.testing.assert_allclose(inspected.answer.influence[direction].image, expected)
    first = inspected.answer.influence["outgoing"].partners.iloc[0]
    assert (first["y"] > 20, first["lag"]) == (True, 1)


def test_an_unknown_place_is_ignored(inspected, until_inspected):
    inspected.select("driver", 77)
    inspected.select("region", 1)
    assert inspected.selection is None


def test_the_penalty_moves_everything_and_reset_goes_back(inspected, full_run, until_inspected):
    inspected.select("driver", 1)
    until_inspected(inspected)
    before = inspected.answer.influence["outgoing"].image
    n_edges = inspected.read_out.n_edges
    inspected.set_penalty(1.5 * full_run.penalty)
    until_inspected(inspected)
    assert inspected.read_out.run.penalty == 1.5 * full_run.penalty
    assert inspected.read_out.n_edges < n_edges
    assert not np.array_equal(inspected.answer.influence["outgoing"].image, before)
    inspected.reset_penalty()
    until_inspected(inspected)
    assert inspected.read_out.run is full_run
    np.testing.assert_array_equal(inspected.answer.influence["outgoing"].image, before)


def test_of_many_questions_only_the_last_is_answered(inspected, full_run, until_inspected):
    read_outs = []
    inspected.read_out_changed.connect(lambda: read_outs.append(inspected.read_out.run.penalty))
    penalties = np.linspace(1.0, 2.0, 40) * full_run.penalty
    for penalty in penalties:
        inspected.set_penalty(float(penalty))
    until_inspected(inspected)
    assert read_outs[-1] == penalties[-1]
    assert len(read_outs) < len(penalties)


def test_a_painted_region_is_inspected_while_it_is_painted(session, inspected, until_inspected):
    layer = paint(session, np.s_[4:9, 4:9], 1)
    until_inspected(inspected)
    assert inspected.selection.key == ("region", 1)
    first = inspected.answer.influence["outgoing"].image.copy()
    layer.data_setitem(np.nonzero(np.ones((3, 3), bool)), 1)
    until_inspected(inspected)
    assert inspected.answer.selection.mask.sum() == 25 + 9
    assert not np.array_equal(inspected.answer.influence["outgoing"].image, first)


def test_several_regions_by_label(session, inspected, until_inspected):
    layer = paint(session, np.s_[4:9, 4:9], 1)
    until_inspected(inspected)
    layer.data_setitem((np.arange(20, 25), np.arange(20, 25)), 2)
    until_inspected(inspected)
    assert list(inspected.places()["label"]) == [1, 2, 1, 2]
    layer.selected_label = 2
    until_inspected(inspected)
    assert inspected.selection.key == ("region", 2)


def test_a_wiped_region_is_no_longer_inspected(session, inspected, until_inspected):
    paint(session, np.s_[4:9, 4:9], 1)
    until_inspected(inspected)
    inspected.regions.layer.mode = "pan_zoom"
    inspected.regions.remove(1)
    until_inspected(inspected)
    assert inspected.selection is None


def test_painted_regions_are_kept_with_the_run(
    qtbot, session, inspected, full_run, until_inspected
):
    paint(session, np.s_[4:9, 4:9], 3)
    qtbot.waitUntil(lambda: (full_run.path / "regions.tif").exists(), timeout=5000)
    kept = read_regions(full_run.path, (33, 34))
    assert (kept.image == 3).sum() == 25


def test_a_layer_deleted_at_once_is_kept(qtbot, viewer, session, inspected, full_run):
    layer = paint(session, np.s_[4:9, 4:9], 3)
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: (full_run.path / "regions.tif").exists(), timeout=5000)
    assert (read_regions(full_run.path, (33, 34)).image == 3).sum() == 25


def test_painted_regions_come_back_with_the_run(viewer, full_run, open_run, until_inspected):
    from napari_sparsevar.run.annotations import write_regions

    regions = np.zeros((33, 34), np.int32)
    regions[5:9, 6:12] = 2
    write_regions(full_run.path, regions, 2.0)
    session = open_run(viewer, full_run)
    until_inspected(session.inspecting)
    np.testing.assert_array_equal(session.inspecting.regions.layer.data, regions)
    assert tuple(session.inspecting.regions.layer.scale) == (2.0, 2.0)
    assert "region" in set(session.inspecting.places()["kind"])


def test_notes_are_kept_and_belong_to_the_place(qtbot, inspected, full_run, until_inspected):
    inspected.annotate("driver", 2, name="hub", note="near a vessel")
    assert inspected.name_of("driver", 2) == "hub"
    assert inspected.name_of(*inspected.key_at(25, 25)) == "hub"
    assert inspected.key_at(0, 0) is None
    qtbot.waitUntil(lambda: (full_run.path / "annotations.json").exists(), timeout=5000)
    assert read_annotations(full_run.path).at(25.5, 25.5, 4.0).note == "near a vessel"


def test_a_hidden_driver_is_passed_over(inspected, until_inspected):
    inspected.annotate("driver", 1, hidden=True)
    inspected.select_next(1)
    assert inspected.selection.key == ("driver", 2)
    inspected.select_next(1)
    assert inspected.selection.key == ("driver", 2)


def test_next_and_previous_go_round(inspected):
    keys = []
    for step in (1, 1, 1, -1, -1):
        inspected.select_next(step)
        keys.append(inspected.selection.label)
    assert keys == [1, 2, 1, 2, 1]


def test_damaged_notes_are_told_and_do_not_keep_the_run_from_opening(
    viewer, full_run, open_run, until_inspected, monkeypatch
):
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.inspecting.state.show_warning", shown.append)
    (full_run.path / "annotations.json").write_text("{")
    session = open_run(viewer, full_run)
    until_inspected(session.inspecting)
    assert len(shown) == 1
    assert "annotations.json" in shown[0]
    assert len(session.inspecting.places()) == 2


def test_an_error_is_told_and_the_next_question_is_answered(
    inspected, full_run, until_inspected, monkeypatch
):
    from napari_sparsevar.widgets.inspecting import worker

    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)

    def broken(*_):
        raise RuntimeError("out of memory")

    with monkeypatch.context() as patch:
        patch.setattr(worker.Inspector, "_influence", broken)
        inspected.select("driver", 1)
        until_inspected(inspected)
    assert len(shown) == 1
    assert "out of memory" in shown[0]
    inspected.select("driver", 2)
    until_inspected(inspected)
    assert inspected.answer is not None


def test_two_viewers_inspect_two_runs(
    qtbot, make_napari_viewer, home, tmp_path, open_run, until_inspected, full_run
):
    from made_comparisons import made_folder
    from made_runs import made_full_run

    other = made_full_run(made_folder(tmp_path / "other"), (33, 34), 80, labels=None)
    sessions = []
    for run in (full_run, other):
        sessions.append(open_run(make_napari_viewer(), run))
        until_inspected(sessions[-1].inspecting)
    first, second = (session.inspecting for session in sessions)
    first.select("driver", 1)
    second.set_penalty(2 * other.penalty)
    for inspecting in (first, second):
        until_inspected(inspecting)
    assert first.selection is not None
    assert second.selection is None
    assert first.penalty == full_run.penalty
    assert second.read_out.run.path == other.path

"""The inspected place over time, as places are selected, repainted, renamed and hidden."""

import time

import numpy as np
import pytest
from napari.qt.threading import WorkerBase

from napari_sparsevar.movie.reading.lazy_frames import from_reader
from napari_sparsevar.movie.traces import relative_change
from napari_sparsevar.run.traces import model_traces, read_out, region_activity
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.timeline import inspected_traces
from napari_sparsevar.widgets.timeline_dock import open_timeline

pytestmark = pytest.mark.windowless

SHAPE = (40, 48)
LABELS = np.zeros(SHAPE, np.int32)
# Far enough apart to be told apart at another penalty.
LABELS[2:6, 3:8], LABELS[30:34, 3:7], LABELS[29:33, 36:42] = 1, 2, 3
EVENT = 30


@pytest.fixture
def movie_data():
    """60 frames of noise."""
    return np.random.default_rng(0).normal(100, 10, size=(60, *SHAPE)).astype(np.float32)


@pytest.fixture
def run(tmp_path):
    """A run in which something happens once."""
    from made_comparisons import made_folder
    from made_runs import made_full_run

    made = made_full_run(made_folder(tmp_path / "a-run"), SHAPE, 60, labels=LABELS)
    made.results.latents[EVENT] += 10
    return made


@pytest.fixture
def reads(monkeypatch):
    """Count the passes over the movie."""
    passes = []

    def read(run, mask, data):
        passes.append(mask)
        return original(run, mask, data)

    original = inspected_traces.read_place
    monkeypatch.setattr(inspected_traces, "read_place", read)
    return passes


@pytest.fixture
def until(qtbot, viewer):
    """Wait until all that was asked for is there."""

    def wait():
        session = get_session(viewer)
        inspected = session.inspected

        def rests():
            if session.inspecting.busy:
                return False
            inspected._read_soon.flush()
            return not (
                inspected._asking_place.busy or inspected._asking_rows.busy or inspected.movie.busy
            )

        qtbot.waitUntil(rests, timeout=10_000)

    return wait


@pytest.fixture
def session(qtbot, viewer, add_movie, run, open_run, until):
    """A run with its movie; the traces are wanted."""
    add_movie(viewer)
    session = open_run(viewer, run)
    qtbot.waitUntil(lambda: session.inspecting.read_out is not None, timeout=10_000)
    session.inspected.want()
    until()
    return session


@pytest.fixture
def inspected(session):
    return session.inspected


def test_the_movie_and_the_model_share_one_baseline(inspected, session, run, movie_data, until):
    session.inspecting.select("driver", 2)
    until()
    curves, mask = inspected.traces(), LABELS == 2
    trace = movie_data[:, mask].mean(1)
    np.testing.assert_allclose(curves["movie"], relative_change(trace), atol=1e-5)
    weights, offset = read_out(run, mask)
    background = np.einsum("tyx,yx->t", movie_data, weights[1]) + offset
    rest = np.percentile(trace, 20)
    modelled = model_traces(run, mask)._asdict()
    np.testing.assert_allclose(curves["others"], modelled.pop("others") / rest, atol=1e-5)
    for name, values in modelled.items():
        wanted = (values + background - rest) / rest
        np.testing.assert_allclose(curves[name], wanted, atol=1e-5)
    np.testing.assert_allclose(curves["residual"] + curves["prediction"], curves["movie"])


def test_nothing_is_computed_until_somebody_wants_to_see_it(
    qtbot, session, inspected, reads, until
):
    inspected.want(False)
    session.inspecting.select("driver", 1)
    qtbot.wait(400)
    assert reads == []
    assert inspected.raster is None
    inspected.want()
    until()
    assert len(reads) == 1
    assert inspected.traces()
    assert inspected.raster is not None


def test_another_place_has_other_traces(inspected, session, until):
    session.inspecting.select("driver", 1)
    until()
    first = inspected.traces()
    session.inspecting.select("driver", 3)
    assert inspected.traces() == {}
    until()
    for name, values in inspected.traces().items():
        assert not np.allclose(values, first[name])
    session.inspecting.clear()
    assert inspected.traces() == {}
    assert inspected.events.size == 0


def test_the_movie_is_read_once_for_many_quick_selections(inspected, session, reads, until):
    for label in (1, 2, 3, 1, 3):
        session.inspecting.select("driver", label)
    until()
    assert len(reads) == 1
    assert np.array_equal(reads[0], LABELS == 3)


def test_another_penalty_changes_the_prediction_without_reading_again(
    inspected, session, reads, until
):
    image = np.zeros(SHAPE, int)
    image[30:34, 3:7] = 4
    session.inspecting.regions.new_layer(
        session._viewer(), SHAPE, session.placement(), image.astype(np.int32)
    )
    until()
    session.inspecting.select("region", 4)
    until()
    before = inspected.traces()
    session.inspecting.set_penalty(session.run.penalty / 3)
    until()
    after = inspected.traces()
    assert len(reads) == 1
    np.testing.assert_array_equal(after["movie"], before["movie"])
    np.testing.assert_allclose(after["reconstruction"], before["reconstruction"])
    assert not np.allclose(after["prediction"], before["prediction"])


def test_a_region_is_read_again_when_it_has_been_painted_on(
    inspected, session, reads, until, movie_data
):
    regions = session.inspecting.regions
    image = np.zeros(SHAPE, np.int32)
    image[2:5, 2:5] = 1
    layer = regions.new_layer(session._viewer(), SHAPE, session.placement(), image)
    until()
    session.inspecting.select("region", 1)
    until()
    layer.data_setitem(np.nonzero(np.roll(image, 1, axis=1)), 1)
    until()
    until()
    assert len(reads) == 2
    trace = movie_data[:, np.asarray(layer.data) == 1].mean(1)
    np.testing.assert_allclose(inspected.traces()["movie"], relative_change(trace), atol=1e-5)


def test_rows_are_the_drivers_in_the_order_of_the_table(inspected, session, run, until):
    assert inspected.raster.keys == (("driver", 1), ("driver", 2), ("driver", 3))
    wanted = region_activity(run, LABELS, [1, 2, 3])
    np.testing.assert_allclose(inspected.raster.pyramid.levels[0], wanted, atol=1e-5)
    session.inspecting.annotate("driver", 2, hidden=True)
    until()
    assert inspected.raster.keys == (("driver", 1), ("driver", 3))
    np.testing.assert_allclose(inspected.raster.pyramid.levels[0], wanted[[0, 2]], atol=1e-5)


def test_a_region_taken_for_a_driver_has_a_row(inspected, session, run, until):
    image = np.zeros(SHAPE, np.int32)
    image[15:19, 19:23] = 2
    session.inspecting.regions.new_layer(session._viewer(), SHAPE, session.placement(), image)
    until()
    session.inspecting.annotate("region", 2, driver=True)
    until()
    assert inspected.raster.keys[-1] == ("region", 2)
    wanted = region_activity(run, image, [2])[0]
    np.testing.assert_allclose(inspected.raster.pyramid.levels[0][-1], wanted, atol=1e-5)


def test_without_drivers_there_are_no_rows(inspected, session, until):
    for label in (1, 2, 3):
        session.inspecting.annotate("driver", label, hidden=True)
    until()
    assert inspected.raster is None


def test_a_movie_that_has_gone_is_asked_for(viewer, inspected, session, until):
    session.inspecting.select("driver", 1)
    until()
    viewer.layers.remove("movie")
    assert inspected.traces() == {}
    assert inspected.raster is None
    assert "“movie”, is not open" in inspected.why_not


def test_another_movie_than_that_of_the_run_is_told_apart(viewer, inspected, session, until):
    viewer.add_image(np.ones((30, *SHAPE)), name="other", contrast_limits=(0, 1))
    session.inspecting.select("driver", 1)
    until()
    assert "not the movie of the run" in inspected.why_not
    assert inspected.traces() == {}
    viewer.layers.selection.active = viewer.layers["movie"]
    until()
    assert inspected.why_not == ""
    assert inspected.traces()


@pytest.mark.windowless(False)
def test_frames_that_are_no_number_leave_gaps(qtbot, viewer, movie_data, run, open_run, until):
    holed = movie_data.copy()
    holed[[10, 31], 0, 0] = np.nan
    viewer.add_image(holed, name="movie", contrast_limits=(50, 150))
    session = open_run(viewer, run)
    qtbot.waitUntil(lambda: session.inspecting.read_out is not None, timeout=10_000)
    timeline = open_timeline(viewer)
    viewer.window._qt_window.show()
    session.inspecting.select("driver", 2)
    until()
    gaps = {n: np.flatnonzero(np.isnan(c)).tolist() for n, c in session.inspected.traces().items()}
    # The latents of these frames are there: what others add comes from them alone.
    assert gaps.pop("others") == []
    assert set(map(tuple, gaps.values())) == {(10, 31)}
    timeline.redraw()
    timeline.plot.view.setXRange(10.2, 10.9, padding=0)
    qtbot.wait(150)


def test_an_error_is_said_and_the_next_place_is_read(inspected, session, until, monkeypatch):
    def fail(run, mask, data):
        raise RuntimeError("the disk is gone")
        yield

    monkeypatch.setattr(inspected_traces, "read_place", fail)
    session.inspecting.select("driver", 1)
    until()
    assert "the disk is gone" in inspected.why_not
    monkeypatch.undo()
    session.inspecting.select("driver", 2)
    until()
    assert inspected.why_not == ""
    assert inspected.traces()


def test_playing_an_event_needs_no_timeline(qtbot, viewer, inspected, session, until, monkeypatch):
    inspected.want(False)
    inspected.play_event(viewer)
    assert not inspected.player.playing
    played = []
    monkeypatch.setattr(inspected.player, "play_next", lambda *asked: played.append(asked))
    session.inspecting.select("driver", 1)
    inspected.play_event(viewer)
    qtbot.waitUntil(lambda: bool(played) or not inspected._asking_place.busy, timeout=10_000)
    (asked,) = played
    assert asked[0] is viewer
    assert asked[1] is session.activity.frames
    assert asked[2].tolist() == [EVENT]


def test_another_selection_ends_the_playing(viewer, inspected, session, until):
    session.inspecting.select("driver", 1)
    until()
    inspected.play_event(viewer)
    assert inspected.player.playing
    session.inspecting.select("driver", 2)
    assert not inspected.player.playing


@pytest.mark.windowless(False)
def test_closing_the_timeline_ends_the_reading(qtbot, viewer, run, open_run):
    asked = []

    def read(start, stop):
        asked.append(start)
        time.sleep(0.05)
        return np.ones((stop - start, *SHAPE), np.float32)

    viewer.add_image(from_reader(read, (60, *SHAPE), np.float32, length=1), contrast_limits=(0, 1))
    session = open_run(viewer, run)
    qtbot.waitUntil(lambda: session.inspecting.read_out is not None, timeout=10_000)
    timeline = open_timeline(viewer)
    session.inspecting.select("driver", 1)
    qtbot.waitUntil(lambda: session.inspected.movie.busy, timeout=10_000)
    viewer.window.remove_dock_widget(timeline)
    assert not session.inspected.movie.busy
    assert session.inspected.raster is None
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
    again = open_timeline(viewer)
    assert again is not timeline
    qtbot.waitUntil(lambda: session.inspected.movie.busy, timeout=10_000)
    viewer.close()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)

"""Traces of the movie and of painted regions, as layers come, change and go."""

import time

import numpy as np
import pytest
from napari.qt.threading import WorkerBase

from napari_sparsevar.movie.reading.lazy_frames import from_reader
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def activity(viewer):
    activity = get_session(viewer).activity
    activity.want()
    return activity


@pytest.fixture
def until_read(qtbot, activity):
    def wait():
        activity._read_regions_soon.flush()
        qtbot.waitUntil(
            lambda: not activity.field.busy and not activity.regions.busy, timeout=10_000
        )

    return wait


@pytest.fixture
def paint(viewer):
    """Add a layer of regions with one square of each label."""

    def add(*labels, shape=(16, 20)):
        image = np.zeros(shape, int)
        for number, label in enumerate(labels):
            image[4 * number : 4 * number + 3, 2:6] = label
        return viewer.add_labels(image, scale=(2.0, 2.0))

    return add


def test_the_field_is_the_mean_of_the_movie(viewer, activity, add_movie, movie_data, until_read):
    add_movie(viewer)
    until_read()
    np.testing.assert_allclose(activity.field.values[:, 0], movie_data.mean((1, 2)), rtol=1e-5)
    assert activity.frames.n_frames == 60


def test_nothing_is_read_until_somebody_wants_to_see_it(viewer, add_movie):
    activity = get_session(viewer).activity
    add_movie(viewer)
    assert activity.frames is not None
    assert not activity.field.busy
    assert activity.field.values.size == 0


def test_one_trace_for_each_label_in_its_colour(
    viewer, activity, add_movie, movie_data, until_read, paint
):
    add_movie(viewer)
    layer = paint(3, 9)
    until_read()
    first, second = activity.region_traces()
    assert (first.label, second.label) == (3, 9)
    np.testing.assert_allclose(first.colour, 255 * layer.get_color(3)[:3], atol=1)
    trace = movie_data[:, layer.data == 9].mean(1)
    rest = np.percentile(trace, 20)
    np.testing.assert_allclose(second.values, (trace - rest) / rest, atol=1e-4)


def test_painting_reads_the_regions_again_and_not_the_field(
    viewer, activity, add_movie, until_read, paint
):
    add_movie(viewer)
    layer = paint(1)
    until_read()
    field = activity.field.values
    layer.paint((14, 14), 2)
    assert [trace.label for trace in activity.region_traces()] == [1]
    until_read()
    assert [trace.label for trace in activity.region_traces()] == [1, 2]
    assert activity.field.values is field


def test_the_layer_of_regions_stays_until_another_is_chosen(
    viewer, activity, add_movie, until_read, paint
):
    movie = add_movie(viewer)
    first, second = paint(1), paint(2)
    for selected in (second, first, movie):
        viewer.layers.selection.active = selected
        until_read()
        assert [trace.label for trace in activity.region_traces()] == [1]
    get_session(viewer).painting.choose(second)
    until_read()
    assert [trace.label for trace in activity.region_traces()] == [2]
    viewer.layers.remove(second)
    until_read()
    assert activity.region_layer_name == first.name
    viewer.layers.remove(first)
    assert activity.region_traces() == []


def test_undoing_a_stroke_reads_the_regions_again(viewer, activity, add_movie, until_read, paint):
    add_movie(viewer)
    layer = paint(1)
    layer.paint((14, 14), 2)
    until_read()
    assert [trace.label for trace in activity.region_traces()] == [1, 2]
    layer.undo()
    until_read()
    assert [trace.label for trace in activity.region_traces()] == [1]


def test_layers_of_another_size_and_of_runs_are_no_regions(
    viewer, activity, add_movie, paint, run, open_run
):
    add_movie(viewer)
    paint(1, shape=(8, 8))
    assert activity.region_layer_name == ""
    viewer.add_image(np.zeros((30, *run.driver_labels.shape)))
    open_run(viewer, run)
    assert activity.region_layer_name == ""


def test_the_movie_that_is_selected_counts_and_a_removed_one_no_longer(
    viewer, activity, add_movie, until_read
):
    first, second = add_movie(viewer), add_movie(viewer, name="other")
    assert get_session(viewer).movie_layer is second
    viewer.layers.selection.active = first
    assert get_session(viewer).movie_layer is first
    viewer.layers.remove(first)
    assert get_session(viewer).movie_layer is second
    viewer.layers.remove(second)
    assert get_session(viewer).movie_layer is None
    assert activity.frames is None
    assert activity.field.values.size == 0


def test_units_given_by_hand_are_taken_over(viewer, activity, add_movie):
    layer = add_movie(viewer, scale=(1, 1, 1), units=("pixel", "pixel", "pixel"))
    assert activity.frames.fps is None
    layer.scale, layer.units = (0.05, 1, 1), ("s", "um", "um")
    assert activity.frames.fps == pytest.approx(20)


@pytest.mark.windowless(False)
def test_a_frame_rate_given_in_the_train_dock_is_taken_over(viewer, dock, activity, add_movie):
    add_movie(viewer, scale=(1, 1, 1), units=("pixel", "pixel", "pixel"))
    told = []
    activity.frames_changed.connect(told.append)
    dock.movie_choice.units.fps.value = 25
    assert activity.frames.fps == 25
    assert told == [activity.frames]
    dock.movie_choice.units.pixel_size_um.value = 0.5
    assert len(told) == 1


def test_a_movie_that_is_superseded_is_read_no_further(qtbot, viewer, activity, until_read):
    asked = []

    def read(start, stop):
        asked.append(start)
        time.sleep(0.02)
        return np.broadcast_to(np.uint8(0), (stop - start, 256, 256))

    slow = from_reader(read, (20_000, 256, 256), np.uint8)
    layer = viewer.add_image(slow, contrast_limits=(0, 1))
    qtbot.waitUntil(lambda: activity.field.known > 0, timeout=10_000)
    assert np.isnan(activity.field.values[-1, 0])
    viewer.add_image(np.ones((30, 8, 8)), contrast_limits=(0, 1))
    until_read()
    assert activity.field.values[:, 0].tolist() == [1.0] * 30
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)
    assert len(asked) < 40


def test_a_movie_that_cannot_be_read_says_so(viewer, activity, until_read):
    def read(start, stop):
        if start >= 30:
            raise RuntimeError("the disk is gone")
        return np.zeros((stop - start, 8, 8), np.uint8)

    viewer.add_image(
        from_reader(read, (40, 8, 8), np.uint8, length=10),
        contrast_limits=(0, 1),
        cache=False,
    )
    until_read()
    assert "the disk is gone" in activity.field.failure
    assert not activity.field.busy


@pytest.mark.windowless(False)
def test_closing_the_window_while_it_reads(qtbot, viewer, activity):
    def read(start, stop):
        time.sleep(0.01)
        return np.broadcast_to(np.uint8(0), (stop - start, 256, 256))

    viewer.add_image(from_reader(read, (50_000, 256, 256), np.uint8), contrast_limits=(0, 1))
    qtbot.waitUntil(lambda: activity.field.known > 0, timeout=10_000)
    viewer.close()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=10_000)

"""Traces are the plain means, whatever the blocks, and need little memory."""

import tracemalloc

import dask.array as da
import numpy as np
import pytest

from napari_sparsevar.movie.blocks import from_memory, from_reader
from napari_sparsevar.movie.traces import (
    PIECE_PIXELS,
    field_trace,
    region_labels,
    region_traces,
    relative_change,
)


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 60_000, (57, 9, 11)).astype(np.uint16)


@pytest.fixture
def labels():
    image = np.zeros((9, 11), np.int32)
    image[0:3, 0:2], image[5:8, 4:9] = 7, 2
    return image


def whole(traced):
    pieces = list(traced)
    assert [p.start for p in pieces] == [0, *(p.stop for p in pieces[:-1])]
    assert all(len(p.values) == p.stop - p.start for p in pieces)
    return np.concatenate([p.values for p in pieces])


@pytest.mark.parametrize("length", [1, 10, 57])
def test_field_is_the_mean_of_every_frame(frames, length):
    lazy = da.from_array(frames, chunks=(length, 9, 11))
    np.testing.assert_allclose(whole(field_trace(lazy))[:, 0], frames.mean((1, 2)))


@pytest.mark.parametrize("length", [1, 10, 57])
def test_regions_are_the_means_of_their_pixels_in_order_of_labels(frames, labels, length):
    lazy = da.from_array(frames, chunks=(length, 9, 11))
    found = whole(region_traces(lazy, labels))
    assert list(region_labels(labels)) == [2, 7]
    for column, label in enumerate([2, 7]):
        np.testing.assert_allclose(found[:, column], frames[:, labels == label].mean(1))


def test_nothing_painted_reads_nothing(labels):
    def read(start, stop):
        raise AssertionError("the movie was read")

    lazy = from_reader(read, (57, 9, 11), np.uint16)
    assert list(region_traces(lazy, np.zeros_like(labels))) == []


def test_labels_of_another_field_of_view_are_refused(frames):
    with pytest.raises(ValueError, match="labels have shape"):
        next(region_traces(from_memory(frames), np.ones((4, 4), int)))


def test_pixels_that_are_no_number_are_left_out(frames, labels):
    holed = frames.astype(float)
    holed[:, 0, 0] = np.nan
    holed[3] = np.inf
    found, field = whole(region_traces(da.from_array(holed), labels)), None
    field = whole(field_trace(da.from_array(holed)))[:, 0]
    kept = (labels == 7) & (np.arange(99).reshape(9, 11) > 0)
    assert np.isnan(found[3]).all()
    assert np.isnan(field[3])
    np.testing.assert_allclose(np.delete(found[:, 1], 3), np.delete(frames, 3, 0)[:, kept].mean(1))


def test_answers_come_while_it_reads_and_memory_stays_bounded():
    asked = []

    def read(start, stop):
        asked.append(start)
        return np.ones((stop - start, 128, 128), np.uint16)

    lazy = from_reader(read, (4000, 128, 128), np.uint16)
    tracemalloc.start()
    traced = field_trace(lazy)
    first = next(traced)
    assert len(asked) == 1
    assert first.stop < 4000
    for _ in traced:
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Two blocks of 16 MB, and a piece as real numbers; all frames would be 131 MB, or 524 as float.
    assert most < 2 * 17 * 2**20 + 3 * 8 * PIECE_PIXELS


def test_relative_change_is_zero_at_rest_and_has_no_unit():
    trace = np.array([100.0] * 50 + [150.0] * 5)
    change = relative_change(trace)
    np.testing.assert_allclose(change, [0.0] * 50 + [0.5] * 5)
    np.testing.assert_allclose(relative_change(7 * trace), change)


@pytest.mark.parametrize("trace", [np.zeros(5), np.full(5, np.nan)])
def test_relative_change_without_a_baseline_is_unknown(trace):
    assert np.isnan(relative_change(trace)).all()


def test_a_rise_from_a_negative_baseline_is_positive():
    assert relative_change(np.array([-10.0, -10.0, -10.0, -5.0]))[-1] == pytest.approx(0.5)

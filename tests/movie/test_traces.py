"""Traces are the plain means, whatever the blocks, and need little memory."""

import tracemalloc

import dask.array as da
import numpy as np
import pytest
from scipy.sparse import csr_array

from napari_sparsevar.movie.reading.lazy_frames import from_memory, from_reader
from napari_sparsevar.movie.traces import (
    PIECE_PIXELS,
    field_trace,
    region_labels,
    region_traces,
    relative_change,
    relative_traces,
    sparse_traces,
    weighted_traces,
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


@pytest.fixture
def weights():
    rng = np.random.default_rng(1)
    images = np.zeros((2, 9, 11))
    images[0, 2:5, 3:6], images[1, 3:7, 4:9] = rng.normal(size=(3, 3)), rng.normal(size=(4, 5))
    return images


@pytest.mark.parametrize("length", [1, 10, 57])
def test_weighted_sums_are_those_of_every_frame(frames, weights, length):
    found = whole(weighted_traces(da.from_array(frames, chunks=(length, 9, 11)), weights))
    np.testing.assert_allclose(found, np.einsum("tyx,nyx->tn", frames.astype(float), weights))


def test_sparse_weights_are_the_same_weights(frames, weights):
    rows = csr_array(weights.reshape(len(weights), -1))
    found = whole(sparse_traces(from_memory(frames), rows))
    np.testing.assert_allclose(found, whole(weighted_traces(from_memory(frames), weights)))
    with pytest.raises(ValueError, match="weights have shape"):
        next(sparse_traces(from_memory(frames), rows[:, :50]))


def test_weighted_sums_of_all_pixels(frames):
    images = np.random.default_rng(2).normal(size=(2, 9, 11))
    found = whole(weighted_traces(from_memory(frames), images))
    np.testing.assert_allclose(found, np.einsum("tyx,nyx->tn", frames.astype(float), images))


def test_only_the_box_around_the_weights_is_taken(weights):
    # A dask graph knows what is asked of it: blocks beside the box are never made.
    def block(block_info=None):
        row, column = block_info[None]["chunk-location"][1:]
        assert (row, column) == (0, 0), "a block beside the box was made"
        return np.ones((4, 8, 10), np.uint16)

    chunks = ((4, 4), (8, 8), (10, 10))
    lazy = da.map_blocks(block, chunks=chunks, dtype=np.uint16, meta=np.empty((0, 0, 0), np.uint16))
    wide = np.zeros((2, 16, 20))
    wide[:, :8, :10] = weights[:, :8, :10]
    found = whole(weighted_traces(lazy, wide))
    np.testing.assert_allclose(found, np.tile(wide.sum((1, 2)), (8, 1)))


def test_a_pixel_that_is_no_number_makes_the_frame_unknown_if_it_has_weight(frames, weights):
    holed = frames.astype(float)
    holed[3, 3, 4], holed[5, 4, 8] = np.nan, -np.inf
    # In the box, but of no weight.
    holed[9, 2, 8] = np.nan
    found = whole(weighted_traces(from_memory(holed), weights))
    assert np.flatnonzero(np.isnan(found).any(axis=1)).tolist() == [3, 5]
    kept = np.delete(np.arange(57), [3, 5])
    wanted = np.einsum("tyx,nyx->tn", frames.astype(float), weights)
    np.testing.assert_allclose(found[kept], wanted[kept])


def test_weights_of_nothing_read_nothing_and_of_another_field_are_refused(frames):
    def read(start, stop):
        raise AssertionError("the movie was read")

    lazy = from_reader(read, (57, 9, 11), np.uint16)
    assert list(weighted_traces(lazy, np.zeros((2, 9, 11)))) == []
    with pytest.raises(ValueError, match="weights have shape"):
        next(weighted_traces(from_memory(frames), np.ones((2, 4, 4))))


def test_model_and_residual_share_the_baseline_of_the_movie():
    rng = np.random.default_rng(0)
    movie, background = rng.uniform(90, 200, 50), rng.uniform(-5, 5, 50)
    modelled = {"reconstruction": rng.uniform(90, 200, 50), "prediction": rng.uniform(90, 200, 50)}
    found = relative_traces(movie, background, modelled)
    rest = np.percentile(movie, 20)
    np.testing.assert_allclose(found["movie"], relative_change(movie))
    for name, values in modelled.items():
        np.testing.assert_allclose(found[name], (values + background - rest) / rest)
    np.testing.assert_allclose(found["residual"] + found["prediction"], found["movie"])


def test_relative_traces_of_what_is_known_so_far():
    movie = np.array([100.0, np.nan, 150.0, np.nan])
    found = relative_traces(movie, movie * 0, {"prediction": np.array([90.0, 90, np.nan, 90])})
    known = {name: np.flatnonzero(np.isfinite(values)).tolist() for name, values in found.items()}
    assert known == {"movie": [0, 2], "prediction": [0], "residual": [0]}
    assert list(relative_traces(movie, movie, {})) == ["movie"]


@pytest.mark.parametrize("level", [0.0, np.nan])
def test_relative_traces_without_a_baseline_are_unknown(level):
    movie = np.full(4, level)
    found = relative_traces(movie, movie, {"prediction": np.ones(4)})
    assert all(np.isnan(values).all() for values in found.values())


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

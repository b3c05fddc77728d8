"""Time blocks: nothing leaks, everything is covered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import napari_sparsevar as sv
from napari_sparsevar.training.held_out import (
    chunk_length,
    chunk_starts,
    draw_starts,
    even_starts,
    split_time,
    worth_looking_at,
)


@given(
    n_frames=st.integers(30, 20_000),
    wanted=st.integers(8, 256),
    fraction=st.floats(0.05, 0.5),
    lags=st.integers(1, 4),
)
def test_training_and_held_out_frames_partition_the_movie(
    n_frames: int, wanted: int, fraction: float, lags: int
) -> None:
    try:
        length = chunk_length(n_frames, wanted, fraction, lags)
    except sv.UserError:
        assert int(n_frames * fraction) < lags + 2
        return
    blocks = split_time(n_frames, length, fraction)
    use = np.zeros(n_frames, int)
    for start, stop in (*blocks.training, *blocks.held_out):
        use[start:stop] += 1
    assert (use == 1).all()
    assert lags + 2 <= length <= wanted
    assert any(stop - start >= length for start, stop in blocks.training)
    assert any(stop - start >= length for start, stop in blocks.held_out)


@given(seed=st.integers(0, 1000), length=st.integers(5, 60))
def test_chunks_stay_inside_their_spans(seed: int, length: int) -> None:
    spans = ((0, 100), (130, 260))
    rng = np.random.default_rng(seed)
    drawn = draw_starts(chunk_starts(spans, length), 8, rng)
    for starts in (drawn, even_starts(chunk_starts(spans, length, length), 4)):
        for start in starts:
            assert any(a <= start and start + length <= b for a, b in spans)


def test_even_chunks_do_not_overlap() -> None:
    starts = even_starts(chunk_starts(((0, 200), (220, 400)), 30, 30), 6)
    assert (np.diff(starts) >= 30).all()


def test_chunks_of_bad_frames_are_not_looked_at() -> None:
    connected = np.zeros(300, bool)
    connected[200:300] = True
    starts = chunk_starts(((0, 300),), 30)
    found = starts[worth_looking_at(starts, 30, 1, connected)]
    assert found.min() == 200 - 30 + 4  # three frames with a past, a tenth of its 29
    assert found.max() == 270
    assert worth_looking_at(starts, 30, 1, np.ones(300, bool)).all()


def test_too_short_a_movie_names_the_frames_it_needs() -> None:
    with pytest.raises(sv.UserError, match="10 frames to train on, too few for 2 lag"):
        chunk_length(10, 64, 0.2, 2)
    chunk_length(20, 64, 0.2, 2)

"""Times of frames: how far apart they are, and where they jump."""

from __future__ import annotations

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.movie.times import timed, timing_of


def test_even_times_have_a_step_and_no_jump() -> None:
    timing = timing_of(5.0 + np.arange(100) * 0.1, "F")
    assert timing.step == pytest.approx(0.1)
    assert timing.jumps == ()
    assert timing.note("F") == ()


def test_jumps_are_where_frames_are_missing_or_time_begins_anew() -> None:
    times = np.concatenate([np.arange(30), np.arange(40, 60), np.arange(20)]) * 0.1
    timing = timing_of(times, "F")
    assert timing.step == pytest.approx(0.1)
    assert timing.jumps == (30, 50)
    assert "2 of the frames (30, 50, counted from 0)" in timing.note("F")[0]


def test_times_that_were_rounded_do_not_jump() -> None:
    timing = timing_of((np.arange(1000) / 29.97).round(2), "F")
    assert timing.jumps == ()
    assert 1.0 / timing.step == pytest.approx(29.97, rel=1e-3)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        (np.zeros(9), "do not go up"),
        (np.array([0.0, np.nan, 2.0]), "when frame 1 was taken"),
        (np.cumsum(np.tile([1.0, 3.0], 20)), "not taken evenly"),
    ],
)
def test_times_without_a_step_are_one_sentence(times: np.ndarray, said: str) -> None:
    with pytest.raises(sv.UserError, match=said):
        timing_of(times, "F")


def test_nothing_is_foretold_across_a_jump() -> None:
    """Frames that are missing are as a border of two trials."""
    rng = np.random.default_rng(0)
    traces = rng.standard_normal((300, 3)).astype(np.float32)
    traces[1:, 1] += 0.8 * traces[:-1, 0]
    for part in (traces[:120], traces[120:]):  # a trial would lose its mean
        part -= part.mean(axis=0)
    times = np.arange(300) / 10.0
    times[120:] += 7.0
    jumping = sv.fit_traces(sv.Cells(list("abc"), traces={"raw": traces}, times=times))
    parted = sv.fit_traces(
        sv.Cells(list("abc"), traces={"raw": traces}), trials=[(0, 120), (120, 300)]
    )
    glued = sv.fit_traces(sv.Cells(list("abc"), traces={"raw": traces}))
    np.testing.assert_allclose(jumping.matrix("estimate"), parted.matrix("estimate"), atol=1e-6)
    assert (jumping.matrix("estimate") != glued.matrix("estimate")).any()


@pytest.mark.parametrize("burst", [4, 30, 100])
def test_the_rate_of_a_movie_is_that_between_its_pauses(burst: int) -> None:
    frames = np.arange(300)
    movie = sv.open_movie(np.random.default_rng(0).random((300, 8, 8)))
    found = timed(movie, 3.0 + frames / 20.0 + 60.0 * (frames // burst), "the file")
    assert found.fps == pytest.approx(20.0)
    assert found.jumps == tuple(range(burst, 300, burst))
    assert "pauses before frame" in found.notes[0]


def test_even_times_leave_a_movie_without_pauses() -> None:
    movie = sv.open_movie(np.random.default_rng(0).random((300, 8, 8)))
    times = (np.arange(300) / 29.97).round(2)
    for unknown in ([7, 150], [0, 1, 2], [298, 299]):
        given = times.copy()
        given[unknown] = np.nan
        found = timed(movie, given, "the file")
        assert found.fps == pytest.approx(29.97, rel=1e-3)
        assert (found.jumps, found.times, found.notes) == ((), None, ())


def test_uneven_times_give_no_rate_and_a_note() -> None:
    movie = sv.open_movie(np.random.default_rng(0).random((40, 8, 8)))
    found = timed(movie, np.cumsum(np.tile([1.0, 3.0], 20)), "the file")
    assert (found.fps, found.jumps) == (None, ())
    assert "not taken evenly" in found.notes[0]


def test_times_of_another_number_of_frames_are_not_those_of_the_movie() -> None:
    movie = sv.open_movie(np.random.default_rng(0).random((40, 8, 8)))
    assert timed(movie, np.arange(39.0), "the file") is movie

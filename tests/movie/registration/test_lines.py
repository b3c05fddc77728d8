"""Every other line that is off is found and put back; a movie without that is left as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.movie.registration.interpolation import moved
from napari_sparsevar.movie.registration.lines import aligned, line_phase
from napari_sparsevar.movie.registration.shifts import Shifts


@cache
def simulated(regime: str, seed: int, phase: float = 0.0) -> sv.Movie:
    nuisances = sv.Nuisances().adding(f"line_phase:px={phase}") if phase else None
    return sv.simulate_movie(300, (96, 96), seed=seed, regime=regime, nuisances=nuisances)[0]


@pytest.mark.parametrize("regime", ["easy", "medium_noise", "strong_noise"])
@pytest.mark.parametrize("seed", [3, 4])
def test_where_there_is_none_none_is_found(regime: str, seed: int) -> None:
    assert line_phase(simulated(regime, seed).data.compute()) == 0.0


@pytest.mark.parametrize(
    ("regime", "error"), [("easy", 0.05), ("medium_noise", 0.1), ("strong_noise", 0.2)]
)
@pytest.mark.parametrize("phase", [0.6, 1.5, 4.0])
def test_it_is_found_to_parts_of_a_pixel(regime: str, error: float, phase: float) -> None:
    frames = simulated(regime, 3, phase).data.compute()
    assert line_phase(frames) == pytest.approx(phase, abs=error)
    # Mirrored, lines are off the other way; begun one line later, odd ones are even.
    assert line_phase(frames[:, :, ::-1]) == pytest.approx(-phase, abs=error)
    assert line_phase(frames[:, 1:]) == pytest.approx(-phase, abs=error)


@pytest.mark.parametrize("change", ["black", "flat", "nan", "small"])
def test_frames_that_show_nothing_have_none(change: str) -> None:
    frames = simulated("easy", 3).data.compute()[:40].astype(np.float32)
    made = {
        "black": np.zeros_like(frames),
        "flat": np.full_like(frames, 7.0),
        "nan": np.full_like(frames, np.nan),
        "small": frames[:, :9, :9],
    }[change]
    assert line_phase(made) == 0.0


def test_aligned_lines_lie_as_they_should() -> None:
    frame = np.random.default_rng(0).random((9, 30)).astype(np.float32)
    off = aligned(frame, -3.0)
    np.testing.assert_array_equal(off[::2], frame[::2])
    np.testing.assert_array_equal(off[1::2, 3:], frame[1::2, :-3])
    np.testing.assert_array_equal(aligned(off, 3.0)[:, :-3], frame[:, :-3])


def test_lines_alone_are_put_back_and_kept_with_the_shifts() -> None:
    movie, plain = simulated("easy", 3, 2.0), simulated("easy", 3)
    still = sv.register(movie)
    assert still.registered is not None
    shifts = still.registered.shifts
    assert shifts.line_phase == pytest.approx(2.0, abs=0.1)
    assert "Every other line was off by" in still.notes[-1]
    assert (shifts.quality()["lines"] == shifts.line_phase).all()
    assert Shifts.of(shifts.arrays()).line_phase == shifts.line_phase
    means = [each.data.compute().mean(axis=0)[:, 4:-4] for each in (plain, movie, still)]
    off, rest = (np.abs(mean - means[0]).mean() for mean in means[1:])
    assert rest < 0.2 * off


def test_motion_is_found_with_lines_that_are_off() -> None:
    """Lines are aligned before shifts are estimated and before frames are moved back."""
    frames = simulated("easy", 3).data.compute().astype(np.float32)
    path = np.random.default_rng(0).normal(0.0, 1.5, (len(frames), 2))
    pairs = zip(frames, path, strict=True)
    off = [aligned(moved(f, -step, f.mean()), -1.5, f.mean()) for f, step in pairs]
    still = sv.register(replace(simulated("easy", 3), data=from_memory(np.stack(off))))
    assert still.registered is not None
    error = still.registered.shifts.values - path
    error -= np.median(error, axis=0)
    assert np.sqrt((error**2).mean()) < 0.15
    assert still.registered.shifts.line_phase == pytest.approx(1.5, abs=0.1)
    inner = np.s_[10:-10, 10:-10]
    means = [each.mean(axis=0)[inner] for each in (frames, np.stack(off), still.data.compute())]
    before, rest = (np.abs(mean - means[0]).mean() for mean in means[1:])
    assert rest < 0.5 * before


def test_the_real_movie_has_none(real_movie: Path) -> None:
    assert line_phase(sv.open_movie(real_movie).data[::5].compute()) == 0.0

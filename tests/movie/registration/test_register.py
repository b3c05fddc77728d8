"""A moving field of view is held still: shifts as they were, and nothing where nothing moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.movie.registration.interpolation import moved
from napari_sparsevar.movie.registration.register import estimating_shifts
from napari_sparsevar.movie.registration.shifts import KINDS, Shifts
from napari_sparsevar.progress import returned

FRAMES = 400


@pytest.fixture(scope="module")
def still() -> sv.Movie:
    return sv.simulate_movie(FRAMES, (64, 72), seed=1)[0]


@pytest.fixture(scope="module")
def path() -> np.ndarray:
    """Drift and jitter, in pixels, (T, 2)."""
    rng = np.random.default_rng(0)
    drift = 4.0 * np.sin(np.linspace(0, 5, FRAMES))[:, None] * np.array([1.0, -0.6])
    return drift + rng.normal(0, 0.4, (FRAMES, 2))


@pytest.fixture(scope="module")
def moving(still: sv.Movie, path: np.ndarray) -> sv.Movie:
    frames = np.asarray(still.data).astype(np.float32)
    pairs = zip(frames, path, strict=True)
    moved = [ndimage.shift(frame, shift, order=3, mode="nearest") for frame, shift in pairs]
    counts = np.clip(np.stack(moved), 0, 65535).astype(np.uint16)
    return replace(still, data=from_memory(counts), name="moving")


@pytest.fixture(scope="module")
def registered(moving: sv.Movie) -> sv.Movie:
    return sv.register(moving)


@pytest.fixture(scope="module")
def shifts(registered: sv.Movie) -> Shifts:
    assert registered.registered is not None
    return registered.registered.shifts


def test_shifts_are_found_to_a_fifth_of_a_pixel(shifts: Shifts, path: np.ndarray) -> None:
    error = shifts.values - path
    error -= np.median(error, axis=0)  # where the middle lies is anybody's choice
    assert np.sqrt((error**2).mean()) < 0.2
    assert not shifts.lost.any()
    assert shifts.alike.mean() > shifts.before.mean() + 0.1


def test_frames_come_back_as_they_were(
    still: sv.Movie, moving: sv.Movie, registered: sv.Movie
) -> None:
    movie = registered
    assert movie.data.shape == moving.data.shape
    assert "Registered" in movie.notes[-1]
    inner = np.s_[:, 12:-12, 12:-12]
    blurred = [
        ndimage.gaussian_filter(np.asarray(m.data).astype(float), 1.5, axes=(1, 2))[inner]
        for m in (still, moving, replace(movie, data=movie.data.map_blocks(np.nan_to_num)))
    ]
    before, after = (np.abs(other - blurred[0]).mean() for other in blurred[1:])
    assert after < 0.6 * before
    again = sv.register(movie)
    assert again.data is movie.data


def test_what_no_frame_shows_is_nan_and_only_at_the_rim(
    registered: sv.Movie, shifts: Shifts
) -> None:
    frames = registered.data.compute()
    reach = int(np.ceil(abs(shifts.values).max())) + 1
    assert np.isnan(frames).any()
    assert not np.isnan(frames[:, reach:-reach, reach:-reach]).any()


def test_a_still_movie_is_left_as_it_is(still: sv.Movie) -> None:
    movie = sv.register(still)
    assert movie.data is still.data
    assert "registered already" in movie.notes[-1]


def test_what_noise_seems_to_move_is_left_too() -> None:
    noisy, _ = sv.simulate_movie(FRAMES, (64, 72), seed=1, regime="strong_noise")
    assert returned(estimating_shifts(noisy)).moves < 0.1
    for kind in KINDS:
        assert sv.register(noisy, kind).data is noisy.data


def test_frames_nobody_recognises_move_as_those_around_them(moving: sv.Movie) -> None:
    frames = np.asarray(moving.data).copy()
    frames[200] = 0
    found = returned(estimating_shifts(replace(moving, data=from_memory(frames))))
    np.testing.assert_allclose(found.values[200], found.values[[199, 201]].mean(axis=0), atol=2.5)


def test_drivers_are_found_on_what_comes_out(registered: sv.Movie, tmp_path: Path) -> None:
    """The rim that is NaN is masked, and the rest trained on."""
    config = sv.TrainConfig(steps=1, chunk_frames=32, chunks=2, model=sv.ModelConfig(stride=6))
    list(sv.train(registered, config, out=tmp_path / "run", until="map"))
    results = sv.load_run(tmp_path / "run").results
    assert results.good.mean() > 0.9
    assert results.contribution.max() > 0


def test_another_kind_is_refused(still: sv.Movie) -> None:
    with pytest.raises(sv.UserError, match="'rigid', 'piecewise', not 'elastic'"):
        sv.register(still, "elastic")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shift", [(0, 0), (2, -3), (1.3, -2.6), (-0.4, 0.0), (30, 1), (-9.5, 40.2)]
)
def test_moved_is_as_linear_interpolation(shift: tuple[float, float]) -> None:
    frame = np.random.default_rng(0).random((11, 14)).astype(np.float32)
    expected = ndimage.shift(frame, [-part for part in shift], order=1, cval=np.nan)
    np.testing.assert_allclose(moved(frame, np.array(shift), np.nan), expected, atol=1e-6)


def test_the_table_tells_when_it_moved(shifts: Shifts) -> None:
    over_time, frames = shifts.quality(), shifts.table()
    assert len(over_time) == 10
    assert len(frames) == FRAMES
    assert (over_time["after"] > over_time["before"]).all()
    assert over_time["largest"].max() == pytest.approx(frames["size"].max())
    assert shifts.crispness > 1.1


def test_the_real_movie_is_more_like_its_mean(real_movie: Path) -> None:
    movie = sv.open_movie(real_movie)
    found = returned(estimating_shifts(replace(movie, data=movie.data[::3])))
    assert 1.0 < found.largest < 4.0
    assert found.alike.mean() > found.before.mean() + 0.02

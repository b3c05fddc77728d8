"""A field of view that bends is held still part by part; where nothing bends, nothing is bent."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import napari_sparsevar as sv
from napari_sparsevar.movie.reading.lazy_frames import from_memory
from napari_sparsevar.movie.registration.register import estimating_shifts
from napari_sparsevar.movie.registration.shifts import Shifts
from napari_sparsevar.progress import Step

FRAMES, SIDE = 160, 96


@pytest.fixture(scope="module")
def still() -> sv.Movie:
    return sv.simulate_movie(FRAMES, (SIDE, SIDE + 8), seed=2)[0]


@pytest.fixture(scope="module")
def field(still: sv.Movie) -> np.ndarray:
    """How far each pixel is off: drift, jitter, and slow bends of about a pixel, (T, 2, Y, X)."""
    rng = np.random.default_rng(0)
    drift = 2.5 * np.sin(np.linspace(0, 5, FRAMES))[:, None] * np.array([1.0, -0.6])
    drift += rng.normal(0, 0.3, (FRAMES, 2))
    rows, columns = (np.linspace(0, np.pi, length) for length in still.shape)
    bends = np.stack(
        [
            np.cos(rows)[:, None] + 0 * columns,
            np.cos(columns)[None] + 0 * rows[:, None],
            np.outer(np.cos(rows), np.cos(columns)),
        ]
    )
    sizes = ndimage.gaussian_filter1d(rng.normal(0, 1, (FRAMES, 2, 3)), 8, axis=0)
    bent = np.einsum("tak,kyx->tayx", sizes / sizes.std(), bends)
    return np.asarray(bent + drift[:, :, None, None])


@pytest.fixture(scope="module")
def moving(still: sv.Movie, field: np.ndarray) -> sv.Movie:
    grid = np.mgrid[: still.shape[0], : still.shape[1]]
    pairs = zip(np.asarray(still.data).astype(np.float32), field, strict=True)
    frames = [
        ndimage.map_coordinates(each, grid - off, order=3, mode="nearest") for each, off in pairs
    ]
    counts = np.clip(np.stack(frames), 0, 65535).astype(np.uint16)
    return replace(still, data=from_memory(counts), name="moving")


@pytest.fixture(scope="module")
def rigid(moving: sv.Movie) -> sv.Movie:
    return sv.register(moving)


@pytest.fixture(scope="module")
def piecewise(moving: sv.Movie) -> sv.Movie:
    return sv.register(moving, "piecewise")


def shifts_of(movie: sv.Movie) -> Shifts:
    assert movie.registered is not None
    return movie.registered.shifts


@pytest.fixture(scope="module")
def shifts(piecewise: sv.Movie) -> Shifts:
    return shifts_of(piecewise)


def errors(shifts: Shifts, field: np.ndarray) -> np.ndarray:
    """What is left of the motion, rms over the inner field for each frame."""
    shape = field.shape[2:]
    grid, left = np.mgrid[: shape[0], : shape[1]], []
    for number, off in enumerate(field):
        found = np.broadcast_to(shifts.values[number][:, None, None], (2, *shape))
        if shifts.local is not None:
            found = found + shifts.local.field(number, shape)
        there = [
            ndimage.map_coordinates(part, grid + found, order=1, mode="nearest") for part in off
        ]
        left.append(found - np.stack(there))
    away = np.stack(left) - np.median(left, axis=0)
    return np.sqrt((away[:, :, 10:-10, 10:-10] ** 2).mean(axis=(1, 2, 3)))


def test_parts_are_found_to_a_third_of_a_pixel(
    rigid: sv.Movie, shifts: Shifts, field: np.ndarray
) -> None:
    found = errors(shifts, field)
    assert np.sqrt((found**2).mean()) < 0.33
    assert np.percentile(found, 95) < 0.5
    assert np.sqrt((errors(shifts_of(rigid), field) ** 2).mean()) > 0.6
    assert shifts.alike.mean() > shifts.before.mean() + 0.1


def test_frames_come_back_as_they_were(
    still: sv.Movie, rigid: sv.Movie, piecewise: sv.Movie
) -> None:
    ways = {"rigid": rigid, "piecewise": piecewise}
    assert "in parts" in ways["piecewise"].notes[-1]
    inner, away = np.s_[:, 14:-14, 14:-14], {}
    truth = ndimage.gaussian_filter(np.asarray(still.data).astype(float), 1.5, axes=(1, 2))[inner]
    for kind, movie in ways.items():
        frames = np.nan_to_num(movie.data.compute().astype(float))
        away[kind] = np.abs(ndimage.gaussian_filter(frames, 1.5, axes=(1, 2))[inner] - truth).mean()
    assert away["piecewise"] < 0.85 * away["rigid"]


def test_what_bends_nowhere_is_not_bent(still: sv.Movie, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Shifts] = []

    def estimating(movie: sv.Movie, kind: str) -> Generator[Step, None, Shifts]:
        found.append((yield from estimating_shifts(movie, kind)))
        return found[0]

    monkeypatch.setattr(f"{estimating_shifts.__module__}.estimating_shifts", estimating)
    movie = sv.register(still, "piecewise")
    assert found[0].largest < 0.3
    assert movie.data is still.data
    assert "registered already" in movie.notes[-1]


def test_kept_and_read_again_it_is_the_same(shifts: Shifts) -> None:
    again = Shifts.of(shifts.arrays())
    assert again.kind == "piecewise"
    frame = np.random.default_rng(0).random((SIDE, SIDE + 8)).astype(np.float32)
    np.testing.assert_array_equal(again.back(7, frame), shifts.back(7, frame))
    assert again.sentence() == shifts.sentence()


@pytest.mark.parametrize("name", ["shifts", "rows", "values"])
def test_damaged_they_are_refused(shifts: Shifts, name: str) -> None:
    arrays = shifts.arrays()
    with pytest.raises(ValueError, match="shifts are"):
        Shifts.of({**arrays, name: arrays[name][::-1] if name == "rows" else arrays[name] * np.nan})

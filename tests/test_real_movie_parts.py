"""The pieces of the real-movie benchmark give the answers that are known beforehand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest

from napari_sparsevar import UserError


class Parts(NamedTuple):
    """The modules of the benchmark that are tested here."""

    measures: ModuleType
    pixels: ModuleType
    tiles: ModuleType


@pytest.fixture(scope="module")
def parts(repository: Path) -> Iterator[Parts]:
    sys.path.insert(0, str(repository / "benchmarks"))
    yield Parts(*(import_module(f"real_parts.{name}") for name in Parts._fields))
    sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(64, 64), (128, 128), (40, 73)])
def test_tiles_keep_their_pixels_and_no_two_share_a_time(
    parts: Parts, rng: np.random.Generator, shape: tuple[int, int]
) -> None:
    tiles = parts.tiles.draw_tiles(shape, 1000, rng)
    least = parts.tiles.LEAST_SHIFT
    assert tiles.shifts.min() >= least
    assert tiles.shifts.max() <= 1000 - least
    assert len(np.unique(tiles.shifts)) == tiles.shifts.size
    for step in ((0, 1), (1, 0), (1, 1)):
        here = tiles.shifts[: len(tiles.rows) - step[0], : len(tiles.columns) - step[1]]
        there = tiles.shifts[step[0] :, step[1] :]
        assert np.abs(here - there).min() >= least
    frames = np.arange(1000)[:, None, None] + np.zeros(shape, int)
    moved = parts.tiles.shift_tiles(frames, tiles)
    row, column = parts.tiles.SIZE_PX, parts.tiles.SIZE_PX
    tile = tiles.tile_of(np.array([[row, column]]))[0]
    assert moved[0, row, column] == 1000 - tiles.shifts[tuple(tile)]
    assert (np.sort(moved, axis=0) == frames).all()


def test_tiles_over_the_background_leave_a_smooth_movie_alone(
    parts: Parts, rng: np.random.Generator
) -> None:
    course = rng.standard_normal(500).astype(np.float32)
    frames = np.broadcast_to(course[:, None, None], (500, 48, 48))
    tiles = parts.tiles.draw_tiles((48, 48), 500, rng)
    moved = parts.tiles.shift_tiles_over_background(frames, tiles, 12.0)
    np.testing.assert_allclose(moved, frames, atol=1e-4)


def test_a_movie_too_short_for_tiles_is_refused(parts: Parts, rng: np.random.Generator) -> None:
    with pytest.raises(UserError, match="too few"):
        parts.tiles.draw_tiles((64, 64), 150, rng)


def test_the_relation_of_places_is_that_of_their_tiles(parts: Parts) -> None:
    tiles = parts.tiles.Tiles(np.array([0, 10, 26]), np.array([0, 12, 28]), np.zeros((3, 3), int))
    place = np.array([9.5, 3.0])
    assert tiles.relation(place, np.array([0.0, 11.0])) == "same tile"
    assert tiles.relation(place, np.array([10.0, 12.0])) == "touching tiles"
    assert tiles.relation(place, np.array([26.0, 3.0])) == "tiles apart"


def test_the_relative_error_is_that_of_the_sums(parts: Parts) -> None:
    found = parts.measures.relative_error(np.array([1.0, 3.0]), np.array([2.0, 6.0]))
    assert found.value == pytest.approx(0.5)
    assert found.error == pytest.approx(0.0)
    assert np.isnan(parts.measures.relative_error(np.array([1.0]), np.array([2.0])).error)


def test_the_standard_error_covers(parts: Parts, rng: np.random.Generator) -> None:
    nothing = 1.0 + 0.1 * rng.standard_normal((400, 12))
    errors = 0.8 * nothing + 0.05 * rng.standard_normal((400, 12))
    found = [parts.measures.relative_error(*pair) for pair in zip(errors, nothing, strict=True)]
    scatter = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(scatter, rel=0.15)


def test_partial_correlation_takes_out_what_is_given(
    parts: Parts, rng: np.random.Generator
) -> None:
    shared, own = rng.standard_normal((2, 60, 60))
    first = shared + own + 0.5 * rng.standard_normal((60, 60))
    second = shared - own + 0.5 * rng.standard_normal((60, 60))
    measures = parts.measures
    assert measures.correlation(first, second) == pytest.approx(0.0, abs=0.06)
    assert measures.partial_correlation(first, second, [shared]) < -0.7
    assert measures.partial_correlation(first, second, [own]) > 0.7
    assert measures.partial_correlation(first, shared, [shared]) == 0.0


def test_an_even_image_correlates_with_nothing(parts: Parts, rng: np.random.Generator) -> None:
    image = rng.random((8, 8))
    assert parts.measures.correlation(np.ones((8, 8)), image) == 0.0
    assert parts.measures.correlation(image, image) == pytest.approx(1.0)
    assert parts.measures.chance_correlation(image, image, rng) < 0.5


def test_the_interval_of_a_share_is_exact(parts: Parts) -> None:
    low, high = parts.measures.share_interval(0, 20)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert parts.measures.share_interval(0, 0) == (0.0, 1.0)


def test_the_noise_aware_filter_beats_the_last_frame(
    parts: Parts, rng: np.random.Generator
) -> None:
    n, decay = 1500, 0.9
    hidden = np.zeros((n, 6, 6))
    for t in range(1, n):
        hidden[t] = decay * hidden[t - 1] + rng.standard_normal((6, 6)) * np.sqrt(1 - decay**2)
    values = (hidden + rng.standard_normal((n, 6, 6))).astype(np.float32)
    training = np.arange(n) < 1000
    found = dict(parts.pixels.pixel_predictions(values, training))
    error = {
        name: float(np.square(values[1000:] - predicted[1000:]).mean())
        for name, predicted in found.items()
    }
    best = 1.436  # noise of variance 1 plus what the Kalman filter cannot know
    assert error["per-pixel noise-aware filter"] < error["per-pixel AR(1)"] < error["last frame"]
    assert error["per-pixel noise-aware filter"] == pytest.approx(best, abs=0.05)


def test_nothing_is_predicted_from_the_frame_itself(parts: Parts, rng: np.random.Generator) -> None:
    values = rng.standard_normal((120, 8, 8)).astype(np.float32)
    training = np.arange(120) < 80
    changed = values.copy()
    changed[100:] = 9.0
    pairs = zip(
        parts.pixels.pixel_predictions(values, training),
        parts.pixels.pixel_predictions(changed, training),
        strict=True,
    )
    for (name, one), (_, other) in pairs:
        np.testing.assert_allclose(one[:101], other[:101], atol=1e-5, err_msg=name)

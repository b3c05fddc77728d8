"""Cells that are flipped beside their movie are found, and right ones are never doubted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import sparse

import napari_sparsevar as sv
from napari_sparsevar.cells.matching import matches, orientation_notes

Picture = np.ndarray

TURNS: dict[str, Callable[[Picture], Picture]] = {
    "mirrored left to right": np.fliplr,
    "mirrored top to bottom": np.flipud,
    "turned by 180 degrees": lambda image: np.rot90(image, 2),
    "with rows and columns exchanged": np.transpose,
    "turned by 90 degrees to the left": np.rot90,
    "turned by 90 degrees to the right": lambda image: np.rot90(image, -1),
    "with rows and columns exchanged and turned by 180 degrees": lambda image: np.rot90(image, 2).T,
}


def made(
    seed: int, shape: tuple[int, int] = (64, 64), n_cells: int = 24, regime: str = "easy"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean image of a simulated movie and the footprints of its cells."""
    movie, truth = sv.simulate_movie(
        60, shape, seed=seed, regime=regime, n_cells=n_cells, n_drivers=2, n_followers=2
    )
    return np.asarray(movie.data, np.float64).mean(axis=0), truth.footprints


def cells_of(footprints: np.ndarray) -> sv.Cells:
    flat = sparse.csr_array(footprints.reshape(len(footprints), -1))
    return sv.Cells([str(i) for i in range(len(footprints))], flat, footprints.shape[1:])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("shape", "n_cells", "regime"),
    [((64, 64), 24, "easy"), ((64, 96), 24, "strong_noise"), ((64, 64), 8, "strong_noise")],
)
def test_right_cells_are_never_doubted(
    seed: int, shape: tuple[int, int], n_cells: int, regime: str
) -> None:
    mean, footprints = made(seed, shape, n_cells, regime)
    assert orientation_notes(cells_of(footprints), mean) == ()
    given, *others = matches(cells_of(footprints), mean)
    assert given.words == "as they are"
    assert given.beyond_chance > max(abs(match.beyond_chance) for match in others)
    assert len(others) == (7 if shape[0] == shape[1] else 3)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("words", TURNS)
def test_turned_cells_are_found_and_it_is_said_how_to_turn_them_back(words: str, seed: int) -> None:
    """A movie is turned; its cells, which were not, fit as it was turned."""
    mean, footprints = made(seed)
    (note,) = orientation_notes(cells_of(footprints), TURNS[words](mean))
    assert f"better {words} (" in note
    assert "than as they are" in note


def test_mirrored_cells_of_a_field_that_is_no_square_are_found() -> None:
    mean, footprints = made(0, (64, 96))
    (note,) = orientation_notes(cells_of(footprints[:, :, ::-1]), mean)
    assert "mirrored left to right" in note


def test_cells_that_are_darker_than_their_surround_are_found_too() -> None:
    mean, footprints = made(1)
    assert orientation_notes(cells_of(footprints), -mean) == ()
    (note,) = orientation_notes(cells_of(footprints[:, ::-1]), -mean)
    assert "mirrored top to bottom (correlation -0." in note


@pytest.mark.parametrize("seed", range(4))
def test_cells_that_no_mean_image_shows_are_not_doubted(seed: int) -> None:
    _, footprints = made(seed)
    noise = np.random.default_rng(seed).normal(100, 5, footprints.shape[1:])
    assert orientation_notes(cells_of(footprints), noise) == ()
    another, _ = made(seed + 10)
    assert orientation_notes(cells_of(footprints), another) == ()
    assert orientation_notes(cells_of(footprints), np.full(footprints.shape[1:], 7.0)) == ()


def test_a_field_that_looks_the_same_in_a_mirror_is_not_doubted() -> None:
    mean, footprints = made(0)
    both = np.concatenate([footprints, footprints[:, :, ::-1]])
    assert orientation_notes(cells_of(both), mean + mean[:, ::-1]) == ()

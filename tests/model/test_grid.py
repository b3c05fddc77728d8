"""The latent grid: order of the latents, neighbourhoods, penalty weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid


def test_places_follow_torch_flatten_order() -> None:
    grid = LatentGrid((10, 14), stride=4, channels=2)
    row = torch.arange(grid.rows)[None, :, None].expand(grid.latent_shape).flatten()
    column = torch.arange(grid.columns)[None, None, :].expand(grid.latent_shape).flatten()
    np.testing.assert_array_equal(grid.places(), np.stack([row, column], axis=1))


@pytest.mark.parametrize("shape", [(64, 64), (63, 61), (17, 100)])
def test_padding_is_less_than_one_latent(shape: tuple[int, int]) -> None:
    grid = LatentGrid(shape, stride=4)
    for padded, length in zip(grid.padded_shape, shape, strict=True):
        assert length <= padded < length + 4
        assert padded % 4 == 0


@pytest.mark.parametrize("shape", [(64, 64), (63, 61), (17, 100), (128, 128)])
@pytest.mark.parametrize("stride", [3, 4, 6])
def test_centres_lie_in_the_field_of_view(shape: tuple[int, int], stride: int) -> None:
    grid = LatentGrid(shape, stride, channels=2)
    centres, places = grid.centres(), grid.places()
    assert centres.min() == (stride - 1) / 2
    # The last pixel that may be said is the last of the field: "126" of 128, never "129".
    assert (centres.round() <= np.subtract(shape, 1)).all()
    whole = (places + 1) * stride <= shape
    np.testing.assert_array_equal(centres[whole], (places * stride + (stride - 1) / 2)[whole])


@pytest.mark.parametrize("shape", [(64, 64), (63, 61)])
def test_pixels_of_latents_are_those_nearest_to_them(shape: tuple[int, int]) -> None:
    grid = LatentGrid(shape, stride=5, kept=tuple(range(3, 140, 2)))
    chosen = np.random.default_rng(0).random(grid.size) < 0.3
    pixels = grid.pixels_of(chosen)
    assert pixels.shape == shape
    row, column = (grid.places() * 5).astype(int).T
    np.testing.assert_array_equal(pixels[row, column], chosen)
    whole = LatentGrid(shape, stride=5)
    assert whole.pixels_of(np.ones(whole.size, bool)).all()


def test_weights_are_free_only_in_the_neighbourhood_and_grow_with_distance() -> None:
    grid = LatentGrid((40, 40), stride=4)
    config = ModelConfig(stride=4, lags=2, free_radius=2.0, distance_weight=1.0)
    weights = grid.penalty_weights(config)
    assert weights.shape == (2 * grid.size, grid.size)
    np.testing.assert_array_equal(weights[: grid.size], weights[grid.size :])
    own = grid.own_neighbourhood(2.0)
    assert own.sum(axis=0).max() == 25
    assert np.all((weights[: grid.size] == 0) == own)
    corner = weights[: grid.size, 0]
    distance = grid.distances()[:, 0]
    distant = corner > 0
    assert np.all(np.diff(corner[distant][np.argsort(distance[distant])]) >= -1e-12)
    assert corner.max() == pytest.approx(2.0)


def test_a_grid_of_some_latents_is_that_part_of_the_whole() -> None:
    whole = LatentGrid((40, 30), stride=4, channels=2)
    kept = np.sort(np.random.default_rng(0).permutation(whole.size)[:50])
    part = LatentGrid((40, 30), stride=4, channels=2, kept=tuple(kept.tolist()))
    config = ModelConfig(stride=4, lags=2, free_radius=2.0, distance_weight=1.0)
    rows = np.concatenate([kept, kept + whole.size])
    assert (part.size, part.latent_shape) == (50, whole.latent_shape)
    np.testing.assert_array_equal(part.centres(), whole.centres()[kept])
    np.testing.assert_array_equal(
        part.own_neighbourhood(2.0), whole.own_neighbourhood(2.0)[np.ix_(kept, kept)]
    )
    np.testing.assert_array_equal(
        part.penalty_weights(config), whole.penalty_weights(config)[np.ix_(rows, kept)]
    )


def test_unresolved_spacing_is_refused() -> None:
    with pytest.raises(ValueError, match="auto"):
        _ = ModelConfig().pixels_per_latent


def test_planes_side_by_side_are_told_apart() -> None:
    plane = LatentGrid((12, 20), stride=4)
    pitch = 42  # no whole number of latents
    grid = LatentGrid((12, 3 * pitch - 22), stride=4, pitch=pitch)
    assert set(grid.planes().tolist()) == {0, 1, 2}
    near = grid.own_neighbourhood(1.0)
    x = grid.centres()[:, 1]
    inside = x % pitch < 20
    index = {
        (int(k), int(row), round(float(column) % pitch)): n
        for n, (k, (row, column)) in enumerate(zip(grid.planes(), grid.centres(), strict=True))
        if inside[n]
    }
    first, above, far = (
        min(index, key=lambda at, k=k: (at[0] != k, abs(at[1] - 5) + abs(at[2] - 9)))  # type: ignore[misc]
        for k in (0, 1, 2)
    )
    # A cell reaches into the next plane, not into the one after.
    assert near[index[first], index[above]]
    assert near[index[above], index[far]]
    assert not near[index[first], index[far]]
    # Within a plane all is as without others.
    own = np.flatnonzero((grid.planes() == 0) & inside)
    np.testing.assert_array_equal(near[np.ix_(own, own)], plane.own_neighbourhood(1.0))
    np.testing.assert_array_equal(grid.distances()[np.ix_(own, own)], plane.distances())


def test_influence_across_planes_pays_for_what_lies_between_not_for_depth() -> None:
    grid = LatentGrid((8, 3 * 40 - 20), stride=4, pitch=40)
    config = ModelConfig(stride=4, free_radius=1.0, distance_weight=1.0)
    weights = grid.penalty_weights(config)
    same, shifted = 0, 4  # columns of plane 0, in latents
    deep = 2 * 10  # the first of plane 2
    assert weights[same, deep] == 1.0
    assert weights[shifted, deep] == pytest.approx(weights[shifted, same])


def test_planes_are_read_from_the_first_on() -> None:
    assert LatentGrid((8, 8), stride=4).read_before() is None
    grid = LatentGrid((4, 3 * 16 - 8), stride=8, pitch=16)
    before = grid.read_before()
    assert before is not None
    planes = grid.planes()
    assert planes.tolist() == [0, 0, 1, 1, 2]
    np.testing.assert_array_equal(before, planes[:, None] > planes)

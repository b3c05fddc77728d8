"""The network: what it may see, what moves with what, what is linear."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder
from napari_sparsevar.model.neuropil import background

SHAPE = (32, 40)


@pytest.fixture(params=[2, 4, 8])
def network(request: pytest.FixtureRequest) -> SparseVarAutoencoder:
    torch.manual_seed(0)
    net = SparseVarAutoencoder(ModelConfig(stride=request.param, width=8))
    with torch.no_grad():  # leave the special starting point
        for parameter in net.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return net.requires_grad_(False)


@pytest.fixture
def static() -> Tensor:
    return torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(1))


def frames(n: int = 3) -> Tensor:
    return torch.randn(n, *SHAPE, generator=torch.Generator().manual_seed(2))


def halves() -> tuple[Tensor, Tensor]:
    split = torch.rand(SHAPE, generator=torch.Generator().manual_seed(3)) < 0.5
    return split, torch.ones(SHAPE)


def test_a_half_never_sees_the_pixels_it_is_scored_on(
    network: SparseVarAutoencoder, static: Tensor
) -> None:
    split, inside = halves()
    movie = frames()
    changed = torch.where(split, movie, movie + 100.0)  # only pixels hidden from the first half
    before = network.encode(movie, static, split, inside)
    after = network.encode(changed, static, split, inside)
    assert torch.equal(before.halves[0], after.halves[0])
    assert torch.equal(before.contrast[0][:, split], after.contrast[0][:, split])
    assert not torch.allclose(before.halves[1], after.halves[1])


def test_padding_is_never_looked_at(network: SparseVarAutoencoder, static: Tensor) -> None:
    split, inside = halves()
    inside[:, 30:] = 0.0
    movie = frames()
    changed = movie.clone()
    changed[:, :, 30:] = 7.0
    before = network.encode(movie, static, split, inside)
    after = network.encode(changed, static, split, inside)
    torch.testing.assert_close(before.latents, after.latents)


def test_latents_have_the_grid_shape(network: SparseVarAutoencoder, static: Tensor) -> None:
    grid = LatentGrid(SHAPE, network.config.pixels_per_latent)
    code = network.encode(frames(), static, *halves())
    assert code.latents.shape == (3, *grid.latent_shape)
    assert network.decode(code.latents, static).shape == (3, *SHAPE)


def test_decoding_is_linear_and_agrees_with_footprints(
    network: SparseVarAutoencoder, static: Tensor
) -> None:
    latents = network.encode(frames(4), static, *halves()).latents
    twice = network.decode(2.0 * latents[:2] - latents[2:], static)
    apart = 2.0 * network.decode(latents[:2], static) - network.decode(latents[2:], static)
    torch.testing.assert_close(twice, apart, rtol=1e-4, atol=1e-4)
    shape = LatentGrid(SHAPE, network.config.pixels_per_latent).latent_shape
    footprints = network.footprints(shape, static)
    dense = (latents.flatten(1) @ footprints.flatten(1)).view(4, *SHAPE)
    torch.testing.assert_close(dense, network.decode(latents, static), rtol=1e-4, atol=1e-4)


def test_moving_the_tissue_by_one_latent_moves_the_code() -> None:
    torch.manual_seed(0)
    network = SparseVarAutoencoder(ModelConfig(stride=4, width=8)).requires_grad_(False)
    movie, static = frames(), torch.zeros(3, *SHAPE)
    split, inside = halves()
    movie[:, :12] = movie[:, -12:] = 0.0  # nothing wraps round
    movie[:, :, :12] = movie[:, :, -12:] = 0.0

    def roll(image: Tensor) -> Tensor:
        return torch.roll(image, (4, 4), dims=(-2, -1))

    here = network.encoder(movie, network.encoder.guide(split * inside, static))
    there = network.encoder(roll(movie), network.encoder.guide(roll(split * inside), static))
    moved = torch.roll(here, (1, 1), dims=(-2, -1))[:, :, 2:-1, 2:-1]
    torch.testing.assert_close(moved, there[:, :, 2:-1, 2:-1], rtol=1e-4, atol=1e-5)


def test_without_skip_static_images_do_not_matter(static: Tensor) -> None:
    torch.manual_seed(0)
    network = SparseVarAutoencoder(ModelConfig(stride=4, width=8, skip=False))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1)
        ours = network.encode(frames(), static, *halves()).latents
        none = network.encode(frames(), 0 * static, *halves()).latents
    assert torch.equal(ours, none)


def test_background_of_a_smooth_movie_is_the_movie() -> None:
    y, x = torch.meshgrid(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64), indexing="ij")
    smooth = (3.0 + 2.0 * y - x)[None]
    hidden = torch.rand(64, 64, generator=torch.Generator().manual_seed(0)) < 0.5
    found = background(smooth, (~hidden).float(), 8.0)
    inner = (slice(None), slice(12, -12), slice(12, -12))
    assert (found - smooth)[inner].abs().max() < 0.1


@pytest.mark.parametrize("stride", [3, 5, 7])
def test_odd_spacings_work_alike(stride: int) -> None:
    torch.manual_seed(0)
    grid = LatentGrid(SHAPE, stride)
    network = SparseVarAutoencoder(ModelConfig(stride=stride, width=8)).requires_grad_(False)
    still = torch.randn(3, *grid.padded_shape)
    movie, inside = torch.randn(2, *grid.padded_shape), torch.ones(grid.padded_shape)
    code = network.encode(movie, still, torch.rand(grid.padded_shape) < 0.5, inside)
    assert code.halves.shape[-3:] == grid.latent_shape
    latents = torch.randn(2, *grid.latent_shape)
    drawn = network.decoder.footprints(grid.latent_shape, still)
    together = torch.einsum("np,pyx->nyx", latents.flatten(1), drawn)
    torch.testing.assert_close(network.decode(latents, still), together, rtol=1e-4, atol=1e-4)


def test_latents_alone_are_those_of_the_code(network: SparseVarAutoencoder, static: Tensor) -> None:
    split, inside = halves()
    guided = network.guide(static, split, inside)
    whole = network.encode(frames(), static, split, inside).latents
    torch.testing.assert_close(network.latents(frames(), guided), whole)


@pytest.mark.parametrize("stride", [3, 4, 5, 7])
def test_latents_without_a_derivative_are_the_same(stride: int) -> None:
    torch.manual_seed(0)
    grid = LatentGrid(SHAPE, stride)
    network = SparseVarAutoencoder(ModelConfig(stride=stride, width=8))
    torch.nn.init.normal_(network.encoder.head.weight)
    movie, still = torch.randn(3, *grid.padded_shape), torch.randn(3, *grid.padded_shape)
    inside = (torch.rand(grid.padded_shape) < 0.9).float()
    guided = network.guide(still, torch.rand(grid.padded_shape) < 0.5, inside)
    with torch.no_grad():
        at_once = network.latents(movie, guided)
    torch.testing.assert_close(at_once, network.latents(movie, guided), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(32, 40), (31, 37)])
def test_the_background_is_a_normalised_convolution(shape: tuple[int, int]) -> None:
    rng = torch.Generator().manual_seed(4)
    movie, visible = torch.randn(2, *shape, generator=rng), torch.ones(shape)
    visible[torch.rand(shape, generator=rng) < 0.5] = 0.0
    rows, columns = (-(-length // 4) for length in shape)
    block = torch.arange(shape[0])[:, None] // 4 * columns + torch.arange(shape[1]) // 4
    at = torch.stack(
        [torch.arange(rows * columns) // columns, torch.arange(rows * columns) % columns]
    )
    apart = (at[:, :, None] - at[:, None]).square().sum(dim=0)
    gaussian = torch.exp(-0.5 * apart / (12.0 / 2.3548 / 4) ** 2)
    sums = torch.zeros(2, rows * columns).index_add_(
        1, block.flatten(), (movie * visible).flatten(1)
    )
    counts = torch.zeros(rows * columns).index_add_(0, block.flatten(), visible.flatten())
    smooth = ((sums @ gaussian) / (counts @ gaussian)).view(2, 1, rows, columns)
    pixels = torch.nn.functional.interpolate(smooth, scale_factor=4, mode="bilinear")[:, 0]
    found = background(movie, visible, 12.0)
    torch.testing.assert_close(found, pixels[:, : shape[0], : shape[1]], atol=1e-5, rtol=1e-4)

"""Footprints of the latents are those of the network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder


@pytest.fixture(params=[(2, 1), (4, 2)])
def network_and_grid(request: pytest.FixtureRequest) -> tuple[SparseVarAutoencoder, LatentGrid]:
    stride, channels = request.param
    torch.manual_seed(0)
    network = SparseVarAutoencoder(ModelConfig(stride=stride, channels=channels, width=4))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    return network, LatentGrid((22, 30), stride, channels)


def test_sparse_footprints_are_the_footprints(
    network_and_grid: tuple[SparseVarAutoencoder, LatentGrid],
) -> None:
    network, grid = network_and_grid
    static = torch.randn(3, *grid.padded_shape, generator=torch.Generator().manual_seed(1))
    footprints = network.footprints(grid.latent_shape, static).detach().flatten(1)
    found = sparse_footprints(network, grid, static).toarray()
    np.testing.assert_allclose(found, footprints.numpy(), atol=1e-5)

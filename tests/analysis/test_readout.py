"""The read-out on its own: footprints, drivers, and whether true drivers are found."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

import napari_sparsevar as sv
from napari_sparsevar.analysis.maps.drivers import find_drivers
from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.model.network import SparseVarAutoencoder
from napari_sparsevar.progress import returned
from napari_sparsevar.training.finish import analysed
from napari_sparsevar.training.preparation import prepare


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


def test_separate_peaks_become_ranked_drivers() -> None:
    y, x = np.mgrid[:64, :64]

    def bump(cy: float, cx: float) -> np.ndarray:
        return np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / (2 * 2.5**2))

    image = (bump(12, 15) + 0.6 * bump(40, 50) + 0.3 * bump(52, 10)).astype(np.float32)
    drivers = find_drivers(image, spacing=4)
    centres = drivers.table[["y", "x"]].to_numpy()
    np.testing.assert_allclose(centres, [(12, 15), (40, 50), (52, 10)], atol=1.0)
    assert drivers.table["strength"].is_monotonic_decreasing
    assert (drivers.labels[12, 15], drivers.labels[40, 50]) == (1, 2)


def test_an_empty_map_has_no_drivers() -> None:
    drivers = find_drivers(np.zeros((32, 32), np.float32), spacing=4)
    assert drivers.table.empty
    assert not drivers.labels.any()


def test_true_drivers_stand_out_on_an_easy_movie() -> None:
    """Even before training: the untrained network is Gaussian pooling, already a fair encoder."""
    movie, truth = sv.simulate_movie(n_frames=2500, shape=(64, 64), seed=3, regime="easy")
    prepared = prepare(movie, sv.TrainConfig(), torch.device("cpu"))
    prepared.trainer.calibrate()
    results = returned(analysed(prepared))
    footprints = truth.footprints.reshape(len(truth.footprints), -1)
    score = footprints @ results.contribution.ravel() / footprints.sum(axis=1)
    is_driver = np.isin(np.arange(len(score)), truth.drivers)
    wins = stats.mannwhitneyu(score[is_driver], score[~is_driver]).statistic
    assert wins / (is_driver.sum() * (~is_driver).sum()) > 0.9

"""Places that silence others: found, told from echoes of the background, and with their sign."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.evidence.echoes import Echoes
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.significance import Significance, significance
from napari_sparsevar.analysis.fit.fitting import fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.progress import returned

GRID = LatentGrid((32, 32), 4)
REACH = 10.0


def place(row: int, column: int) -> int:
    return GRID.columns * row + column


SILENCER, SILENCED = place(0, 0), (place(0, 7), place(3, 7))
EXCITER, EXCITED = place(7, 0), place(6, 6)
BESIDE_EXCITER, BESIDE_EXCITED = place(7, 2), place(6, 4)


def latents(effect: float) -> np.ndarray:
    """White noise (T, p) in which two places drive others, and background is taken off."""
    seen = np.random.default_rng(0).standard_normal((2500, GRID.size))
    for target in SILENCED:
        seen[1:, target] -= effect * seen[:-1, SILENCER]
    seen[1:, EXCITED] += effect * seen[:-1, EXCITER]
    for cell, beside in ((EXCITER, BESIDE_EXCITER), (EXCITED, BESIDE_EXCITED)):
        seen[:, beside] -= 0.6 * seen[:, cell]
    return seen.astype(np.float32)


@pytest.fixture(scope="module")
def found() -> dict[str, Significance]:
    config = ModelConfig(lags=1, dynamics="none", cell_diameter=7.0, stride=4)
    series = latents(0.5)
    activity = LatentActivity(series, np.ones(len(series), bool), GRID, config)
    rows = StreamedRows.of(activity, 1, "none")
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, pool(block_moments(rows, 1)), weights, 1)
    echoes = {"told apart": Echoes.around(GRID.centres(), REACH), "not told apart": None}
    return {how: returned(significance(rows, fitted, None, each)) for how, each in echoes.items()}


def test_a_place_that_silences_others_is_beyond_chance(found: dict[str, Significance]) -> None:
    told = found["told apart"]
    assert told.place_p[SILENCER] <= LEVEL
    assert told.silencing[SILENCER, list(SILENCED)].all()
    assert (told.edge_p[SILENCER, list(SILENCED)] <= LEVEL).all()
    assert (told.estimate[SILENCER, list(SILENCED)] < -0.3).all()


def test_echoes_of_the_background_silence_nobody(found: dict[str, Significance]) -> None:
    told, taken = found["told apart"], found["not told apart"]
    assert taken.edge_p[EXCITER, BESIDE_EXCITED] <= LEVEL  # it is there, and as sure as anything
    assert told.place_p[EXCITER] <= LEVEL
    for source, target in ((EXCITER, BESIDE_EXCITED), (BESIDE_EXCITER, EXCITED)):
        assert not told.silencing[source, target]
        assert not told.edge_p[source, target] <= LEVEL
    assert told.place_p[BESIDE_EXCITER] > LEVEL


def test_only_places_beyond_chance_silence(found: dict[str, Significance]) -> None:
    told = found["told apart"]
    sources = told.silencing.any(dim=1)
    assert (told.place_p[sources] <= LEVEL).all()
    assert (told.estimate[told.silencing] < 0).all()

"""The map of the difference: signs, and nothing where chance would do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.comparison.difference import difference_map


def _found(statistic: torch.Tensor, chance: float) -> Any:
    changes = SimpleNamespace(change=statistic, spread=torch.ones_like(statistic))
    return SimpleNamespace(changes=changes, edges=SimpleNamespace(place_chance=chance))


def test_places_have_the_sign_of_their_change(run: sv.Run) -> None:
    results = run.results
    shape = results.fitted.weights.shape
    statistic = torch.zeros(shape)
    more, less = 11, results.grid.size - 12
    statistic[more, 40], statistic[less, 5] = 6.0, -6.0
    tested = torch.ones(shape, dtype=torch.bool)
    image = difference_map(_found(statistic, 1.0), tested, results)
    centres = results.grid.centres().round().astype(int)
    assert image[tuple(centres[more])] > 0
    assert image[tuple(centres[less])] < 0
    np.testing.assert_allclose([image.max(), -image.min()], np.sqrt(16.0 - 1.0), rtol=1e-5)


def test_chance_shows_nothing(run: sv.Run) -> None:
    statistic = torch.zeros(run.results.fitted.weights.shape)
    statistic[0, 30] = 3.0
    tested = torch.ones(statistic.shape, dtype=torch.bool)
    assert not difference_map(_found(statistic, 1.5), tested, run.results).any()
    assert not difference_map(_found(4 * statistic, 1.5), ~tested, run.results).any()

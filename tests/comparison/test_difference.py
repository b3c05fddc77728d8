"""The map of the difference: signs, and nothing where chance would do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

import napari_sparsevar as sv
from napari_sparsevar.comparison.difference import difference_map


def _found(run: sv.Run, places: dict[int, float], chance: float) -> Any:
    statistic = torch.zeros(run.results.grid.size)
    for place, value in places.items():
        statistic[place] = value
    return SimpleNamespace(
        place_statistic=statistic.abs(), place_balance=statistic.sign(), place_chance=chance
    )


def test_places_have_the_sign_of_their_change(run: sv.Run) -> None:
    more, less = 11, run.results.grid.size - 12
    image = difference_map(_found(run, {more: 16.0, less: -16.0}, 1.0), run.results)
    centres = run.results.grid.centres().round().astype(int)
    assert image[tuple(centres[more])] > 0
    assert image[tuple(centres[less])] < 0
    np.testing.assert_allclose([image.max(), -image.min()], np.sqrt(16.0 - 1.0), rtol=1e-5)


def test_chance_shows_nothing(run: sv.Run) -> None:
    assert not difference_map(_found(run, {0: 1.0, 9: -1.4}, 1.5), run.results).any()
    assert difference_map(_found(run, {0: 1.0, 9: -1.6}, 1.5), run.results).any()

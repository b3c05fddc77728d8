"""The map in units of chance agrees with the test."""

from __future__ import annotations

import numpy as np
import pytest

from made_runs import made_results, made_significance
from napari_sparsevar.analysis.maps.chance_units import chance_of
from napari_sparsevar.analysis.maps.contribution import contribution_map, in_pixels
from napari_sparsevar.model.config import ModelConfig
from napari_sparsevar.model.grid import LatentGrid


@pytest.mark.parametrize("ranked", [True, False])
def test_the_map_is_beyond_chance_where_a_place_is(ranked: bool) -> None:
    """Around places that are sure, whatever that takes; of events nowhere else, in their order."""
    results = made_results(LatentGrid((64, 64), 4), ModelConfig(stride=4, free_radius=1.0), 200)
    image = contribution_map(results.fitted, results.projection).image
    found = made_significance(results.fitted, results.grid, float(image.max()) / 1.9)
    shown = image / chance_of(image, results.projection, found, ranked)
    driving = results.grid.pixels_of(found.place_p.numpy() <= 0.05) & (image > 0)
    assert driving.any()
    assert shown[driving].min() >= 1.0 - 1e-6
    if ranked:
        return
    others = (
        ~driving
        & (image > 0)
        & (in_pixels(found.sureness().double().numpy(), results.projection) < 1)
    )
    assert shown[others].max() < 1.0
    order = np.argsort(image[others])
    assert (np.diff(shown[others][order]) >= -1e-4).all()

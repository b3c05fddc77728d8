"""The map in units of chance agrees with the test."""

from __future__ import annotations

import numpy as np
import pytest

from made_runs import made_results, made_significance
from napari_sparsevar.analysis.evidence.found_cells import FoundCells
from napari_sparsevar.analysis.maps.chance_units import MORE_BY_CELLS, chance_of
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


@pytest.mark.parametrize("ranked", [True, False])
def test_what_cells_drive_is_shown_by_more_but_nowhere_made_sure(ranked: bool) -> None:
    results = made_results(LatentGrid((64, 64), 4), ModelConfig(stride=4, free_radius=1.0), 200)
    image = contribution_map(results.fitted, results.projection).image
    found = made_significance(results.fitted, results.grid, float(image.max()) / 1.9)
    drives = found.place_p.numpy() <= 0.05
    driving, middle = results.grid.pixels_of(drives), results.grid.centres()[drives][:1]

    def shown(drive: float) -> np.ndarray:
        untested = np.full((1, 1, 1), np.nan)
        known = FoundCells(middle, *(np.array([drive]),) * 3, untested, 30.0)
        return image / chance_of(image, results.projection, found, ranked, known)

    alone, weak, strong = shown(0.0), shown(0.04), shown(0.4)
    without = chance_of(image, results.projection, found, ranked)
    np.testing.assert_array_equal(alone, image / without)
    y, x = np.ogrid[:64, :64]
    away = np.hypot(y - middle[0, 0], x - middle[0, 1])
    seen = (away <= 30) & (image > 0)
    np.testing.assert_allclose(strong[away > 60], alone[away > 60], rtol=1e-3)
    assert (strong[seen] >= weak[seen] - 1e-6).all()
    assert (weak[seen] >= alone[seen] - 1e-6).all()
    assert strong[seen].mean() > weak[seen].mean() > alone[seen].mean()
    sure, unsure = seen & driving, seen & ~driving & (alone < 1.0)
    assert sure.any()
    assert unsure.any()
    within = sure & (away <= 5)
    np.testing.assert_allclose(strong[within], MORE_BY_CELLS * alone[within], rtol=1e-3)
    assert strong[unsure].max() < 1.0

"""What depends on the size of a cell follows from it, and can be set by hand."""

from __future__ import annotations

import pytest

from napari_sparsevar.model.config import MOST_PLACES, MOST_PREDICTORS, ModelConfig


@pytest.mark.parametrize("diameter", [6.0, 6.5, 7.0])
def test_a_cell_of_six_to_seven_pixels(diameter: float) -> None:
    resolved = ModelConfig().resolved((64, 64), diameter)
    assert (resolved.stride, resolved.free_radius) == (4, 2.0)
    assert resolved.background_diameter == pytest.approx(12, abs=1)


def test_everything_grows_with_the_cell() -> None:
    found = [ModelConfig().resolved((64, 64), size) for size in (3.0, 5.0, 8.0, 12.0, 40.0)]
    assert [config.stride for config in found] == [2, 3, 5, 7, 16]
    background = [config.background_diameter for config in found]
    assert background == sorted(background)
    assert background[0] == 8
    assert all(config.free_radius >= 1 for config in found)


def test_the_diameter_is_in_micrometres_where_a_pixel_has_a_size() -> None:
    by_hand = ModelConfig(cell_diameter=13.0)
    assert by_hand.resolved((64, 64), 3.0, 2.0).stride == 4
    assert by_hand.resolved((64, 64), 3.0).stride == 8
    assert ModelConfig().resolved((64, 64), 6.5, 2.0).cell_diameter == 13


def test_what_is_set_by_hand_stays() -> None:
    by_hand = ModelConfig(stride=8, free_radius=0.0, background_diameter=20.0)
    resolved = by_hand.resolved((64, 64), 5.0)
    assert (resolved.stride, resolved.free_radius, resolved.background_diameter) == (8, 0, 20)


@pytest.mark.parametrize("side", [64, 128, 256, 512])
@pytest.mark.parametrize("lags", [1, 3])
def test_a_usual_field_keeps_the_spacing_of_its_cells(side: int, lags: int) -> None:
    assert ModelConfig(lags=lags).resolved((side, side), 6.5).stride == 4


@pytest.mark.parametrize("side", [1000, 2048])
@pytest.mark.parametrize("channels", [1, 2])
def test_auto_spacing_keeps_a_very_large_field_affordable(side: int, channels: int) -> None:
    stride = ModelConfig(channels=channels).resolved((side, side), 6.5).stride
    assert (-(-side // stride)) ** 2 * channels <= MOST_PLACES


@pytest.mark.parametrize("lags", [1, 3, 10])
def test_the_var_has_room_for_what_is_analysed(lags: int) -> None:
    config = ModelConfig(lags=lags)
    assert config.n_analysed(100) == 100
    assert MOST_PREDICTORS - lags < config.n_analysed(10_000) * lags <= MOST_PREDICTORS


def test_a_record_without_cell_size_still_opens() -> None:
    old = {"stride": 4, "lags": 1, "free_radius": 2.0, "background_diameter": 12.0}
    assert ModelConfig.model_validate(old).resolved((64, 64)).stride == 4
    assert ModelConfig.model_validate({"stride": "auto"}).stride == "auto"

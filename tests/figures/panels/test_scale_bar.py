"""Scale bars are of a round length."""

from __future__ import annotations

import pytest

from napari_sparsevar.figures.panels.scale_bar import LONGEST_SHARE, round_length


@pytest.mark.parametrize("longest", [0.003, 0.7, 1.0, 1.99, 2.0, 49.0, 50.0, 999.0])
def test_a_scale_bar_is_round_and_not_too_long(longest: float) -> None:
    length = round_length(longest)
    assert 0.4 * longest <= length <= longest
    assert f"{length:e}"[0] in "125"
    assert 0 < LONGEST_SHARE < 0.5

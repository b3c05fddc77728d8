"""The contribution is coloured where it exceeds chance, whatever the limits."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.figures.colours import CONTRIBUTION, contribution_top
from napari_sparsevar.figures.panels.colour_maps import colour_map


@pytest.mark.parametrize("limits", [(0.0, 2.0), (0.0, 9.0), (0.5, 3.0), (0.0, 0.8), (1.5, 4.0)])
def test_it_is_pale_up_to_chance(limits: tuple[float, float]) -> None:
    low, high = limits
    values = np.linspace(low, high, 400)
    colours = np.asarray(colour_map(CONTRIBUTION, limits)((values - low) / (high - low)))
    saturation = np.ptp(colours[:, :3], axis=1)
    step = (high - low) / 200
    assert (saturation[values < 1 - step] < 0.1).all()
    assert (saturation[values > 1 + step] > 0.5).all()
    assert (np.diff(colours[values < 1 - step, 3]) >= 0).all()


def test_the_last_colour_is_never_of_little() -> None:
    weak, strong = np.full((2, 2), 1.1), np.full((2, 2), 6.3)
    assert contribution_top(weak, tested=True) == 2.0
    assert contribution_top(strong, tested=True) == 7.0
    assert contribution_top(strong, tested=False) == 1.0

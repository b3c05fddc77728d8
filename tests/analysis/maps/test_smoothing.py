"""Smoothing by cosines against the convolution it stands for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_sparsevar.analysis.maps.smoothing import smoothed


@pytest.mark.parametrize("shape", [(64, 64), (17, 90), (1, 5)])
@pytest.mark.parametrize("deviation", [0.4, 1.6, 16.0])
def test_it_is_the_mirrored_gaussian(shape: tuple[int, int], deviation: float) -> None:
    image = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = smoothed(image, deviation)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, ndimage.gaussian_filter(image, deviation), atol=2e-6)


def test_nothing_stays_nothing_and_the_image_is_kept() -> None:
    image = np.zeros((20, 20), np.float32)
    assert not smoothed(image, 3.0).any()
    image[4, 4] = 1.0
    smoothed(image, 3.0)
    assert image.sum() == 1.0

"""Images of the anatomy are those of the pixels and frames that count."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.movie import Movie, open_movie, static_images
from napari_sparsevar.movie.inspection import anatomy
from napari_sparsevar.movie.inspection.anatomy import AnatomyImages, anatomy_images

NAMES = ("mean", "maximum", "deviation", "correlation")


def looked_at(movie: Movie) -> AnatomyImages:
    *_, last = anatomy_images(movie)
    assert last is not None
    return last


@pytest.mark.parametrize("in_parts", [False, True])
def test_what_is_missing_is_in_no_image(monkeypatch: pytest.MonkeyPatch, in_parts: bool) -> None:
    monkeypatch.setattr(anatomy, "WHOLE_BYTES", 0 if in_parts else 10**9)
    frames = np.random.default_rng(0).normal(100, 8, (80, 20, 24)).astype(np.float32)
    inner = looked_at(open_movie(frames[:, 2:]))
    frames[:, :2] = np.nan
    found = looked_at(open_movie(frames))
    for name in NAMES:
        image = getattr(found, name)
        assert np.isnan(image[:2]).all()
        assert np.isfinite(image[2:]).all()
    for name in ("mean", "maximum", "deviation"):
        np.testing.assert_allclose(getattr(found, name)[2:], getattr(inner, name), rtol=1e-5)


def test_images_of_a_movie_without_faults() -> None:
    frames = np.random.default_rng(0).normal(100, 8, (80, 20, 24)).astype(np.float32)
    movie = open_movie(frames)
    found, static = looked_at(movie), static_images(movie)
    np.testing.assert_array_equal(found.maximum, frames.max(axis=0))
    np.testing.assert_array_equal(found.correlation, static.correlation)

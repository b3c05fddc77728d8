"""Arrays and layers in memory: nothing is copied, units are converted, the rest refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import open_movie

FRAMES = np.random.default_rng(0).integers(0, 4000, (20, 16, 18)).astype(np.uint16)


def _layer(data: Any = FRAMES, **more: Any) -> SimpleNamespace:
    ndim = getattr(data, "ndim", 3)
    fields = {"name": "calcium", "scale": (1.0,) * ndim, "units": ("pixel",) * ndim, "rgb": False}
    return SimpleNamespace(data=data, **(fields | more))


@pytest.mark.parametrize("wrap", [np.asarray, da.from_array, zarr.array, lambda x: x[:, None]])
def test_arrays(wrap: Any) -> None:
    movie = open_movie(wrap(FRAMES))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.pixel_size_um, movie.source) == (None, None, None)


def test_array_is_not_copied() -> None:
    frames = FRAMES.copy()
    movie = open_movie(frames)
    frames[3, 0, 0] = 9999
    assert int(movie.data[3, 0, 0]) == 9999


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FRAMES[0], "single image"),
        (FRAMES[0, 0], "no rows and columns"),
        (np.array(3), "no rows and columns"),
        (np.stack([FRAMES, FRAMES]), "does not say which one is time"),
        (FRAMES[:0], "no pixels"),
        (FRAMES > 5, "bool"),
        (FRAMES.astype(complex), "complex"),
        (FRAMES.astype(object), "object"),
    ],
)
def test_no_movies(data: Any, message: str) -> None:
    for source in (data, _layer(data)):
        with pytest.raises(UserError, match=message):
            open_movie(source)


def test_layer_without_units() -> None:
    movie = open_movie(_layer())
    assert (movie.name, movie.fps, movie.pixel_size_um) == ("calcium", None, None)


@pytest.mark.parametrize(
    ("scale", "units"),
    [
        ((0.05, 0.8, 0.8), ("s", "um", "um")),
        ((50.0, 800.0, 800.0), ("ms", "nm", "nm")),
        ((50.0, 0.8e-3, 0.8e-3), ("millisecond", "millimeter", "millimeter")),
        ((0.05, 0.8, 0.8), ("second", "µm", "μm")),
    ],
)
def test_layer_units(scale: tuple[float, ...], units: tuple[str, ...]) -> None:
    movie = open_movie(_layer(scale=scale, units=units))
    assert movie.fps == pytest.approx(20.0)
    assert movie.pixel_size_um == pytest.approx(0.8)


def test_pint_units() -> None:
    pint = pytest.importorskip("pint", reason="pint comes with napari")
    registry = pint.get_application_registry()
    units = (registry.Unit("ms"), registry.Unit("um"), registry.Unit("um"))
    movie = open_movie(_layer(scale=(40.0, 0.5, 0.5), units=units))
    assert (movie.fps, movie.pixel_size_um) == (pytest.approx(25.0), 0.5)


def test_colour_layer() -> None:
    with pytest.raises(UserError, match="colour"):
        open_movie(_layer(np.zeros((20, 30, 3), np.uint8), rgb=True))


def test_layer_with_depth_gives_its_first_plane() -> None:
    stack = np.stack([FRAMES, FRAMES + 1], axis=1)
    movie = open_movie(_layer(stack, axis_labels=("t", "z", "y", "x")))
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert "2 planes" in movie.notes[0]


def test_layer_of_several_resolutions() -> None:
    movie = open_movie(_layer([FRAMES, FRAMES[:, ::2, ::2]], multiscale=True))
    np.testing.assert_array_equal(movie.data, FRAMES)


def test_layer_that_is_no_image() -> None:
    with pytest.raises(UserError, match="no image"):
        open_movie(_layer([[1, 2], [3, 4]]))


def test_a_layer_whose_pixels_are_not_square_is_told() -> None:
    units = ("s", "um", "um")
    layer = SimpleNamespace(data=np.zeros((5, 8, 9)), scale=(0.1, 1.0, 0.5), units=units, name="m")
    movie = open_movie(layer)
    assert movie.pixel_size_um == 0.5
    assert "0.5 x 1 um" in movie.notes[0]
    layer.scale = (0.1, 0.5, 0.5)
    assert open_movie(layer).notes == ()


@pytest.mark.parametrize("dims", [("height", "width", "frame"), ("y", "x", "time")])
def test_named_axes_of_arrays_and_layers(dims: tuple[str, ...]) -> None:
    turned = np.moveaxis(FRAMES, 0, 2)

    class Named(np.ndarray):
        pass

    named = turned.view(Named)
    named.dims = dims  # type: ignore[attr-defined]
    np.testing.assert_array_equal(open_movie(named).data, FRAMES)
    np.testing.assert_array_equal(open_movie(_layer(turned, axis_labels=dims)).data, FRAMES)


def test_a_unit_of_time_on_the_last_axis() -> None:
    layer = _layer(np.moveaxis(FRAMES, 0, 2), scale=(0.5, -0.5, 0.1), units=("um", "um", "s"))
    movie = open_movie(layer)
    np.testing.assert_array_equal(movie.data, FRAMES)
    assert (movie.fps, movie.pixel_size_um) == (10.0, 0.5)


def test_what_is_masked_is_not_known() -> None:
    masked = np.ma.masked_array(FRAMES, np.zeros(FRAMES.shape, bool))
    assert open_movie(masked).data.dtype == FRAMES.dtype
    masked[:, :, :3] = np.ma.masked
    data = np.asarray(open_movie(masked).data)
    assert np.isnan(data[:, :, :3]).all()
    np.testing.assert_array_equal(data[:, :, 3:], FRAMES[:, :, 3:])


def test_arrays_that_cannot_be_read_are_one_sentence() -> None:
    import torch

    with pytest.raises(UserError, match=r"tensor\.numpy"):
        open_movie(torch.zeros(4, 16, 18))
    unknown = da.from_array(FRAMES)
    with pytest.raises(UserError, match="compute_chunk_sizes"):
        open_movie(unknown[da.from_array(np.arange(20) % 2 == 0)])

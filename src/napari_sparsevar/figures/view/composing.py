"""Layers of images put together as a viewer does: limits, colours, opacity, blending."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from napari_sparsevar.figures.view.layers import Blending, FloatArray, ImageInView, View

_ORDERS = {"nearest": 0, "linear": 1}
_CUBIC = 3


def composed(layers: Sequence[ImageInView], view: View, shape: tuple[int, int]) -> FloatArray:
    """Return the lowest layers of a view as one opaque picture, (*shape, 3) between 0 and 1.

    Parameters
    ----------
    layers : sequence of ImageInView
        The lowest first; the first one is drawn on the background, as in napari.
    view : View
        What of the world is seen.
    shape : tuple of int
        Rows and columns of the picture.
    """
    picture = np.empty((*shape, 3))
    picture[:] = view.background
    for index, layer in enumerate(layers):
        colour, alpha = seen(layer, view, shape)
        mixed = _mixed(layer.blending, colour, alpha, picture, first=index == 0)
        # Nothing is drawn outside of the image.
        picture = np.where(alpha > 0, np.clip(mixed, 0, 1), picture)
    return picture


def composed_above(layers: Sequence[ImageInView], view: View, shape: tuple[int, int]) -> FloatArray:
    """Return layers that lie above others as a picture with opacity, (*shape, 4).

    What is added to the colours below, which are not known here, covers them as far as it is light.
    """
    colour, alpha = np.zeros((*shape, 3)), np.zeros((*shape, 1))
    for layer in layers:
        own, share = seen(layer, view, shape)
        if layer.blending == "additive":
            light = own.max(axis=-1, keepdims=True)
            own, share = own / np.maximum(light, 1e-9), share * light
        together = share + alpha * (1 - share)
        colour = (own * share + colour * alpha * (1 - share)) / np.maximum(together, 1e-9)
        alpha = together
    return np.concatenate([colour, alpha], axis=-1)


def seen(layer: ImageInView, view: View, shape: tuple[int, int]) -> tuple[FloatArray, FloatArray]:
    """Return colours (*shape, 3) and opacity (*shape, 1) of a layer where it is seen."""
    pixels = np.asarray(layer.pixels)
    row, column = _places(layer, view, shape)
    inside = (
        (row >= -0.5)
        & (row < pixels.shape[0] - 0.5)
        & (column >= -0.5)
        & (column < pixels.shape[1] - 0.5)
    )
    values = _sampled(pixels, row, column, layer.interpolation)
    colour = values if pixels.ndim == 3 else coloured(values, layer)
    alpha = colour[..., 3:] if colour.shape[-1] == 4 else np.ones((*shape, 1))
    return colour[..., :3], np.where(inside[..., None], alpha * layer.opacity, 0.0)


def coloured(values: FloatArray, layer: ImageInView) -> FloatArray:
    """Return values in the colours of a layer, (..., 4); transparent where they are no number."""
    low, high = layer.limits
    share = np.clip((np.nan_to_num(values) - low) / (high - low), 0, 1) ** layer.gamma
    colour = layer.colours[np.round(share * (len(layer.colours) - 1)).astype(int)]
    return np.where(np.isnan(values)[..., None], 0.0, colour)


def _mixed(
    blending: Blending, colour: FloatArray, alpha: FloatArray, below: FloatArray, *, first: bool
) -> FloatArray:
    """Return what is seen where a layer lies on others; the first blends as napari has it."""
    if blending == "additive":
        return colour * alpha + (0.0 if first else below)
    if blending == "minimum":
        return colour if first else np.minimum(colour, below)
    if blending == "multiplicative" and not first:
        return colour * below
    if blending == "opaque" and not first:
        return colour
    return colour * alpha + below * (1 - alpha)


def _places(layer: ImageInView, view: View, shape: tuple[int, int]) -> tuple[FloatArray, ...]:
    """Return row and column, not rounded, that lie in the middle of each pixel of a picture."""
    height, width = view.size
    y = view.top_left[0] + (np.arange(shape[0]) + 0.5) * height / shape[0] - layer.offset[0]
    x = view.top_left[1] + (np.arange(shape[1]) + 0.5) * width / shape[1] - layer.offset[1]
    back = np.linalg.inv(layer.matrix)
    return tuple(np.add.outer(back[axis, 0] * y, back[axis, 1] * x) for axis in (0, 1))


def _sampled(
    pixels: npt.NDArray[np.generic], row: FloatArray, column: FloatArray, interpolation: str
) -> FloatArray:
    order = _ORDERS.get(interpolation, _CUBIC)
    if order == 0:
        rows = np.clip(np.floor(row + 0.5), 0, pixels.shape[0] - 1).astype(int)
        columns = np.clip(np.floor(column + 0.5), 0, pixels.shape[1] - 1).astype(int)
        return np.asarray(pixels[rows, columns], np.float64)
    planes = np.moveaxis(np.atleast_3d(pixels).astype(np.float64), -1, 0)
    places = np.stack([row, column])
    found = [ndimage.map_coordinates(p, places, order=order, mode="nearest") for p in planes]
    return np.stack(found, axis=-1) if pixels.ndim == 3 else np.asarray(found[0])

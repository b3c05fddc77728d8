"""Arrays and viewer layers in memory; a layer is known by what it has, not by its class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np

from napari_sparsevar.arguments import unmasked
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import axes
from napari_sparsevar.movie.axis_names import letters_of
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.units import is_time


def is_layer(source: object) -> bool:
    """Return whether this looks like an image layer: it has data, a scale and a name."""
    return all(hasattr(source, name) for name in ("data", "scale", "name"))


def is_array(source: object) -> bool:
    """Return whether this looks like an array: it has shape and dtype and can be sliced."""
    return all(hasattr(source, name) for name in ("shape", "dtype", "__getitem__"))


def read_array(array: Any, choice: Choice | None = None) -> Movie:
    """Wrap an array without copying it.

    Parameters
    ----------
    array : array-like
        Shape (T, Y, X), or with more axes of length 1.
    choice : Choice, optional
        What was asked for.

    Returns
    -------
    Movie
        Without units.

    Raises
    ------
    UserError
        If it is no movie.
    """
    named = letters_of([str(name) for name in getattr(array, "dims", ())])
    if named is None or len(named) != len(array.shape) or "T" not in named:
        named = axes.unnamed(array.shape)
    return _wrap(array, "The array", choice, named)


def read_layer(layer: Any, choice: Choice | None = None) -> Movie:
    """Wrap the data of an image layer and take over its scale, units and name.

    Parameters
    ----------
    layer : image layer
        With ``data``, ``scale``, ``name``, and perhaps ``units``, ``axis_labels``, ``rgb``,
        ``multiscale`` and ``source.path``.
    choice : Choice, optional
        The channel and plane that are wanted.

    Returns
    -------
    Movie
        Units in seconds and micrometres where the layer says so.

    Raises
    ------
    UserError
        If the layer is a colour or single image or does not say which axis is time.
    """
    what = f"The layer {str(layer.name)!r}"
    if getattr(layer, "rgb", False):
        raise UserError(
            f"{what} is a colour (RGB) image; convert it to a grey-scale movie, one channel, first."
        )
    data = layer.data[0] if getattr(layer, "multiscale", False) else layer.data
    if not is_array(data):
        raise UserError(f"{what} holds no image; choose an image layer with a movie.")
    units = list(getattr(layer, "units", None) or [])
    labels = [str(label) for label in getattr(layer, "axis_labels", None) or []]
    path = getattr(getattr(layer, "source", None), "path", None)
    return _wrap(
        data,
        what,
        choice,
        _layer_axes(data.ndim, labels, units),
        name=str(layer.name),
        source=Path(path) if path else None,
        scale=[abs(float(size)) for size in layer.scale],
        units=units,
    )


def _wrap(
    array: Any,
    what: str,
    choice: Choice | None,
    names: str,
    *,
    name: str = "movie",
    source: Path | None = None,
    scale: Sequence[float] = (),
    units: Sequence[object] = (),
) -> Movie:
    if type(array).__module__.startswith("torch"):
        raise UserError(f"{what} is a tensor of torch: give it as an array, tensor.numpy().")
    if np.isnan(array.shape).any():
        raise UserError(f"{what} does not know how long it is: call compute_chunk_sizes() first.")
    array = unmasked(array)
    lazy_frames.check_dtype(np.dtype(array.dtype), what)
    chosen = axes.choose(array.shape, names, what, choice)
    if isinstance(array, np.ndarray):
        frames = lazy_frames.from_memory(chosen.apply(array))
    elif isinstance(array, da.Array):
        frames = chosen.apply(array)
    else:
        whole = (chosen.row, chosen.column)
        frames = chosen.apply(lazy_frames.from_array(array, chosen.time, whole))
    fps, pixel_size_um = chosen.units(scale, units)
    movie = chosen.movie(
        frames, what, name=name, source=source, fps=fps, pixel_size_um=pixel_size_um
    )
    return replace(movie, notes=(*movie.notes, *chosen.about_square(scale, units, what)))


def _layer_axes(ndim: int, labels: Sequence[str], units: Sequence[object]) -> str:
    """Return a letter for each axis from labels, or else from which unit is one of time."""
    # Labels that were never set are numbers: "-3", "-2", "-1".
    letters = letters_of(labels) if len(labels) == ndim else None
    if letters is not None and {"T", "Y", "X"} <= set(letters):
        return letters
    letters = "Q" * (ndim - 2) + "YX"
    times = [i for i, unit in enumerate(units) if is_time(unit)]
    if len(units) != ndim or len(times) != 1:
        return letters
    rest = ["Q"] * (ndim - 3) + ["Y", "X"]
    rest.insert(times[0], "T")
    return "".join(rest)

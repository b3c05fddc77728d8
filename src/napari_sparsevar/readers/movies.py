"""Movies as napari layers: each channel, plane and data set of a file is one."""

from __future__ import annotations

import itertools
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.errors import UserError
from napari_sparsevar.readers.layers import METADATA_KEY, LayerData, warn

if TYPE_CHECKING:
    from napari_sparsevar.movie.movie import Movie

LOOKED_AT_FRAMES = 8
LOOKED_AT_PX = 128
"""Rows and columns of a frame that contrast limits are taken from, spread over the field."""
MOST_LAYERS = 8
"""Channels, planes and data sets of one file that open beside the first."""


def read_movie(path: str) -> list[LayerData]:
    """Open a movie lazily as an image layer, and each further channel, plane or data set too.

    Returns
    -------
    list of LayerData
        The first channel and plane last, so that it lies on top and is selected; the others are
        hidden until they are wanted.

    Raises
    ------
    UserError
        If the file cannot be read as a movie; the sentence says why.
    """
    # Absolute, so that a run trained on it finds the movie from wherever it is opened.
    movies = _open_all(Path(path).absolute())
    layers = [movie_layer(movie) for movie in movies]
    if movies[0].stack is not None:
        layers[1:] = [_in_its_plane(*pair) for pair in zip(layers[1:], movies[1:], strict=True)]
    for _, meta, _ in layers[1:]:
        meta["visible"] = False
    return layers[::-1]


def _open_all(path: Path) -> list[Movie]:
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.choice import ChoiceNeeded

    try:
        first = open_movie(path)
        chosen, offered = first.choice.dataset, first.offer.datasets
        datasets: tuple[str | None, ...] = (chosen, *(n for n in offered if n != chosen))
    except ChoiceNeeded as error:
        datasets = error.datasets
        first = open_movie(path, dataset=datasets[0])
    planes = range(1, first.offer.planes + 1) if first.offer.planes > 1 else (None,)
    channels = range(1, first.offer.channels + 1) if first.offer.channels > 1 else (None,)
    wanted = list(itertools.product(datasets, planes, channels))
    together = _together(path, first)
    if len(wanted) > MOST_LAYERS:
        warn(
            f"{path} holds {len(wanted)} movies; the first {MOST_LAYERS} are opened, "
            "the others with sparsevar's --dataset, --plane and --channel or from Python."
        )
    if len(wanted) == 1:
        return [first]
    movies = []
    for dataset, plane, channel in wanted[:MOST_LAYERS]:
        try:
            movie = open_movie(path, dataset=dataset, plane=plane, channel=channel)
        except UserError as error:
            warn(f"One of the movies in {path} does not open: {error}")
            continue
        movies.append(replace(movie, name=_name_of(movie)))
    return [*together, *movies]


def _together(path: Path, first: Movie) -> list[Movie]:
    """Return the planes of a movie as one, where it has several that fit together."""
    from napari_sparsevar.movie.open import open_movie

    if first.offer.planes == 1:
        return []
    choice = replace(first.choice, plane=None, planes=())
    try:
        movie = open_movie(path, **asdict(choice))
    except UserError:  # it opens plane by plane
        return []
    return [replace(movie, name=f"{movie.name} planes")]


def _in_its_plane(layer: LayerData, movie: Movie) -> LayerData:
    """Return the layer of one plane, (T, 1, Y, X), where it lies among the others."""
    data, meta, kind = layer[0][:, None], dict(layer[1]), layer[2]
    for name, depth in (("scale", 1.0), ("units", "pixel"), ("axis_labels", "z")):
        meta[name] = (meta[name][0], depth, *meta[name][1:])
    meta["translate"] = (0.0, float((movie.choice.plane or 1) - 1), 0.0, 0.0)
    ours = {**meta["metadata"][METADATA_KEY], "array": data.name}
    return data, {**meta, "metadata": {METADATA_KEY: ours}}, kind


def _name_of(movie: Movie) -> str:
    parts = [movie.name]
    if movie.offer.planes > 1:
        parts.append(f"plane {movie.choice.plane}")
    if movie.offer.channels > 1:
        parts.append(f"channel {movie.choice.channel}")
    return " ".join(parts)


def movie_layer(movie: Movie) -> LayerData:
    """Return the movie as an image layer with its scale, units and contrast."""
    shown = _shown(movie)
    ours = {
        "source": None if movie.source is None else str(movie.source),
        "array": shown.name,  # so that pixels put in its place are told from the file's
        "fps": movie.fps,
        "pixel_size_um": movie.pixel_size_um,
        "notes": list(movie.notes),
        "choice": asdict(movie.choice),
        "frames": movie.n_frames,
        "jumps": list(movie.jumps),
        "registered": movie.registered,
    }
    meta = {
        "name": movie.name,
        **_axes_of(movie),
        "colormap": "gray",
        "contrast_limits": contrast_limits(movie),
        "metadata": {METADATA_KEY: ours},
    }
    return shown, meta, "image"


def _shown(movie: Movie) -> Any:
    """Return the frames of a movie as a viewer has them: (T, Y, X), or (T, Z, Y, X) of planes."""
    return movie.data if movie.stack is None else movie.stack.unfolded(movie.data)


def _axes_of(movie: Movie) -> dict[str, Any]:
    scale, units, labels = movie.scale, movie.units, ("t", "y", "x")
    if movie.stack is None:
        return {"scale": scale, "units": units, "axis_labels": labels}
    return {
        "scale": (scale[0], 1.0, *scale[1:]),
        "units": (units[0], "pixel", *units[1:]),
        "axis_labels": ("t", "z", "y", "x"),
    }


def contrast_limits(movie: Movie) -> tuple[float, float]:
    """Return display limits from a few frames, so that napari need not scan the movie."""
    from napari_sparsevar.movie.reading.compute import compute

    chosen = np.linspace(0, movie.n_frames - 1, min(LOOKED_AT_FRAMES, movie.n_frames)).astype(int)
    shape = movie.shape if movie.stack is None else movie.stack.shape
    rows, columns = (max(1, size // LOOKED_AT_PX) for size in shape)
    looked_at = _shown(movie)[np.unique(chosen), ..., ::rows, ::columns]
    return image_limits(compute(looked_at))


def image_limits(pixels: npt.ArrayLike) -> tuple[float, float]:
    """Return display limits that leave out the darkest and brightest few pixels."""
    values = np.asarray(pixels, dtype=np.float64)
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, [0.5, 99.8])
    return float(low), float(high) if high > low else float(low) + 1.0

"""Runs as napari layers: the map, the drivers and their numbers over the movie.

Layers are views: ``run_layers`` makes them again from a run whenever they are wanted, for the
reader of run directories and for the Train dock alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_sparsevar.figures.colours import CONTRIBUTION, contribution_colours, contribution_top
from napari_sparsevar.readers.layers import METADATA_KEY, LayerData, warn
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.readers.placement import Placement

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.run.run import Run

NAME_POINTS, NAME_PX = 8, 16
"""Size of the numbers of drivers and of the discs behind them, on the screen."""

NUMBERED_UP_TO = 0.05
"""Adjusted p-value of a driver that has a number."""

SILENCES = "\u2193"
"""Beside the name of a place after which others go down."""

DRIVER_COLOURS = ("#00e5ff", "#7cff6b", "#ffffff", "#5aa9ff", "#ff9edb")


def read_run(path: str) -> list[LayerData]:
    """Open a run directory: the movie if it is still there, the maps in any case."""
    from napari_sparsevar.run.run import load_run

    run = load_run(Path(path))
    return [*_run_movie(run), *run_layers(run)]


def _run_movie(run: Run) -> list[LayerData]:
    from napari_sparsevar.run.run_movie import open_run_movie

    found = open_run_movie(run.path, run.record.movie)
    if found.notice:
        warn(found.notice)
    if found.movie is None:
        return []
    data, meta, kind = movie_layer(found.movie)
    if found.notice:  # so that the session need not say it again
        meta["metadata"][METADATA_KEY]["another_than"] = str(run.path)
    return [(data, meta, kind)]


def run_layers(run: Run, placement: Placement | None = None) -> list[LayerData]:
    """Return a run's maps as layers: the contribution map, the drivers and their numbers.

    Parameters
    ----------
    run : Run
        A finished run.
    placement : Placement, optional
        Where the movie layer lies; by default as the run remembers the movie.

    Returns
    -------
    list of LayerData
        An image layer, a points layer and a labels layer, all two-dimensional; of several planes
        stacks of them.
    """
    where = placement or Placement(scale=run.scale, units=run.units)
    where = replace(where, stack=run.record.movie.stack)
    layers = _contribution_layer, _names_layer, _drivers_layer
    return [layer(run, where) for layer in layers]


def _contribution_layer(run: Run, where: Placement) -> LayerData:
    image = np.asarray(run.contribution_map, dtype=np.float32)
    meta = {
        "name": f"contribution ({run.path.name})",
        # Not additive: over a bright cell everything would be white.
        "blending": "translucent_no_depth",
        **contribution_look(run),
        "metadata": our_metadata(run, "contribution"),
        **where.arguments,
    }
    return image, meta, "image"


def contribution_look(run: Run) -> dict[str, Any]:
    """Return colours and limits of a layer of the contribution map, pale up to what chance reaches.

    All of it is pale where that is not known yet.
    """
    tested = run.results.chance_known
    top = contribution_top(run.contribution_map, tested)
    # napari tells colour maps by their names.
    name = f"{CONTRIBUTION} to {top:g}" if tested else f"{CONTRIBUTION}, not tested"
    return {
        "colormap": {"name": name, "colors": contribution_colours(top)},
        "contrast_limits": (0.0, top),
    }


def _drivers_layer(run: Run, where: Placement) -> LayerData:
    # napari finds the row of a label by the column ``index``.
    features = run.drivers.rename(columns={"label": "index"}).reset_index(drop=True)
    meta = {
        "name": f"drivers ({run.path.name})",
        "features": features,
        "opacity": 0.45,
        "colormap": driver_colours(features["index"]),
        "metadata": our_metadata(run, "drivers"),
        **where.arguments,
    }
    return np.asarray(run.driver_labels, dtype=np.int32), meta, "labels"


def _names_layer(run: Run, where: Placement) -> LayerData:
    stack = run.record.movie.stack
    table = run.drivers.rename(columns={"label": "index"}).assign(name="")
    labels = run.driver_labels if stack is None else stack.folded(run.driver_labels)
    places, words = driver_names(labels, table)
    places = where.points(places)
    meta = {
        "name": f"driver numbers ({run.path.name})",
        "features": words,
        "text": {"string": "{word}", "size": NAME_POINTS, "color": "white", "anchor": "center"},
        # A dark disc of the same size on the screen at any zoom: legible on dark and bright.
        "face_color": "#000000b0",
        "border_width": 0.0,
        "canvas_size_limits": (NAME_PX, NAME_PX),
        "metadata": our_metadata(run, "driver names"),
        **where.arguments,
    }
    return places, meta, "points"


def driver_names(
    labels: npt.NDArray[np.integer], table: pd.DataFrame
) -> tuple[npt.NDArray[np.float64], pd.DataFrame]:
    """Return what is written beside the outlines of drivers, and where.

    Parameters
    ----------
    labels : ndarray of int, shape (Y, X)
    table : DataFrame
        ``index`` (the label), ``name``, ``p_adjusted`` and ``strength`` of what is outlined. What
        was not tested or does not survive has a name only if a person gave it one.

    Returns
    -------
    places : ndarray, shape (n, 2)
        Upper right of each outline, (y, x) in pixels.
    words : DataFrame
        ``word`` of each: the name a person gave, else the number; and an arrow down where the place
        silences others.
    """
    import pandas as pd
    from scipy import ndimage

    areas = ndimage.find_objects(np.asarray(labels, np.int32))
    rows = table[["index", "name", "p_adjusted", "strength"]].itertuples(index=False)
    places, words = [], []
    for index, own, known, strength in rows:
        label, name, p_value = int(index), str(own), float(known)
        given = name not in ("", f"driver {label}")
        area = areas[label - 1] if label <= len(areas) else None
        if area is None or not (given or p_value <= NUMBERED_UP_TO):
            continue
        places.append((max(area[0].start - 0.5, 0.0), min(area[1].stop, labels.shape[1] - 1)))
        words.append((name if given else str(label)) + (SILENCES if strength < 0 else ""))
    return np.array(places, float).reshape(-1, 2), pd.DataFrame({"word": np.array(words, object)})


def driver_colours(labels: Iterable[int]) -> dict[int | None, str]:
    """Give each driver one of a few colours that stand out from the map's black to yellow."""
    colours = itertools.cycle(DRIVER_COLOURS)
    return {None: "transparent", **dict(zip(labels, colours, strict=False))}


def our_metadata(run: Run, kind: str) -> dict[str, Any]:
    """Return what marks a layer as something of a run."""
    return {METADATA_KEY: {"run": str(run.path), "kind": kind}}

"""The layers of a comparison: where influence differs, and arrows of the edges that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image, Layer, Vectors

from napari_sparsevar.comparison.result import POSITIONS, Comparison
from napari_sparsevar.figures.colours import signed_colour
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.layers.signed import DIVERGING, arrow_width, placed_arrows

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.run.run import Run
    from napari_sparsevar.widgets.comparing.state import Comparing

LAYER_KINDS = ("difference", "changed edges")

CHOSEN = "#ffffff"
FADED = "40"
"""Opacity of the other arrows while one is chosen, as in ``#rrggbbaa``."""

EDGE_FEATURES = ["source", "target", "lag", "change", "low", "high", "p_adjusted"]


def show_comparison(
    viewer: ViewerModel, run: Run, comparing: Comparing, placement: Placement | None
) -> list[Layer]:
    """Lay what a comparison found over the movie.

    Layers of an earlier comparison are replaced; other maps are hidden, because two additive maps
    over one another cannot be read.

    Returns
    -------
    list of napari.layers.Layer
        None where nothing changed.
    """
    remove_comparison(viewer)
    if comparing.pair is None:
        return []
    pair, _ = comparing.pair
    name = "" if comparing.shown is None else comparing.shown.name
    where = placement or Placement(scale=run.scale, units=run.units)
    about = {"run": str(run.path), "comparison": name}
    layers = [_difference_layer(pair, where, about), _edges_layer(pair, where, about)]
    added = [viewer.add_layer(layer) for layer in layers if layer is not None]
    if added:
        for layer in viewer.layers:
            if kind_of(layer) == "contribution":
                layer.visible = False
        viewer.layers.selection.active = added[0]
    return added


def has_layers(pair: Comparison) -> bool:
    """Return whether there is anything to show of a pair."""
    differs = pair.difference is not None and bool(np.nan_to_num(pair.difference).any())
    return differs or not changed_edges(pair).empty


def remove_comparison(viewer: ViewerModel) -> None:
    """Remove the layers of a comparison."""
    for layer in [layer for layer in viewer.layers if kind_of(layer) in LAYER_KINDS]:
        viewer.layers.remove(layer)


def go_to_edge(viewer: ViewerModel, edge: pd.Series, placement: Placement) -> None:
    """Centre the viewer on an edge and make its arrow stand out."""
    middle = [
        (float(edge[f"source_{axis}"]) + float(edge[f"target_{axis}"])) / 2 for axis in ("y", "x")
    ]
    _centre(viewer, middle, placement)
    for layer in viewer.layers:
        if kind_of(layer) == "changed edges":
            _highlight(layer, edge)


def go_to_place(
    viewer: ViewerModel, place: pd.Series | dict[str, float], placement: Placement
) -> None:
    """Centre the viewer on a place."""
    _centre(viewer, [float(place["y"]), float(place["x"])], placement)


def changed_edges(pair: Comparison) -> pd.DataFrame:
    """Return the edges that changed at the level of the comparison and have a position."""
    edges = pair.dynamics.changed(pair.level)
    if not set(POSITIONS) <= set(edges.columns):
        return edges.iloc[:0]
    return edges.reset_index(drop=True)


def changed_places(pair: Comparison) -> pd.DataFrame:
    """Return the places that changed at the level of the comparison and have a position."""
    places = pair.dynamics.changed_places(pair.level)
    if not {"y", "x"} <= set(places.columns):
        return places.iloc[:0]
    return places.reset_index(drop=True)


def _centre(viewer: ViewerModel, pixel: list[float], placement: Placement) -> None:
    world = placement.world(pixel)
    viewer.scene.camera.center = (*viewer.scene.camera.center[:-2], *map(float, world))


def _difference_layer(pair: Comparison, where: Placement, about: dict[str, str]) -> Layer | None:
    if pair.difference is None:
        return None
    image = np.nan_to_num(np.asarray(pair.difference, dtype=np.float32))
    top = float(np.abs(image).max(initial=0.0))
    if top == 0.0:
        return None
    return Image(
        where.shown(image),
        name=f"difference {pair.b.label} − {pair.a.label}",
        colormap=DIVERGING,
        blending="additive",
        contrast_limits=(-top, top),
        metadata=_metadata(pair, "difference", about),
        **where.arguments,
    )


def _edges_layer(pair: Comparison, where: Placement, about: dict[str, str]) -> Layer | None:
    edges = changed_edges(pair)
    if edges.empty:
        return None
    return Vectors(
        placed_arrows(edges, where),
        name=f"changed edges {pair.b.label} − {pair.a.label}",
        features=edges[[name for name in EDGE_FEATURES if name in edges]],
        vector_style="arrow",
        edge_width=arrow_width(len(edges)),
        opacity=1.0,
        edge_color=_colours(edges["change"]),
        metadata=_metadata(pair, "changed edges", about),
        **where.arguments,
    )


def _colours(change: pd.Series) -> list[str]:
    return [signed_colour(value) for value in change]


def _highlight(layer: Layer, edge: pd.Series) -> None:
    features = layer.features
    colours = [colour + FADED for colour in _colours(features["change"])]
    same = np.ones(len(features), bool)
    for name in ("source", "target", "lag"):
        same &= features[name].to_numpy() == edge[name]
    for index in np.flatnonzero(same):
        colours[index] = CHOSEN
    layer.edge_color = colours


def _metadata(pair: Comparison, kind: str, about: dict[str, str]) -> dict[str, Any]:
    return {METADATA_KEY: {**about, "kind": kind, "pair": [pair.a.label, pair.b.label]}}

"""A run's layers in a viewer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari.components import ViewerModel
from napari.layers import Layer

from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.readers.runs import run_layers

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

MAPS = ("contribution", "driver names", "drivers")
"""Kinds of layers that ``show_run`` makes."""

ARROWS, WITHIN_CHANCE = "arrows", "arrows within chance"
MARKS = ("driver names", "drivers", "regions", ARROWS, WITHIN_CHANCE)
"""Kinds of layers that lie above all maps."""


def show_run(viewer: ViewerModel, run: Run, placement: Placement | None) -> list[Layer]:
    """Lay the maps of a run over the movie and select the contribution map.

    Layers of the same run are replaced. Those of earlier runs stay under their own names, hidden,
    because two maps over one another cannot be read.

    Returns
    -------
    list of napari.layers.Layer
        The new layers, contribution first.
    """
    for layer in [layer for layer in viewer.layers if run_of(layer) is not None]:
        if run_of(layer) == Path(run.path) and kind_of(layer) in MAPS:
            viewer.layers.remove(layer)
        else:
            layer.visible = False
    added = [viewer.add_layer(Layer.create(*data)) for data in run_layers(run, placement)]
    # Outlines, so that the drivers do not hide the map they were found in; no reader can ask so.
    added[-1].contour, added[-1].opacity = 1, 0.9
    viewer.layers.selection.active = added[0]
    return added


def run_of(layer: Layer) -> Path | None:
    """Return the run directory a layer shows, or None for any other layer."""
    path = layer.metadata.get(METADATA_KEY, {}).get("run")
    return None if path is None else Path(path)


def kind_of(layer: Layer) -> str | None:
    """Return what a layer of ours shows, or None for any other layer."""
    kind = layer.metadata.get(METADATA_KEY, {}).get("kind")
    return None if kind is None else str(kind)


def layer_of(viewer: ViewerModel | None, run: Run | None, kind: str) -> Layer | None:
    """Return the layer that shows something of a run, or None; both may be missing."""
    if viewer is None or run is None:
        return None
    for layer in viewer.layers:
        if kind_of(layer) == kind and run_of(layer) == Path(run.path):
            return layer
    return None


def insert_below_marks(viewer: ViewerModel, layer: Layer) -> None:
    """Add a layer below what is marked, without taking anything out of the person's hand."""
    active = viewer.layers.selection.active
    above = [index for index, other in enumerate(viewer.layers) if kind_of(other) in MARKS]
    viewer.layers.insert(min(above, default=len(viewer.layers)), layer)
    if active is not None:
        viewer.layers.selection.active = active

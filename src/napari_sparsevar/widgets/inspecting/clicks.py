"""A click on a driver or a painted region in the canvas inspects it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_sparsevar.widgets.inspecting.layers import REGION_OFFSET, InspectLayers
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

STILL_PX = 4
"""The mouse may move so far, on the screen, between press and release of a click."""


class InspectClicks:
    """Listens to the canvas of one viewer."""

    def __init__(self, viewer: ViewerModel, inspecting: Inspecting, layers: InspectLayers) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting = inspecting
        self._layers = layers
        viewer.mouse_drag_callbacks.append(self._on_press)

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        if event.button != 1 or _is_at_work(viewer.layers.selection.active):
            return
        pressed = event.pos
        yield
        while event.type == "mouse_move":
            yield
        if abs(event.pos - pressed).max() <= STILL_PX:
            self.click(event.position)

    def click(self, position: Any) -> None:
        """Inspect the driver or region at a position in the world, if there is one."""
        found = self._at(self._layers.layer("drivers"), position)
        if found >= REGION_OFFSET:
            self._inspecting.select("region", found - REGION_OFFSET)
        elif found:
            self._inspecting.select("driver", found)
        else:
            region = self._at(self._inspecting.regions.layer, position)
            if region:
                self._inspecting.select("region", region)

    def _at(self, layer: Layer | None, position: Any) -> int:
        viewer = self._viewer()
        if viewer is None or not isinstance(layer, Labels) or not layer.visible:
            return 0
        if viewer.dims.ndisplay != 2:
            return 0
        return int(layer.get_value(position, world=True) or 0)


def _is_at_work(active: Layer | None) -> bool:
    """Whether the mouse paints or moves something: then a click is no question."""
    return active is not None and str(active.mode) not in ("pan_zoom", "pick")

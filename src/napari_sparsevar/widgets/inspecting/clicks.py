"""A click on the canvas inspects what is there: a listed place, else the place that was clicked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.inspecting.layers import POINT, REGION_OFFSET, InspectLayers
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.layers.clicking import on_click
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.parts.lifetime import OpenViewer


class InspectClicks:
    """Listens to the canvas of one viewer.

    Attributes
    ----------
    probing : bool
        Whether a click beside all outlines means the place that was clicked.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        inspecting: Inspecting,
        layers: InspectLayers,
        placement: Callable[[], Placement],
    ) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting = inspecting
        self._layers = layers
        self._placement = placement
        self.probing = False
        viewer.mouse_drag_callbacks.append(on_click(self.click))

    def click(self, position: Any) -> None:
        """Inspect what is at a position in the world."""
        viewer = self._viewer()
        if viewer is None or self._inspecting.run is None or not _shows_field(viewer):
            return
        found = self._at(self._layers.layer("drivers"), position)
        region = self._at(self._inspecting.regions.layer, position)
        if found >= REGION_OFFSET:
            self._inspecting.select("region", found - REGION_OFFSET)
        elif found and found != POINT:
            listed = self._inspecting.place("driver", found) is not None
            self._inspecting.select("driver" if listed else "candidate", found)
        elif region:
            self._inspecting.select("region", region)
        elif self.probing and _may_be_probed(viewer.layers.selection.active):
            self._inspecting.probe(*self._pixel(position))

    def _at(self, layer: Layer | None, position: Any) -> int:
        if not isinstance(layer, Labels) or not layer.visible:
            return 0
        return int(layer.get_value(position, world=True) or 0)

    def _pixel(self, position: Any) -> tuple[int, int]:
        return self._placement().pixel(position)


def _shows_field(viewer: ViewerModel) -> bool:
    """Whether rows and columns of the field are what the canvas shows."""
    return viewer.dims.ndisplay == 2 and set(viewer.dims.displayed) == {
        viewer.dims.ndim - 2,
        viewer.dims.ndim - 1,
    }


def _may_be_probed(active: Layer | None) -> bool:
    """Whether a click is about the movie or a map, not about marks of somebody else's."""
    return active is None or isinstance(active, Image) or kind_of(active) is not None

"""The layers on which a person paints regions: made, chosen, and brought back with a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Labels

from napari_sparsevar.errors import UserError
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.layers.following import LayerFollowing
from napari_sparsevar.widgets.layers.regions import frame_shown, has_frames
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

if TYPE_CHECKING:
    from napari_sparsevar.analysis.maps.drivers import LabelImage

Canvas = Callable[[ViewerModel], tuple[tuple[int, int], Placement]]


class Painting:
    """What a person does with the layers of painted regions.

    Parameters
    ----------
    viewer : ViewerModel
        Held weakly.
    inspecting : Inspecting
        Its regions are those of the layer that is chosen here.
    following : LayerFollowing
        Which layer that is, as layers come and go.
    canvas : callable
        Takes the viewer, returns the shape (Y, X) of a frame and where it lies; ``UserError`` where
        there is nothing to paint on.
    placement : callable
        Returns where the maps of the run lie.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        inspecting: Inspecting,
        following: LayerFollowing,
        canvas: Canvas,
        placement: Callable[[], Placement],
    ) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting, self._following = inspecting, following
        self._canvas, self._placement = canvas, placement
        inspecting.noted.connect(self._show_kept_regions)

    def layers(self) -> list[Labels]:
        """Return the layers whose labels can be the regions."""
        return self._following.region_layers()

    def choose(self, layer: Labels) -> None:
        """Take the labels of a layer for the regions; they are kept in the run from now on."""
        self._following.choose_regions(layer)
        self._inspecting.regions.keep()

    def new_layer(self, image: LabelImage | None = None) -> None:
        """Take a new layer for the regions, empty or with what is painted on it already.

        Raises
        ------
        UserError
            If there is neither a run nor a movie to paint on.
        """
        viewer = self._viewer()
        if viewer is not None:
            layer = self._inspecting.regions.new_layer(viewer, *self._canvas(viewer), image)
            self.choose(layer)

    def new_region(self) -> None:
        """Take a free label in hand to paint with, on a new layer where there is none.

        Raises
        ------
        UserError
            If there is neither a run nor a movie to paint on.
        """
        viewer, regions = self._viewer(), self._inspecting.regions
        if viewer is None:
            return
        if regions.layer is None:
            self.new_layer()
        assert regions.layer is not None
        viewer.layers.selection.active = regions.layer
        regions.layer.selected_label = regions.free_label()
        regions.layer.mode = "paint"

    def layer_with_frames(self) -> Labels | None:
        """Return the selected layer if it holds labels frame by frame, which regions are not."""
        viewer = self._viewer()
        active = None if viewer is None else viewer.layers.selection.active
        return active if has_frames(active, self._following.field()) else None

    def take_frame(self) -> None:
        """Take what is painted on the frame shown of the selected layer for the regions.

        Raises
        ------
        UserError
            If nothing is painted on it.
        """
        viewer, layer = self._viewer(), self.layer_with_frames()
        if viewer is None or layer is None:
            return
        image = frame_shown(layer, viewer)
        if not image.any():
            raise UserError(
                f"Nothing is painted on the frame shown of “{layer.name}”: go to the frame you "
                "painted on, or press New region."
            )
        label, mode = layer.selected_label, layer.mode
        self.new_layer(image)
        regions = self._inspecting.regions.layer
        assert regions is not None
        regions.selected_label, regions.mode = label, mode
        self._inspecting.select_soon("region", int(label))

    def copy(self, mask: npt.NDArray[np.bool_]) -> None:
        """Copy a place to the painted regions and inspect the copy."""
        if self._viewer() is None:
            return
        if self._inspecting.regions.layer is None:
            self.new_layer()
        label = self._inspecting.regions.add(mask)
        self._inspecting.select_soon("region", label)

    def _show_kept_regions(self) -> None:
        """Bring back the regions of the run, whatever else is painted or open."""
        viewer, regions = self._viewer(), self._inspecting.regions
        if viewer is None or regions.kept is None or not regions.kept[0].any():
            return
        image, notes = regions.kept
        shown = self._placement().shown(image)
        same = [each for each in self.layers() if np.array_equal(each.data, shown)]
        if same:
            layer = regions.layer if regions.layer in same else same[0]
        else:
            active = viewer.layers.selection.active
            layer = regions.new_layer(viewer, *self._canvas(viewer), image)
            viewer.layers.selection.active = active
        self._following.choose_regions(layer)
        regions.recall(notes)

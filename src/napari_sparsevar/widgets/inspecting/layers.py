"""The layers of an inspection, kept in step with it: maps and drivers.

Layers are views. What the person deletes stays deleted until it is asked for again; what is there
is changed in place, so that limits, colours and order are the person's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Image, Layer

from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.readers.runs import contribution_look, driver_names, our_metadata
from napari_sparsevar.run.planes import shown_table
from napari_sparsevar.widgets.inspecting.answers import DIRECTIONS, Answer, Direction
from napari_sparsevar.widgets.inspecting.arrows import ArrowLayers
from napari_sparsevar.widgets.inspecting.place_colours import PlaceColours
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.inspecting.worker import reach_of
from napari_sparsevar.widgets.layers.overlays import (
    ARROWS,
    WITHIN_CHANCE,
    insert_below_marks,
    kind_of,
    layer_of,
)
from napari_sparsevar.widgets.layers.signed import DIVERGING
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.analysis.maps.projection import FloatImage
    from napari_sparsevar.run.run import Run

INFLUENCE: dict[Direction, str] = {
    "outgoing": "influence outgoing",
    "incoming": "influence incoming",
}
LAYER_KINDS = (*INFLUENCE.values(), ARROWS, WITHIN_CHANCE)
"""Kinds of layers that are made here."""

POINT = 999
"""What the place that was clicked, and is listed nowhere, is in the layer of drivers."""

PALE = "#c8c8c8a0"
"""Of an outline that is drawn only because it is selected."""

PALE_TIMES = 8.0
"""So many times its own maximum goes the scale of a map of which nothing is beyond chance."""

REGION_OFFSET = 1000
"""A region listed among the drivers has this much more than its own label."""


OUTLINED = ("candidate", "point")
"""Kinds of places that are drawn only while they are selected."""

FEATURES = ["name", "y", "x", "area_px", "strength", "stability", "p_adjusted", "note"]


class InspectLayers:
    """Keeps the layers of one viewer in step with its inspection."""

    def __init__(
        self, viewer: ViewerModel, inspecting: Inspecting, placement: Callable[[], Placement]
    ) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting = inspecting
        self._placement = placement
        self._hid_contribution = False
        self._scaled_for: dict[Direction, tuple[Any, ...]] = {}
        self._made_for: dict[Direction, int] = {}
        self._own: dict[str, npt.NDArray[Any]] = {}
        self._contribution_of: Any = None
        self._drivers_of: Any = None
        self._tested: bool | None = None
        self._colours = PlaceColours()
        self._coloured: tuple[int, dict[int | None, str]] = (0, {})
        self.arrows = ArrowLayers(viewer, inspecting, placement)
        for layer in viewer.layers:
            if kind_of(layer) == "drivers":
                layer.events.visible.connect(self._on_eye)
        viewer.layers.events.inserted.connect(self._on_inserted)
        inspecting.run_changed.connect(self._on_run)
        inspecting.read_out_changed.connect(self._on_read_out)
        inspecting.notes_changed.connect(self._show_drivers)
        inspecting.selection_changed.connect(self._on_selection)
        inspecting.selection_changed.connect(self._show_drivers)
        inspecting.answered.connect(self._on_answer)
        inspecting.answered.connect(self._show_outline)
        inspecting.completed.connect(self._on_completed)
        inspecting.direction_changed.connect(self._show_direction)

    def layer(self, kind: str) -> Layer | None:
        """Return the layer of a kind that shows the present run, or None."""
        return layer_of(self._viewer(), self._inspecting.run, kind)

    def toggle(self, kind: str) -> None:
        """Show or hide a layer; nothing happens where there is none."""
        layer = self.layer(kind)
        if layer is not None:
            layer.visible = not layer.visible

    def _on_run(self, _: Any) -> None:
        viewer = self._viewer()
        if viewer is not None:
            for layer in [layer for layer in viewer.layers if kind_of(layer) in LAYER_KINDS]:
                viewer.layers.remove(layer)
        self._own, self._tested = {}, None
        self._contribution_of = self._drivers_of = None
        self._colours, self._coloured = PlaceColours(), (0, {})
        self._hid_contribution, self._scaled_for, self._made_for = False, {}, {}
        drivers = self.layer("drivers")
        if drivers is not None and drivers.contour == 0:
            # A reader cannot ask for outlines, and filled drivers hide the map they were found in.
            drivers.contour, drivers.opacity = 1, 0.9

    def _on_read_out(self) -> None:
        shown = self._inspecting.read_out
        contribution = self.layer("contribution")
        if shown is None:
            return
        if contribution is not None and self._contribution_of is not shown.run.results:
            self._contribution_of = shown.run.results
            self._show_pixels("contribution", contribution, shown.run.contribution_map)
            self._colour_contribution(contribution, shown.run)
        lists_regions = self._lists_regions()
        if lists_regions or self._drivers_of != (shown.run.results, False):
            self._drivers_of = (shown.run.results, lists_regions)
            self._show_drivers()

    def _lists_regions(self) -> bool:
        """Return whether a painted region is among the drivers: a stroke changes its outline."""
        places = self._inspecting.places()
        regions = places["kind"] == "region"
        return bool(places["as_driver"][regions].any())

    def _colour_contribution(self, layer: Layer, run: Run) -> None:
        """Give the map other colours once it is tested; else they stay the person's."""
        tested = run.results.chance_known
        if self._tested is not None and tested != self._tested:
            look = contribution_look(run)
            layer.colormap = look["colormap"]
            layer.contrast_limits_range = layer.contrast_limits = look["contrast_limits"]
        self._tested = tested

    def _show_drivers(self) -> None:
        import pandas as pd

        layer, shown = self.layer("drivers"), self._inspecting.read_out
        if layer is None or shown is None:
            return
        labels = shown_labels(self._inspecting)
        drivers = driver_features(self._inspecting)
        outlined = outlined_feature(self._inspecting)
        features = pd.concat([drivers, outlined], ignore_index=True) if len(outlined) else drivers
        features = shown_table(features, shown.run.stack)
        pixels = self._placement().shown(labels)
        colours = self._colours.of(drivers, reach_of(shown.run))
        colours |= dict.fromkeys(outlined["index"], PALE)
        recoloured = (id(layer), colours) != self._coloured
        if not np.array_equal(pixels, layer.data):
            self._show_pixels("drivers", layer, pixels, refresh=not recoloured)
        if not layer.features.equals(features):
            layer.features = features
        if recoloured:
            self._coloured, layer.colormap = (id(layer), colours), colours
        self._show_names(labels, drivers)

    def _show_outline(self) -> None:
        """Follow the outline of what is drawn only because it is selected."""
        selection = self._inspecting.selection
        if selection is not None and selection.kind in OUTLINED:
            self._show_drivers()

    def _show_names(self, labels: LabelImage, features: pd.DataFrame) -> None:
        layer = self.layer("driver names")
        if layer is None:
            return
        places, words = driver_names(labels, features)
        places = self._placement().points(places)
        if not np.array_equal(places, layer.data):
            layer.data = places
        if not words.equals(layer.features):
            layer.features = words

    def _on_inserted(self, event: Any) -> None:
        if kind_of(event.value) == "drivers":
            self._drivers_of = None
            event.value.events.visible.connect(self._on_eye)

    def _on_eye(self, event: Any) -> None:
        """Show or hide the names with the drivers."""
        names, drivers = self.layer("driver names"), self.layer("drivers")
        if names is not None and drivers is not None and event.source is drivers:
            names.visible = drivers.visible

    def _show_pixels(
        self, kind: str, layer: Layer, image: npt.NDArray[Any], refresh: bool = True
    ) -> None:
        """Show another image of the same shape.

        napari measures the whole viewer anew when a layer is given other data, and not when pixels
        of it have changed; the run's own arrays are never written to. Not to refresh is for whoever
        changes something else of the layer next, which draws it anew.
        """
        own = self._own.get(kind)
        if own is None or layer.data is not own or own.shape != image.shape:
            self._own[kind] = layer.data = np.array(image)
        else:
            np.copyto(own, image)
            if refresh:
                layer.refresh(extent=False)

    def _on_selection(self) -> None:
        if self._inspecting.selection is not None:
            return
        viewer = self._viewer()
        for kind in INFLUENCE.values():
            layer = self.layer(kind)
            if layer is not None and viewer is not None:
                viewer.layers.remove(layer)
        contribution = self.layer("contribution")
        if contribution is not None and self._hid_contribution:
            contribution.visible = True
        self._hid_contribution, self._scaled_for, self._made_for = False, {}, {}

    def _on_answer(self) -> None:
        if self._inspecting.answer is None or self._viewer() is None:
            return
        first = all(self.layer(kind) is None for kind in INFLUENCE.values())
        self._show_direction()
        contribution = self.layer("contribution")
        if first and contribution is not None and contribution.visible:
            # Two maps over one another cannot be read.
            contribution.visible, self._hid_contribution = False, True

    def _on_completed(self, direction: Direction) -> None:
        answer = self._inspecting.answer
        # The other map is changed when it is looked at.
        if answer is not None and self._viewer() is not None and self._lacks(answer, direction):
            self._show_influence(answer, direction)

    def _lacks(self, answer: Answer, direction: Direction) -> bool:
        """Return whether a map is not there, and has not been deleted since this selection."""
        made_for = self._made_for.get(direction)
        return self.layer(INFLUENCE[direction]) is None and made_for != answer.question.number

    def _show_influence(self, answer: Answer, direction: Direction) -> None:
        image = answer.influence[direction].image
        title = self._title(answer, direction)
        layer = self.layer(INFLUENCE[direction])
        self._made_for[direction] = answer.question.number
        if layer is None:
            layer = self._made_influence(image, title, direction)
        else:
            self._show_pixels(INFLUENCE[direction], layer, self._placement().shown(image))
        # Limits stay while the penalty moves, so that growing looks like growing.
        scaled_for = (answer.question.number, answer.question.lag)
        if scaled_for != self._scaled_for.get(direction):
            self._scaled_for[direction] = scaled_for
            top = float(np.abs(image).max(initial=0.0)) or 1.0
            if not answer.influence[direction].beyond_chance.any():
                top *= PALE_TIMES
            layer.contrast_limits_range = (-top, top)
            layer.contrast_limits = (-top, top)

    def _made_influence(self, image: FloatImage, title: str, direction: Direction) -> Layer:
        viewer, run = self._viewer(), self._inspecting.run
        assert viewer is not None
        assert run is not None
        where = self._placement()
        layer = Image(
            where.shown(image),
            name=title,
            colormap=DIVERGING,
            blending="additive",
            visible=direction == self._inspecting.direction,
            metadata=our_metadata(run, INFLUENCE[direction]),
            **where.arguments,
        )
        insert_below_marks(viewer, layer)
        return layer

    def _title(self, answer: Answer, direction: Direction) -> str:
        name = self._inspecting.name_of(*answer.selection.key)
        return f"what {name} drives" if direction == "outgoing" else f"what drives {name}"

    def _show_direction(self, *_: Any) -> None:
        answer, direction = self._inspecting.answer, self._inspecting.direction
        if answer is None or self._viewer() is None:
            return
        influence = answer.influence.get(direction)
        if influence is None:
            return
        if self.layer(INFLUENCE[direction]) is not None or self._lacks(answer, direction):
            self._show_influence(answer, direction)
        for each in DIRECTIONS:
            layer = self.layer(INFLUENCE[each])
            if layer is None:
                continue
            title = self._title(answer, each)
            if layer.name != title:
                layer.name = title
            if layer.visible != (each == direction):
                layer.visible = each == direction


def shown_labels(inspecting: Inspecting) -> LabelImage:
    """Return the drivers that are not hidden and the regions listed among them, (Y, X).

    A place that is neither is there as long as it is selected.
    """
    assert inspecting.read_out is not None
    labels = np.array(inspecting.read_out.run.results.drivers.labels, dtype=np.int32)
    regions = inspecting.read_out.question.regions
    for place in inspecting.places().itertuples():
        if place.kind == "driver" and place.hidden:
            labels[labels == place.label] = 0
        if place.kind == "region" and place.as_driver and not place.hidden and regions is not None:
            labels[regions == place.label] = REGION_OFFSET + place.label
    outlined, selection = outlined_label(inspecting), inspecting.selection
    if outlined is not None and selection is not None:
        labels[selection.mask & (labels == 0)] = outlined
    return labels


def outlined_label(inspecting: Inspecting) -> int | None:
    """Return what a place is in the layer that is outlined only because it is selected."""
    selection = inspecting.selection
    if selection is None or selection.kind not in OUTLINED or not selection.label:
        return None
    return POINT if selection.kind == "point" else selection.label


def outlined_feature(inspecting: Inspecting) -> pd.DataFrame:
    """Return the row of that place, like those of ``driver_features``; none where there is none."""
    import pandas as pd

    label, selection = outlined_label(inspecting), inspecting.selection
    if label is None or selection is None:
        return pd.DataFrame({"index": []})
    place = inspecting.place(*selection.key)
    values = selection.__dict__ if place is None else place
    columns = {name: values[name] for name in FEATURES if name in values}
    return pd.DataFrame([{**columns, "name": inspecting.name_of(*selection.key), "index": label}])


def driver_features(inspecting: Inspecting) -> pd.DataFrame:
    """Return the table of the labels of ``shown_labels``; napari finds a label by ``index``."""
    places = inspecting.places()
    listed = places[places["as_driver"] & ~places["hidden"]]
    offset = np.where(listed["kind"] == "region", REGION_OFFSET, 0)
    index = listed["label"].astype(int) + offset
    return listed[FEATURES].assign(index=index).reset_index(drop=True)

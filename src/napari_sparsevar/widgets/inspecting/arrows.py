"""Arrows of influences over the movie: bold beyond chance, thin and pale where chance does it too.

They are drawn only when they are asked for: a movie under arrows is hard to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.layers import Layer, Vectors
from napari.utils.colormaps.standardize_color import transform_color
from psygnal import Signal

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.figures.colours import LIGHT_GREY, signed_colour
from napari_sparsevar.readers.runs import our_metadata
from napari_sparsevar.widgets.inspecting.answers import Direction, Influence, SelectedPlace
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.layers.overlays import (
    ARROWS,
    WITHIN_CHANCE,
    insert_below_marks,
    kind_of,
    layer_of,
)
from napari_sparsevar.widgets.layers.signed import MANY, arrow_width, placed_arrows
from napari_sparsevar.widgets.parts.lifetime import OpenViewer

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.readers.placement import Placement

NAMES = {WITHIN_CHANCE: "influences not beyond chance", ARROWS: "strongest influences"}
"""Of the layers, the lower first."""

_PALE_OPACITY = 0.5


class ArrowLayers:
    """The arrows of one viewer, kept in step with its inspection while they are asked for.

    Attributes
    ----------
    asked_for : bool
    changed : psygnal.Signal
        With ``asked_for``.
    """

    changed = Signal(bool)

    def __init__(
        self, viewer: ViewerModel, inspecting: Inspecting, placement: Callable[[], Placement]
    ) -> None:
        self._viewer = OpenViewer(viewer)
        self._inspecting = inspecting
        self._placement = placement
        self._own_doing = False
        self._deleted: set[str] = set()
        self.asked_for = False
        inspecting.run_changed.connect(self._on_run)
        for signal in (inspecting.read_out_changed, inspecting.selection_changed):
            signal.connect(self.update)
        for signal in (inspecting.answered, inspecting.direction_changed):
            signal.connect(self.update)
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, on: bool) -> None:
        """Show the arrows of what is inspected, of the whole field where nothing is; or hide."""
        if on != self.asked_for:
            self.asked_for, self._deleted = on, set()
            with self._doing():
                for layer in self._layers():
                    layer.visible = on
            self.update()
            self.changed.emit(on)

    def update(self, *_: Any) -> None:
        """Draw what is inspected now."""
        edges = self._edges() if self.asked_for else None
        if edges is None or self._viewer() is None:
            return
        beyond = edges["p_adjusted"].to_numpy(float) <= LEVEL
        with self._doing():
            for kind in NAMES:
                self._draw(kind, edges[beyond if kind == ARROWS else ~beyond])

    def _on_run(self, _: Any) -> None:
        self.show(False)

    def _on_removed(self, event: Any) -> None:
        kind = kind_of(event.value)
        if kind in NAMES:
            # What a person deletes is not made again until it is asked for.
            self._deleted.add(str(kind))
            self._look()

    def _edges(self) -> pd.DataFrame | None:
        """Return influences from where to where; None while they are not known."""
        inspecting = self._inspecting
        if inspecting.selection is None:
            return None if inspecting.read_out is None else inspecting.read_out.edges
        influence = inspecting.influence
        if influence is None:
            return None
        return partner_arrows(inspecting.selection, influence, inspecting.direction)

    def _draw(self, kind: str, edges: pd.DataFrame) -> None:
        layer = self._layer(kind)
        if layer is None and len(edges) and kind not in self._deleted:
            layer = self._made(kind, edges)
        # Hidden ones are changed when they are shown again.
        if layer is None or not layer.visible:
            return
        layer.data = self._arrows(edges)
        if not len(edges):
            return
        # Each of these draws all of them anew.
        width = _width(kind, len(edges))
        if layer.edge_width != width:
            layer.edge_width = width
        colours = _colours(kind, edges)
        if not np.array_equal(colours, layer.edge_color):
            layer.edge_color = colours

    def _made(self, kind: str, edges: pd.DataFrame) -> Layer:
        viewer, run = self._viewer(), self._inspecting.run
        assert viewer is not None
        assert run is not None
        layer = Vectors(
            self._arrows(edges),
            name=NAMES[kind],
            vector_style="arrow",
            opacity=1.0 if kind == ARROWS else _PALE_OPACITY,
            edge_width=_width(kind, len(edges)),
            metadata=our_metadata(run, kind),
            **self._placement().arguments,
        )
        layer.events.visible.connect(self._on_eye)
        insert_below_marks(viewer, layer)
        return layer

    def _arrows(self, edges: pd.DataFrame) -> npt.NDArray[np.float64]:
        return placed_arrows(edges, self._placement())

    def _on_eye(self, *_: Any) -> None:
        if not self._own_doing:
            self._look()
            self.update()

    def _look(self) -> None:
        """Follow a person who shows, hides or deletes the layers by hand."""
        seen = any(layer.visible for layer in self._layers())
        if seen != self.asked_for:
            self.asked_for = seen
            self.changed.emit(seen)

    def _layer(self, kind: str) -> Layer | None:
        return layer_of(self._viewer(), self._inspecting.run, kind)

    def _layers(self) -> list[Layer]:
        found = [self._layer(kind) for kind in NAMES]
        return [layer for layer in found if layer is not None]

    @contextmanager
    def _doing(self) -> Iterator[None]:
        """Not the person does what is done inside."""
        self._own_doing, before = True, self._own_doing
        try:
            yield
        finally:
            self._own_doing = before


def _width(kind: str, n_arrows: int) -> float:
    return arrow_width(n_arrows) * (1.0 if kind == ARROWS else 0.5)


def _colours(kind: str, edges: pd.DataFrame) -> npt.NDArray[np.float32]:
    pale = kind == WITHIN_CHANCE
    return np.asarray(
        transform_color([LIGHT_GREY if pale else signed_colour(each) for each in edges["effect"]])
    )


def partner_arrows(
    selection: SelectedPlace, influence: Influence, direction: Direction
) -> pd.DataFrame:
    """Return the influences on or of the strongest partners, from where to where."""
    import pandas as pd

    partners = influence.partners[:MANY]
    here = ("source", "target") if direction == "outgoing" else ("target", "source")
    return pd.DataFrame(
        {
            "effect": partners["strength"],
            "p_adjusted": partners["p_adjusted"],
            f"{here[0]}_y": selection.y,
            f"{here[0]}_x": selection.x,
            f"{here[1]}_y": partners["y"],
            f"{here[1]}_x": partners["x"],
        }
    )

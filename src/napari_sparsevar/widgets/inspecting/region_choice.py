"""Which layer the regions are on: chosen by the person, and said."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtWidgets import QLabel, QPushButton, QWidget

from napari_sparsevar.widgets.parts.boxes import boxed, in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.fields import Choice, narrow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    from napari_sparsevar.widgets.session import Session

NONE, NEW = "none", "new"
TIP = (
    "The layer whose labels are the regions of this run. Its pixels and the names you give are "
    "kept in the run together. Any labels layer as large as a frame can be chosen."
)
HAS_FRAMES = (
    "“{name}” has frames, and a region layer is flat: what is painted there is no region. Press "
    "New region, or:"
)
TAKE_TIP = (
    "Copy what is painted on the frame shown to a flat layer, and take its labels as regions."
)


class RegionChoice(QWidget):
    """A combo box of the layers that can hold regions, and a sentence about one that cannot."""

    def __init__(self, session: Session, viewer: ViewerModel) -> None:
        super().__init__()
        self._session = session
        self.box = narrow_choice(self._offered)
        self.about = wrapped_label()
        self.take = QPushButton("Take this frame")
        self._framed = boxed(in_row((self.about, 1), self.take, spacing=6))
        label = QLabel("Regions on")
        label.setToolTip(f"<qt>{TIP}</qt>")
        self.take.setToolTip(f"<qt>{TAKE_TIP}</qt>")
        in_column(in_row(label, (self.box.native, 1)), self._framed, inside=self, spacing=4)
        self.take.clicked.connect(self._on_take)
        self.box.changed.connect(self._on_chosen)
        for name in ("inserted", "removed", "renamed"):
            watch(getattr(viewer.layers.events, name), self.show_state, self)
        watch(viewer.layers.selection.events.active, self.show_state, self)
        watch(session.inspecting.regions.layer_changed, self.show_state, self)
        for changed in (session.run_changed, session.movie_layer_changed):
            watch(changed, self.show_state, self)
        self.show_state()

    def show_state(self, *_: Any) -> None:
        """Show which layer it is, and whether the selected one is none."""
        layer = self._chosen()
        with self.box.changed.blocked():
            self.box.reset_choices()
            self.box.value = NONE if layer is None else weakref.ref(layer)
        self.box.tooltip = f"<qt>{TIP}</qt>"
        framed = self._session.painting.layer_with_frames()
        self.about.setText("" if framed is None else HAS_FRAMES.format(name=framed.name))
        self._framed.setVisible(framed is not None)

    def _chosen(self) -> Labels | None:
        layer = self._session.inspecting.regions.layer
        return layer if layer in self._session.painting.layers() else None

    def _offered(self, *_: Any) -> list[tuple[str, Any]]:
        none = [("none yet", NONE)] if self._chosen() is None else []
        layers = [(layer.name, weakref.ref(layer)) for layer in self._session.painting.layers()]
        return [*none, *layers, ("new layer …", NEW)]

    def _on_chosen(self, chosen: Any) -> None:
        with refusals_shown():
            if chosen == NEW:
                self._session.painting.new_layer()
                self._session.painting.new_region()
            elif isinstance(chosen, weakref.ref):
                layer = chosen()
                if isinstance(layer, Labels):
                    self._session.painting.choose(layer)
        self.show_state()

    def _on_take(self) -> None:
        with refusals_shown():
            self._session.painting.take_frame()


def narrow_choice(offered: Any) -> Choice:
    """Return a combo box that fits a narrow dock."""
    box = Choice(label="Regions", choices=offered)
    box.native.setAccessibleName("Regions")
    narrow(box.native)
    return box

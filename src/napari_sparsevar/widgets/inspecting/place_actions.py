"""What can be done with places: paint a new region, turn one into the other, hide."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtWidgets import (
    QCheckBox,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_sparsevar.widgets.inspecting.driver_table import DriverTable
from napari_sparsevar.widgets.inspecting.region_choice import RegionChoice
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    from napari_sparsevar.widgets.session import Session

NEW_REGION = (
    "Paint on the movie with napari's brush, polygon or fill: what the region drives and what "
    "drives it appears while you paint. The layer is two-dimensional, whatever the length of "
    "the movie."
)
TO_REGION = "Copy the place to the painted regions, to change its outline or keep it."
TO_DRIVER = "List the painted region among the drivers and outline it on the movie."
BACK = "Take the region off the list of drivers; it stays a painted region."


class PlaceActions(QWidget):
    """Buttons and filters of the table of places."""

    def __init__(self, session: Session, viewer: ViewerModel, table: DriverTable) -> None:
        super().__init__()
        self.regions = RegionChoice(session, viewer)
        self._session = session
        self._inspecting = session.inspecting
        self._table = table
        self.new_region = QPushButton("New region")
        self.turn = QPushButton()
        self.hide_place = QPushButton("Hide")
        self.least_stability = QSpinBox()
        self.show_hidden = QCheckBox("Hidden")
        self._arrange()
        self.new_region.clicked.connect(self._on_new)
        self.turn.clicked.connect(self._on_turn)
        self.hide_place.clicked.connect(self._on_hide)
        self.least_stability.valueChanged.connect(self._on_filter)
        self.show_hidden.toggled.connect(self._on_filter)
        watch(self._inspecting.selection_changed, self.show_state, self)
        watch(self._inspecting.notes_changed, self.show_state, self)
        watch(self._inspecting.read_out_changed, self.show_state, self)
        self.show_state()

    def _arrange(self) -> None:
        self.new_region.setToolTip(f"<qt>{NEW_REGION}</qt>")
        self.hide_place.setToolTip("<qt>Take the selected place off the list and the movie.</qt>")
        self.least_stability.setRange(0, 100)
        self.least_stability.setSuffix(" %")
        tip = "<qt>Show drivers at least so stable; where it is unknown they are shown.</qt>"
        label = QLabel("Stable ≥")
        for widget in (label, self.least_stability):
            widget.setToolTip(tip)
        self.show_hidden.setToolTip("<qt>Show hidden places too, in grey.</qt>")
        buttons = in_row((self.new_region, 1), (self.turn, 1), (self.hide_place, 1))
        filters = in_row(label, self.least_stability, None, self.show_hidden)
        in_column(self.regions, buttons, filters, inside=self, spacing=4)

    def show_state(self, *_: Any) -> None:
        """Offer what can be done with the selected place."""
        place = self._place()
        self.turn.setEnabled(self._inspecting.selection is not None)
        self.hide_place.setEnabled(place is not None)
        is_region = place is not None and place["kind"] == "region"
        listed = place is not None and bool(place["as_driver"])
        text, tip = "To region", TO_REGION
        if is_region:
            text, tip = ("Back to region", BACK) if listed else ("To driver", TO_DRIVER)
        self.turn.setText(text)
        self.turn.setToolTip(f"<qt>{tip}</qt>")
        self.hide_place.setText("Show" if place is not None and place["hidden"] else "Hide")

    def _place(self) -> Any:
        selection = self._inspecting.selection
        return None if selection is None else self._inspecting.place(*selection.key)

    def _on_new(self) -> None:
        with refusals_shown():
            self._session.painting.new_region()

    def _on_turn(self) -> None:
        place, selection = self._place(), self._inspecting.selection
        if selection is None:
            return
        if selection.kind != "region":
            self._session.painting.copy(selection.mask)
        elif place is not None:
            self._inspecting.annotate("region", selection.label, driver=not place["as_driver"])

    def _on_hide(self) -> None:
        place = self._place()
        if place is not None:
            kind, label = place["kind"], int(place["label"])
            self._inspecting.annotate(kind, label, hidden=not place["hidden"])

    def _on_filter(self, *_: Any) -> None:
        self._table.set_filter(self.least_stability.value() / 100, self.show_hidden.isChecked())

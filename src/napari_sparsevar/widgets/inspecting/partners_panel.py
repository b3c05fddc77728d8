"""What is selected, which way one looks, and the partners it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QButtonGroup, QComboBox, QPushButton, QWidget

from napari_sparsevar.widgets.inspecting.answers import Direction
from napari_sparsevar.widgets.inspecting.partners_table import PartnersTable
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

TITLES: dict[Direction, tuple[str, str]] = {
    "outgoing": ("Drives", "What the selected place drives: orange more, blue less active."),
    "incoming": ("Driven by", "What drives the selected place: orange raises it, blue lowers it."),
}


class PartnersPanel(QWidget):
    """Direction and lag above, the table below.

    Parameters
    ----------
    inspecting : Inspecting
    """

    def __init__(self, inspecting: Inspecting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inspecting = inspecting
        self.directions = {name: QPushButton(title) for name, (title, _) in TITLES.items()}
        self.lag = narrow(QComboBox())
        self.table = PartnersTable(inspecting)
        self._group = QButtonGroup(self)
        self._arrange()
        self.lag.activated.connect(self._on_lag)
        watch(inspecting.run_changed, self._on_run, self)
        watch(inspecting.selection_changed, self.show_answer, self)
        watch(inspecting.answered, self.show_answer, self)
        watch(inspecting.direction_changed, self.show_answer, self)
        watch(inspecting.notes_changed, self.show_answer, self)
        self._on_run(inspecting.run)

    def _arrange(self) -> None:
        for name, button in self.directions.items():
            button.setCheckable(True)
            button.setToolTip(f"<qt>{TITLES[name][1]}</qt>")
            button.clicked.connect(self._direction_setter(name))
            self._group.addButton(button)
        self.lag.setToolTip("<qt>All lags together, or what arrives after one of them.</qt>")
        bar = in_row(*((widget, 1) for widget in (*self.directions.values(), self.lag)))
        in_column(bar, (self.table, 1), inside=self, margins=(0, 4, 0, 0), spacing=4)

    def show_answer(self, *_: Any) -> None:
        """Show the partners of the present answer."""
        self.directions[self._inspecting.direction].setChecked(True)
        self.table.fill()

    def _direction_setter(self, name: Direction) -> Any:
        return lambda *_: self._inspecting.set_direction(name)

    def _on_run(self, run: Run | None) -> None:
        self.lag.clear()
        self.lag.addItem("All lags", None)
        lags, fps = (0, None) if run is None else (run.results.fitted.lags, run.fps)
        for lag in range(1, lags + 1):
            later = f"{1000 * lag / fps:.0f} ms" if fps else f"{lag} frames"
            self.lag.addItem(f"After {later}", lag)
        self.lag.setVisible(lags > 1)
        self.show_answer()

    def _on_lag(self, index: int) -> None:
        self._inspecting.set_lag(self.lag.itemData(index))

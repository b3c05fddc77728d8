"""Which way one looks from the selected place, and the partners it has, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QButtonGroup, QComboBox, QPushButton, QWidget

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.widgets.inspecting.answers import Direction
from napari_sparsevar.widgets.inspecting.edge import ChosenEdge, partner_key, place_name
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.boxes import in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import Column, RowsTable

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.run.run import Run

TITLES: dict[Direction, tuple[str, str]] = {
    "outgoing": ("Drives", "What the selected place drives: orange more, blue less active."),
    "incoming": ("Driven by", "What drives the selected place: orange raises it, blue lowers it."),
}


class PartnersPanel(QWidget):
    """Direction and lag above, the table below; its selected row is the chosen edge."""

    def __init__(self, inspecting: Inspecting, edge: ChosenEdge) -> None:
        super().__init__()
        self._inspecting = inspecting
        self._edge = edge
        self.directions = {name: QPushButton(title) for name, (title, _) in TITLES.items()}
        self.lag = narrow(QComboBox())
        self.said = wrapped_label()
        self.table = PartnersTable(inspecting)
        self._group = QButtonGroup(self)
        self._arrange()
        self.lag.activated.connect(self._on_lag)
        watch(inspecting.run_changed, self._on_run, self)
        watch(inspecting.selection_changed, self.show_answer, self)
        watch(inspecting.answered, self.show_answer, self)
        watch(inspecting.direction_changed, self.show_answer, self)
        watch(inspecting.notes_changed, self.show_answer, self)
        watch(edge.changed, self._mark_edge, self)
        self._on_run(inspecting.run)

    def _arrange(self) -> None:
        for name, button in self.directions.items():
            button.setCheckable(True)
            button.setToolTip(f"<qt>{TITLES[name][1]}</qt>")
            button.clicked.connect(self._direction_setter(name))
            self._group.addButton(button)
        self.lag.setToolTip("<qt>All lags together, or what arrives after one of them.</qt>")
        bar = in_row(*((widget, 1) for widget in (*self.directions.values(), self.lag)))
        in_column(bar, self.said, (self.table, 1), inside=self, margins=(0, 4, 0, 0), spacing=4)

    def show_answer(self, *_: Any) -> None:
        """Show the partners of the present answer."""
        self.directions[self._inspecting.direction].setChecked(True)
        self.table.fill()
        self.said.setText(self._about_chance())
        self.said.setVisible(bool(self.said.text()))
        self._mark_edge()

    def _about_chance(self) -> str:
        """Return a sentence where nothing that is listed is beyond chance, else an empty one."""
        influence = self._inspecting.influence
        if influence is None or influence.partners.empty or influence.beyond_chance.any():
            return ""
        tested = influence.partners["p_adjusted"].notna().any()
        return WITHIN_CHANCE if tested else UNTESTED

    def _mark_edge(self) -> None:
        self.table.mark(self._edge.row())

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


PLACE, STRENGTH, LAG, STABILITY, P_VALUE = range(5)
COLUMNS = (
    Column("Place", "Its name where it is listed above, else (y, x) as in the status bar."),
    Column(
        "Strength",
        "Change of the predicted frame there (or, of the selected place, from there) when the "
        "source's activity is one standard deviation up, in units of a pixel's noise.",
    ),
    Column("Lag", "How much later; in frames where the frame rate is unknown."),
    Column("Stable", "Share of random halves of the movie in which these edges are found again."),
    Column("p", "The surest of these edges, adjusted for all pairs of the field."),
)

NOTHING = {
    "outgoing": "It drives no other place at this penalty. Move the sparsity slider to the right "
    "to see weaker influences.",
    "incoming": "No other place drives it at this penalty. Move the sparsity slider to the right "
    "to see weaker influences.",
}
NOT_SELECTED = "Click a place, or paint a region, to see what it drives and what drives it."
WITHIN_CHANCE = (
    "None of these is beyond chance: chance alone makes influences as strong (p > 0.05)."
)
UNTESTED = "None of these has been tested against chance."


class PartnersTable(RowsTable):
    """Partners of the selected place in the direction looked at."""

    def __init__(self, inspecting: Inspecting) -> None:
        super().__init__(COLUMNS, stretched=PLACE)
        self._inspecting = inspecting

    def fill(self) -> None:
        """List the partners of the present answer."""
        influence, run = self._inspecting.influence, self._inspecting.run
        if influence is None or run is None:
            self.show_rows(None, [], NOT_SELECTED)
            return
        partners = influence.partners
        texts = [_texts(self._name(row), row, run.fps) for _, row in partners.iterrows()]
        pale = (~influence.beyond_chance).tolist()
        self.show_rows(partners, texts, NOTHING[self._inspecting.direction], pale)

    def _name(self, partner: pd.Series) -> str:
        y, x = float(partner["y"]), float(partner["x"])
        return place_name(self._inspecting, partner_key(self._inspecting, y, x), y, x)


def _texts(name: str, partner: pd.Series, fps: float | None) -> tuple[str, ...]:
    lag = f"{1000 * partner['lag'] / fps:.0f} ms" if fps else f"{int(partner['lag'])}"
    return (
        name,
        f"{partner['strength']:+.3g}",
        lag,
        percent_text(partner["stability"]),
        p_value_text(partner["p_adjusted"]),
    )

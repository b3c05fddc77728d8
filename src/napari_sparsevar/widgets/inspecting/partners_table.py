"""The places the selected one drives or is driven by, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.parts.rows_table import RowsTable
from napari_sparsevar.widgets.parts.table import Column

if TYPE_CHECKING:
    import pandas as pd

PLACE, STRENGTH, LAG, STABILITY, P_VALUE = range(5)
COLUMNS = (
    Column("Place", "Its name where it is a driver or a painted region, else y, x in pixels."),
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
NOT_SELECTED = "Choose a driver, or paint a region, to see what it drives and what drives it."


class PartnersTable(RowsTable):
    """Partners of the selected place in the direction looked at."""

    def __init__(self, inspecting: Inspecting, parent: QWidget | None = None) -> None:
        super().__init__(COLUMNS, stretched=PLACE, parent=parent)
        self._inspecting = inspecting

    def fill(self) -> None:
        """List the partners of the present answer."""
        influence, run = self._inspecting.influence, self._inspecting.run
        if influence is None or run is None:
            self.show_rows(None, [], NOT_SELECTED)
            return
        partners = influence.partners
        texts = [_texts(self._name(row), row, run.fps) for _, row in partners.iterrows()]
        self.show_rows(partners, texts, NOTHING[self._inspecting.direction])

    def _name(self, partner: pd.Series) -> str:
        y, x = round(float(partner["y"])), round(float(partner["x"]))
        return self._inspecting.name_at(y, x) or f"{y}, {x}"


def _texts(name: str, partner: pd.Series, fps: float | None) -> tuple[str, ...]:
    lag = f"{1000 * partner['lag'] / fps:.0f} ms" if fps else f"{int(partner['lag'])}"
    return (
        name,
        f"{partner['strength']:+.3g}",
        lag,
        percent_text(partner["stability"]),
        p_value_text(partner["p_adjusted"]),
    )

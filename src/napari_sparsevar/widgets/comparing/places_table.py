"""The places whose influence on others changed between two windows, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison
from napari_sparsevar.widgets.comparing.layers import changed_places
from napari_sparsevar.widgets.parts.rows_table import RowsTable
from napari_sparsevar.widgets.parts.table import Column

if TYPE_CHECKING:
    import pandas as pd

IN_B = 1
COLUMNS = (
    Column("Place", "Where the influence comes from: y, x in pixels."),
    Column(
        "In B",
        "Whether the place drives others more or less in the second window, as most of its edges "
        "tell. A row says its balance where the pointer rests: +1 if all of the change is to "
        "more, -1 if all is to less, about 0 if as much went up as down.",
    ),
    Column("p", "Adjusted for all places."),
)


class PlacesTable(RowsTable):
    """Changed places."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(COLUMNS, stretched=IN_B, parent=parent)

    def show_pair(self, pair: Comparison | None) -> None:
        """List the places of a pair of windows."""
        places = None if pair is None else changed_places(pair)
        level = 0.05 if pair is None else pair.level
        self.show_rows(
            places,
            [] if places is None else [_texts(place) for _, place in places.iterrows()],
            f"No place changed at the level {level:g}, adjusted for all of them.",
        )
        if pair is None or places is None:
            return
        self.table.title(IN_B).setText(f"In {pair.b.label}")
        for row, balance in enumerate(places.get("balance", ())):
            self.table.cell(row, IN_B).setToolTip(f"balance {balance:+.2f}")


def _texts(place: pd.Series) -> tuple[str, ...]:
    return (
        f"{place['y']:.0f},{place['x']:.0f}",
        "more" if place["balance"] > 0 else "less",
        p_value_text(float(place["p_adjusted"])),
    )

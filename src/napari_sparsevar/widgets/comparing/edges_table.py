"""The edges that changed between two windows, one row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison
from napari_sparsevar.widgets.comparing.layers import changed_edges, changed_places
from napari_sparsevar.widgets.parts.rows_table import RowsTable
from napari_sparsevar.widgets.parts.table import Column

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    Column("From", "Where the influence comes from: y, x in pixels."),
    Column("To", "What it acts on: y, x in pixels."),
    Column("Lag", "How much later, in frames where the frame rate is unknown."),
    Column(
        "Change",
        "B minus A with its 95 % interval, in standard deviations of the target for one of the "
        "source.",
    ),
    Column("p", "Adjusted for all edges that were looked at."),
)


class EdgesTable(RowsTable):
    """Changed edges."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(COLUMNS, stretched=3, parent=parent)

    def show_pair(self, pair: Comparison | None, fps: float | None) -> None:
        """List the edges of a pair of windows; lags in milliseconds where the rate is known."""
        if pair is None:
            self.show_rows(None, [], "")
            return
        edges = changed_edges(pair)
        texts = [_texts(edge, fps) for _, edge in edges.iterrows()]
        self.show_rows(edges, texts, _nothing(pair))


def _texts(edge: pd.Series, fps: float | None) -> tuple[str, ...]:
    lag = f"{1000 * edge['lag'] / fps:.0f} ms" if fps else f"{int(edge['lag'])}"
    return (
        f"{edge['source_y']:.0f},{edge['source_x']:.0f}",
        f"{edge['target_y']:.0f},{edge['target_x']:.0f}",
        lag,
        f"{edge['change']:+.2f} [{edge['low']:.2f}, {edge['high']:.2f}]",
        p_value_text(float(edge["p_adjusted"])),
    )


def _nothing(pair: Comparison) -> str:
    said = f"No edge changed at the level {pair.level:g}, adjusted for all of them."
    if changed_places(pair).empty:
        return said
    return f"{said}\nPlaces did, all edges of each taken together: see Changed places."

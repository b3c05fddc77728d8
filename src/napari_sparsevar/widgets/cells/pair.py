"""The cell one looks at: whom it drives and who drives it; a pair by lag and over time."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyqtgraph as pg
from qtpy.QtCore import Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QTabWidget, QWidget

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.cells.traces import TracesPlot, row_of
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.plot import FIRST, SECOND, Plot, plain_view
from napari_sparsevar.widgets.parts.table import Column, RowsTable

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit

NO_CELL = "Choose a cell in the table, on the matrix or on the movie."
NO_PAIR = "Choose a partner, or a field of the matrix, to see the pair."
MOST_PARTNERS = 200
_COLUMNS = (
    Column("", "→ the chosen cell drives the other; ← it is driven."),
    Column("Other", "Click to look at the pair."),
    Column("Lag", "Frames from one to the other."),
    Column("Estimate", "Debiased: standard deviations of the target for one of the source."),
    Column("p", "Adjusted for all pairs and lags."),
    Column("Stable", "Share of halves of the recording in which the lasso keeps it."),
)
_AHEAD = 0.12
"""How far beside a lag its two directions are drawn."""


class LagPlot(Plot):
    """The effect at each lag, with its interval, and that of the other direction beside it."""

    def __init__(self, theme: str) -> None:
        super().__init__(plain_view(), "estimate", "lag (frames)")
        self.points = pg.ScatterPlotItem(pxMode=True)
        self.errors = [pg.ErrorBarItem(beam=0.08), pg.ErrorBarItem(beam=0.08)]
        self.zero = pg.InfiniteLine(0, angle=0)
        self.view.addItem(self.zero, ignoreBounds=True)
        for item in (*self.errors, self.points):
            self.view.addItem(item)
        self._pair: tuple[pd.DataFrame, pd.DataFrame] | None = None
        self.set_theme(theme)

    def show_pair(self, there: pd.DataFrame, back: pd.DataFrame) -> None:
        """Draw both directions of a pair: rows of ``CellFit.pair``."""
        self._pair = there, back
        self._draw()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        self.zero.setPen(pg.mkPen(self.text, width=1))
        self._draw()

    def _draw(self) -> None:
        if getattr(self, "_pair", None) is None:
            return
        assert self._pair is not None
        spots: list[dict[str, Any]] = []
        for side, (table, errors) in enumerate(zip(self._pair, self.errors, strict=True)):
            colour = QColor((FIRST, SECOND)[side][self.is_light])
            x = table["lag"].to_numpy(float) + (_AHEAD if side else -_AHEAD)
            known = table[["estimate", "low", "high"]].notna().all(axis=1).to_numpy()
            middle = table["estimate"].to_numpy(float)
            reach = (table["high"] - table["estimate"]).to_numpy(float)
            errors.setVisible(bool(known.any()))
            errors.setData(
                x=x[known], y=middle[known], height=2 * reach[known], pen=pg.mkPen(colour, width=2)
            )
            for at, value, p_value in zip(
                x[known], middle[known], table["p_adjusted"][known], strict=True
            ):
                sure = p_value <= LEVEL
                spots.append(
                    {
                        "pos": (at, value),
                        "size": 9,
                        "pen": pg.mkPen(colour, width=2),
                        "brush": pg.mkBrush(colour) if sure else pg.mkBrush(self.backgroundBrush()),
                    }
                )
        self.points.setData(spots)
        lags = self._pair[0]["lag"].to_numpy(int)
        self.bottom.setTicks([[(int(lag), str(lag)) for lag in lags]])
        self.view.setXRange(lags[0] - 0.5, lags[-1] + 0.5, padding=0)
        self.view.enableAutoRange(axis="y")


class PairPanel(QWidget):
    """One sentence above; partners, the pair by lag, the pair over time below.

    Attributes
    ----------
    pair_chosen : Signal
        A person has chosen another pair here.
    frame_clicked : Signal of float
    """

    pair_chosen = Signal()
    frame_clicked = Signal(float)

    def __init__(self, brought: BroughtCells, theme: str) -> None:
        super().__init__()
        self._brought = brought
        self.words = wrapped_label()
        self.partners = RowsTable(_COLUMNS, stretched=1)
        self.lags = LagPlot(theme)
        self.legend, self.alone = wrapped_label(), wrapped_label()
        self.traces = TracesPlot(theme)
        self.tabs = QTabWidget()
        self._arrange()
        self.partners.chosen.connect(self._on_partner)
        self.traces.frame_clicked.connect(self.frame_clicked)
        self.tabs.currentChanged.connect(self._draw_pair)
        watch(brought.fit_changed, self.refresh, self)
        watch(brought.chosen_changed, self.refresh, self)
        watch(brought.edits_changed, self.refresh, self)
        self.refresh()

    def _arrange(self) -> None:
        by_lag, over_time = QWidget(), QWidget()
        in_column((self.lags, 1), self.legend, inside=by_lag, spacing=2)
        in_column((self.traces, 1), self.alone, inside=over_time, spacing=2)
        self.tabs.addTab(self.partners, "Partners")
        self.tabs.addTab(by_lag, "By lag")
        self.tabs.addTab(over_time, "Both traces")
        self.tabs.setDocumentMode(True)
        in_column(self.words, (self.tabs, 1), inside=self, spacing=2)

    def refresh(self, *_: Any) -> None:
        """Say and draw what is chosen now."""
        brought = self._brought
        source, target = brought.chosen
        fit, first, second = brought.fit, *map(brought.place_in_fit, brought.chosen)
        self.words.setText(self._said(source, target))
        if fit is None or first is None:
            self.partners.show_rows(None, [], NO_CELL)
        else:
            rows = partner_rows(fit, fit.names[first])
            other = None if second is None else fit.names[second]
            self._list(fit.names[first], rows, other)
        self._draw_pair()

    def _list(self, name: str, rows: pd.DataFrame, other: str | None) -> None:
        texts = [
            (
                row.way,
                row.other,
                str(row.lag),
                f"{row.estimate:+.3f}",
                p_value_text(row.p_adjusted),
                percent_text(row.stability),
            )
            for row in rows.itertuples()
        ]
        pale = (~(rows["p_adjusted"] <= LEVEL)).tolist()
        nothing = f"Neither the lasso nor the test finds an edge from or to {name}."
        self.partners.show_rows(rows, texts, nothing, pale)
        same = np.flatnonzero(rows["other"] == other)
        self.partners.mark(int(same[0]) if len(same) else None)

    def _said(self, source: int | None, target: int | None) -> str:
        brought = self._brought
        if brought.given is None or source is None:
            return NO_CELL
        name = escape(brought.name(source))
        fit, first = brought.fit, brought.place_in_fit(source)
        if target is None:
            if first is None:
                return f"<b>{name}</b>" + ("" if fit is None else " · not in this fit")
            return f"<b>{name}</b> · {_driving(fit, fit.names[first])}" if fit else ""
        words = f"<b>{name} → {escape(brought.name(target))}</b>"
        second = brought.place_in_fit(target)
        if fit is None or first is None or second is None:
            return words
        return f"{words} · {pair_words(fit, fit.names[first], fit.names[second])}"

    def _draw_pair(self, *_: Any) -> None:
        brought = self._brought
        first, second = map(brought.place_in_fit, brought.chosen)
        fit, known = brought.fit, first is not None and second is not None
        self.lags.setVisible(known)
        self.traces.setVisible(first is not None)
        self.legend.setText("" if known else NO_PAIR)
        self.alone.setText("" if known else NO_PAIR)
        self.alone.setVisible(not known)
        if fit is None or first is None:
            return
        if second is None:
            self.traces.show_rows([row_of(fit, fit.names[first])], fit.fps)
            return
        names = fit.names[first], fit.names[second]
        if self.tabs.currentIndex() == 1:
            self.lags.show_pair(fit.pair(*names), fit.pair(*reversed(names)))
            there, back = (f"{escape(a)} → {escape(b)}" for a, b in (names, names[::-1]))
            light = self.lags.is_light
            self.legend.setText(
                f'<span style="color:{FIRST[light]}">{there}</span>, '
                f'<span style="color:{SECOND[light]}">{back}</span>; filled: beyond chance.'
            )
        elif self.tabs.currentIndex() == 2:
            self.traces.show_rows([row_of(fit, name) for name in names], fit.fps)

    def _on_partner(self, row: pd.Series) -> None:
        fit, fitted = self._brought.fit, self._brought.fitted
        if fit is None or self._brought.chosen[0] is None:
            return
        here, other = self._brought.chosen[0], int(fitted[fit.names.index(str(row["other"]))])
        self._brought.choose(here, other)
        self.pair_chosen.emit()

    def showEvent(self, event: Any) -> None:
        """Draw what is to be seen."""
        super().showEvent(event)
        self._draw_pair()


def partner_rows(fit: CellFit, name: str) -> pd.DataFrame:
    """Return edges from and to a cell, the surest first, with ``way`` and ``other``."""
    edges = fit.edges
    found = edges[(edges["source"] == name) | (edges["target"] == name)].head(MOST_PARTNERS).copy()
    out = found["source"] == name
    found["way"] = np.where(out, "→", "←")
    found["other"] = np.where(out, found["target"], found["source"])
    return found.reset_index(drop=True)


def pair_words(fit: CellFit, source: str, target: str) -> str:
    """Return what is known of a pair at its surest lag."""
    table = fit.pair(source, target)
    if table["estimate"].isna().all():
        return "not known: they are one cell, or one was left out"
    surest = table.iloc[np.lexsort((-table["estimate"].abs(), table["p_adjusted"].fillna(2.0)))[0]]
    lag = int(surest["lag"])
    later = f"{lag} frame{'s' * (lag != 1)}"
    if fit.fps:
        later += f" ({1000 * lag / fit.fps:.0f} ms)"
    found = f"{surest['estimate']:+.3f} ({surest['low']:+.3f} to {surest['high']:+.3f})"
    words = [f"{found}, {later} later", f"p {p_value_text(surest['p_adjusted'])}"]
    if not surest["p_adjusted"] <= LEVEL:
        words[1] += ", not beyond chance" if fit.tested else ", not tested"
    words.append(f"stable {percent_text(surest['stability'])}")
    away = _distance(fit, source, target)
    return " · ".join([*words, *([away] if away else [])])


def _distance(fit: CellFit, source: str, target: str) -> str:
    if fit.positions is None:
        return ""
    ends = [fit.positions[fit.names.index(name)] for name in (source, target)]
    away = math.dist(*ends)
    return f"{away:.0f} {'µm' if fit.cells.pixel_size_um else 'px'}" if math.isfinite(away) else ""


def _driving(fit: CellFit, name: str) -> str:
    row = fit.drivers.set_index("name").loc[name]
    if math.isnan(row["strength"]):
        return "left out of the fit"
    drives, driven = int(row["drives"]), int(row["driven_by"])
    return (
        f"p {p_value_text(row['p_adjusted'])} · {drives} edge{'s' * (drives != 1)} out, "
        f"{driven} in beyond chance"
    )

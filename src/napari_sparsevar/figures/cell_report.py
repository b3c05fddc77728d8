"""A fit of cells as one page: the sentence, figures, drivers, edges, comparisons."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import UNKNOWN, p_value_text, percent_text
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.words import sentence
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.store import load_comparisons
from napari_sparsevar.figures.options import SINGLE_COLUMN_MM
from napari_sparsevar.figures.page import MOST_COMPARISONS, Rows, comparison_words, page_of
from napari_sparsevar.figures.report_figures import ReportFigure, ready
from napari_sparsevar.figures.write import CELL_KINDS, FigureOptions, draw_figure
from napari_sparsevar.run.record import software_versions

TEMPLATE = "cells.html.j2"

MOST_ROWS, FEWEST_ROWS = 100, 10
"""Rows of a table: those beyond chance, and a few of the others."""

MOST_CHANGES = 10


def cell_report_page(fit: CellFit, folder: Path | None, tell: Callable[[str], None]) -> str:
    """Return the report of a fit as HTML.

    Parameters
    ----------
    fit : CellFit
    folder : Path or None
        Where it is kept, with comparisons.
    tell : callable
        Gets a sentence for every comparison that cannot be opened.
    """
    known: list[str] = []

    def told(said: str) -> None:
        known.append(said)
        tell(said)

    comparisons = [] if folder is None else load_comparisons(folder, told)[-MOST_COMPARISONS:]
    drivers, edges = _shown(fit.drivers), _shown(fit.edges)
    return page_of(
        TEMPLATE,
        title=fit.cells.source.name if fit.cells.source else "Cells",
        question="who drives whom",
        headline=sentence(fit),
        notices=[*fit.cells.notes, *(n for n in fit.notes if n not in fit.cells.notes), *known],
        cells=cell_rows(fit),
        found=outcome_rows(fit),
        figures=_figures(fit),
        drivers=[_driver(row) for row in drivers.to_dict("records")],
        drivers_said=_how_many(drivers, fit.drivers, "cells"),
        edges=[_edge(row) for row in edges.to_dict("records")],
        edges_said=_how_many(edges, fit.edges, "edges"),
        unit="µm" if fit.cells.pixel_size_um else "px",
        comparisons=[_compared(found) for found in comparisons],
        written_with=sorted(software_versions().items()),
    )


def cell_rows(fit: CellFit) -> Rows:
    """Return what there is to say about the cells."""
    cells, frames = fit.cells, len(fit.good)
    length = f" ({frames / fit.fps:,.1f} s)" if fit.fps else ""
    return [
        ("Cells from", f"{cells.source}" if cells.source else "memory"),
        ("Format", cells.kind or "not known"),
        ("Cells", f"{len(fit.names):,}, {len(fit.activity.names):,} of them fitted"),
        ("Frames", f"{frames:,}{length}, {int(fit.good.sum()):,} of them used"),
        ("Frame rate", f"{fit.fps:g} frames/s" if fit.fps else "not known"),
        ("Trials", "none" if fit.trials is None else f"{len(fit.trials)}, never joined"),
        ("Pixel size", f"{cells.pixel_size_um:g} µm" if cells.pixel_size_um else "not known"),
    ]


def outcome_rows(fit: CellFit) -> Rows:
    """Return settings and the outcome in a few numbers."""
    beyond = {
        name: int((table["p_adjusted"] <= LEVEL).sum())
        for name, table in (("edges", fit.edges), ("drivers", fit.drivers))
    }
    return [
        ("Fitted", fit.said or "not known"),
        ("Lags", str(fit.lags)),
        ("Penalty", f"{fit.fitted.penalty:.3g}"),
        ("Seed", str(fit.seed)),
        ("Edges beyond chance", f"{beyond['edges']:,}" if fit.tested else "not tested"),
        ("Drivers beyond chance", f"{beyond['drivers']:,}" if fit.tested else "not tested"),
        ("Edges that the lasso keeps", f"{int((fit.edges['coefficient'] != 0).sum()):,}"),
    ]


def _figures(fit: CellFit) -> list[ReportFigure]:
    drawn = [
        (CELL_KINDS["matrix"].title, "matrix", False),
        (CELL_KINDS["graph"].title, "graph", False),
        (CELL_KINDS["traces"].title, "traces", False),
        ("All cells", "traces", True),
    ]
    return [
        ready(
            title,
            draw_figure(fit, kind, FigureOptions(width_mm=SINGLE_COLUMN_MM, all_cells=every)),
        )
        for title, kind, every in drawn
    ]


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows beyond chance, the first ones, and a few of the others."""
    beyond = int((table["p_adjusted"] <= LEVEL).sum())
    return table.head(min(max(beyond, FEWEST_ROWS), MOST_ROWS))


def _how_many(shown: pd.DataFrame, table: pd.DataFrame, what: str) -> str:
    beyond = int((table["p_adjusted"] <= LEVEL).sum())
    return (
        f"{len(shown)} of {len(table):,} {what}, the surest first; {beyond:,} are beyond chance "
        f"(p <= {LEVEL:g}, family-wise), the others are pale."
    )


def _driver(row: dict[Any, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "strength": _number(row["strength"]),
        "p": p_value_text(row["p_adjusted"]),
        "stability": percent_text(row["stability"]),
        "drives": row["drives"],
        "driven_by": row["driven_by"],
        "y": _number(row["y"]),
        "x": _number(row["x"]),
        "faint": not row["p_adjusted"] <= LEVEL,
    }


def _edge(row: dict[Any, Any]) -> dict[str, Any]:
    interval = f"{_number(row['low'])} to {_number(row['high'])}"
    return {
        "source": row["source"],
        "target": row["target"],
        "lag": row["lag"],
        "estimate": _number(row["estimate"]),
        "interval": UNKNOWN if math.isnan(row["low"]) else interval,
        "p": p_value_text(row["p_adjusted"]),
        "fdr": p_value_text(row["p_fdr"]),
        "stability": percent_text(row["stability"]),
        "distance": _number(row["distance"]),
        "faint": not row["p_adjusted"] <= LEVEL,
    }


def _number(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.3g}".replace("-", "\N{MINUS SIGN}")


def _compared(found: ComparisonSet) -> dict[str, Any]:
    words = comparison_words(found, [])
    words["sentences"] += [_changes(pair) for pair in found.pairs if len(_changed(pair))]
    return words


def _changed(pair: Comparison) -> pd.DataFrame:
    return pair.dynamics.changed(pair.level)


def _changes(pair: Comparison) -> str:
    """Return the edges that changed most, by the names of the cells."""
    changed = _changed(pair)
    listed = [
        f"{row.source_name} to {row.target_name} at lag {row.lag}: {_number(row.change)} "
        f"({_number(row.low)} to {_number(row.high)})"
        for row in changed.head(MOST_CHANGES).itertuples()
    ]
    more = len(changed) - len(listed)
    rest = f"; and {more} more" if more else ""
    return f"Changed from {pair.a.label} to {pair.b.label}: {'; '.join(listed)}{rest}."

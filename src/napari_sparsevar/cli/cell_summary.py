"""What there is to say about a fit of cells, as JSON and as text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from napari_sparsevar.cli.text import as_table, print_values

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.cells.cell_fit import CellFit

TOP_EDGES = 10
TOP_DRIVERS = 10

_EDGE_COLUMNS = [
    *("source", "target", "lag", "estimate", "low", "high"),
    *("p_adjusted", "p_fdr", "stability", "distance"),
]
_WHERE_KNOWN = {"trials", "cells_from", "format"}
_DRIVER_COLUMNS = ["name", "strength", "p_adjusted", "stability", "drives", "driven_by"]


def say_fit(fit: CellFit, place: Path | None, *, as_json: bool = False) -> None:
    """Print what was found and where it is."""
    summary = {**({} if place is None else {"fit": str(place)}), **summary_of_fit(fit)}
    if as_json:
        typer.echo(json.dumps(summary, indent=2, allow_nan=False))
        return
    edges, drivers = summary.pop("surest_edges"), summary.pop("surest_drivers")
    notes, covariates = summary.pop("notes"), summary.pop("covariates")
    typer.echo(f"{summary.pop('found')}\n")
    print_values({k: v for k, v in summary.items() if v is not None or k not in _WHERE_KNOWN})
    typer.echo(f"\nsurest edges\n{as_table(edges)}")
    typer.echo(f"\nsurest drivers\n{as_table(drivers)}")
    if covariates:
        typer.echo(f"\ntaken out\n{as_table(covariates)}")
    if notes:
        typer.echo("")
    for note in notes:
        typer.echo(f"  ! {note}")


def summary_of_fit(fit: CellFit) -> dict[str, Any]:
    """Return what was fitted and found, ready for JSON."""
    from napari_sparsevar.analysis.evidence.level import LEVEL
    from napari_sparsevar.cells.words import advice, sentence, told

    cells = fit.cells
    return {
        "found": sentence(fit),
        "cells": len(fit.names),
        "left_out": [name for name in fit.names if name not in fit.activity.names],
        "frames": len(fit.good),
        "good_frames": int(fit.good.sum()),
        "frames_per_second": fit.fps,
        "trials": None if fit.trials is None else len(fit.trials),
        "lags": fit.lags,
        "fitted": fit.said,
        "cells_from": None if cells.source is None else str(cells.source),
        "format": cells.kind or None,
        "seed": fit.seed,
        "tested": fit.tested,
        "edges": len(fit.edges),
        "edges_beyond_chance": int((fit.edges["p_adjusted"] <= LEVEL).sum()),
        "drivers_beyond_chance": int((fit.drivers["p_adjusted"] <= LEVEL).sum()),
        "surest_edges": _rows(fit.edges[_EDGE_COLUMNS].head(TOP_EDGES)),
        "surest_drivers": _rows(fit.drivers[_DRIVER_COLUMNS].head(TOP_DRIVERS)),
        "covariates": _rows(fit.covariates),
        "notes": [note for note in (advice(fit), *told(fit), *fit.notes) if note],
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    # Through its own JSON, in which what is not known is null.
    found: list[dict[str, Any]] = json.loads(table.to_json(orient="records"))
    return found

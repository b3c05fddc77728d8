"""What there is to say about compared windows, as JSON and as text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import typer

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.cli.text import as_table
from napari_sparsevar.comparison.result import Comparison, ComparisonSet, FloatArray, Interval
from napari_sparsevar.comparison.sentence import sentence
from napari_sparsevar.run.store import COMPARISONS

TOP_EDGES = 10
TOP_PLACES = 10
QUANTILES = (0.5, 0.9, 0.95, 0.99)


def summary_of_comparisons(run: Path, found: ComparisonSet) -> dict[str, Any]:
    """Return everything but the null distributions and the maps, ready for JSON."""
    first = found.pairs[0]
    summary = {
        "run": str(run),
        "name": found.name,
        "saved": str(place(run, found)),
        "created": found.created,
        "settings": {
            "draws": first.draws,
            "level": first.level,
            "seed": first.seed,
            "baseline": found.baseline,
        },
        "windows": [
            {
                "label": window.label,
                "pieces": [list(piece) for piece in window.pieces],
                "frames": window.n_frames,
            }
            for window in found.windows
        ],
        "pairs": [
            _summary_of_pair(pair, p_adjusted, len(found.pairs))
            for pair, p_adjusted in zip(found.pairs, found.adjusted, strict=True)
        ],
    }
    return {name: _for_json(value) for name, value in summary.items()}


def _summary_of_pair(pair: Comparison, p_adjusted: float, n_pairs: int) -> dict[str, Any]:
    dynamics, anything, prediction = pair.dynamics, pair.anything, pair.prediction
    changed, places = dynamics.changed(pair.level), dynamics.changed_places(pair.level)
    return {
        "a": pair.a.label,
        "b": pair.b.label,
        "sentence": sentence_of(pair, p_adjusted, n_pairs),
        "p_adjusted": p_adjusted,
        "dynamics": {
            "statistic": dynamics.statistic,
            "p_value": dynamics.p_value,
            "effect": dynamics.effect._asdict(),
            "tested_edges": dynamics.tested_edges,
            "changed_edges": len(changed),
            "tested_places": len(dynamics.places),
            "changed_places": len(places),
            "block_length": dynamics.block_length,
            "blocks": list(dynamics.blocks),
            "rows": list(dynamics.rows),
            "null": _summary_of_null(dynamics.null),
        },
        "anything": {
            "statistic": anything.statistic,
            "p_value": anything.p_value,
            "what": anything.what,
            "block_length": anything.block_length,
            "null": _summary_of_null(anything.null),
        },
        "prediction": {
            "latents": prediction.latents.tolist(),
            "pixels": prediction.pixels.tolist(),
            "loss_latents": _summary_of_losses(prediction.loss_latents),
            "loss_pixels": _summary_of_losses(prediction.loss_pixels),
        },
        "edges": changed.to_dict("records"),
        "places": places.to_dict("records"),
    }


def _summary_of_null(null: FloatArray) -> dict[str, Any]:
    quantiles = np.quantile(null, QUANTILES).tolist() if len(null) else [None] * len(QUANTILES)
    return {"draws": len(null), "quantiles": dict(zip(map(str, QUANTILES), quantiles, strict=True))}


def _summary_of_losses(losses: tuple[Interval, Interval]) -> dict[str, Any]:
    return {"a_on_b": losses[0]._asdict(), "b_on_a": losses[1]._asdict()}


def _for_json(value: Any) -> Any:
    """Return a value of Python's own types, with null for what is not a number."""
    if isinstance(value, dict):
        return {name: _for_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_for_json(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def print_comparisons(run: Path, found: ComparisonSet) -> None:
    """Print a sentence a pair, the numbers behind it and where they are kept."""
    pairs = list(zip(found.pairs, found.adjusted, strict=True))
    for pair, p_adjusted in pairs:
        typer.echo(sentence_of(pair, p_adjusted, len(pairs)))
    typer.echo(f"\n{as_table([_row_of_pair(pair, p_adjusted) for pair, p_adjusted in pairs])}")
    if len(pairs) == 1:
        _print_edges(found.pairs[0])
        _print_places(found.pairs[0])
    else:
        typer.echo(f"\np-values adjusted for {len(pairs)} pairs\n{_matrix(found.matrix())}")
    typer.echo(f"\nKept in {place(run, found)}.")


def sentence_of(pair: Comparison, p_adjusted: float, n_pairs: int) -> str:
    """Return what was found in plain words; the adjusted p-value only where there are others."""
    return sentence(pair, p_adjusted if n_pairs > 1 else None)


def place(run: Path, found: ComparisonSet) -> Path:
    """Return where comparisons are kept."""
    return run / COMPARISONS / found.name


def _row_of_pair(pair: Comparison, p_adjusted: float) -> dict[str, str]:
    dynamics, losses = pair.dynamics, pair.prediction.loss_pixels
    return {
        "pair": f"{pair.a.label}-{pair.b.label}",
        "p": _p(dynamics.p_value),
        "adjusted p": _p(p_adjusted),
        "anything p": _p(pair.anything.p_value),
        "largest change": interval_text(dynamics.effect),
        "changed edges": f"{len(dynamics.changed(pair.level))} of {dynamics.tested_edges}",
        f"changed {pair.places_are}": f"{len(dynamics.changed_places(pair.level))} of "
        f"{len(dynamics.places)}",
        "loss of first on second": interval_text(losses[0]),
        "of second on first": interval_text(losses[1]),
    }


def _print_edges(pair: Comparison) -> None:
    changed = pair.dynamics.changed(pair.level)
    if changed.empty:
        typer.echo("\nNo single edge changed.")
        return
    shown = [_row_of_edge(edge) for edge in changed.head(TOP_EDGES).to_dict("records")]
    _print_changed("edges", shown, len(changed))


def _print_places(pair: Comparison) -> None:
    changed = pair.dynamics.changed_places(pair.level)
    if changed.empty:
        typer.echo(f"\nNo {pair.places_are[:-1]} changed, all its edges together.")
        return
    listed = changed.head(TOP_PLACES).to_dict("records")
    shown = [_row_of_place(one, pair.b.label) for one in listed]
    _print_changed(pair.places_are, shown, len(changed))


def _print_changed(what: str, shown: list[dict[str, str]], n_changed: int) -> None:
    left = n_changed - len(shown)
    more = f"\nand {left} more, see the table of {what}" * bool(left)
    typer.echo(f"\nchanged {what}, largest evidence first\n{as_table(shown)}{more}")


def _row_of_edge(edge: dict[Any, Any]) -> dict[str, str]:
    return {
        "source": _end(edge, "source"),
        "target": _end(edge, "target"),
        "lag": str(edge["lag"]),
        "change": interval_text((edge["change"], edge["low"], edge["high"])),
        "adjusted p": _p(edge["p_adjusted"]),
    }


def _row_of_place(changed: dict[Any, Any], later: str) -> dict[str, str]:
    """Return a row of a place or cell; ``later`` is the label of the second window."""
    what = "cell" if "name" in changed else "place"
    position = _position(changed.get("y"), changed.get("x"))
    return {
        what: str(changed.get("name") or position or changed["place"]),
        f"drives others in {later}": "more" if changed["balance"] > 0 else "less",
        "balance": f"{changed['balance']:+.2f}",
        "adjusted p": _p(changed["p_adjusted"]),
    }


def _end(edge: dict[Any, Any], end: str) -> str:
    """Return where an edge begins or ends: the name of a cell, y and x in pixels, or a number."""
    position = _position(edge.get(f"{end}_y"), edge.get(f"{end}_x"))
    return str(edge.get(f"{end}_name") or position or edge[end])


def _position(y: float | None, x: float | None) -> str:
    return "" if y is None or x is None else f"y {y:.0f} x {x:.0f}"


def _matrix(table: pd.DataFrame) -> str:
    rows = [
        {"": label, **{str(other): _cell(p_value) for other, p_value in row.items()}}
        for label, row in table.iterrows()
    ]
    return as_table(rows)


def _cell(p_value: float | np.float64) -> str:
    return "" if math.isnan(p_value) else _p(float(p_value))


def _p(p_value: float) -> str:
    return p_value_text(p_value, digits=3)


def interval_text(interval: tuple[float, float, float]) -> str:
    """Write an estimate and its interval."""
    value, low, high = interval
    return f"{value:.3g} ({low:.3g} to {high:.3g})"

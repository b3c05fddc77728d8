"""What a fit of cells found, in words."""

from __future__ import annotations

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import percent_text
from napari_sparsevar.cells.cell_fit import CellFit


def sentence(fit: CellFit) -> str:
    """Return in one sentence whether anybody drives anybody."""
    if not fit.tested:
        return "Nothing could be tested: the edges below are what the lasso keeps, no findings."
    sure = fit.edges[fit.edges["p_adjusted"] <= LEVEL]
    adjusted = f"p <= {LEVEL:g}, adjusted for all pairs and lags"
    if not len(sure):
        return f"No edge among {len(fit.activity.names)} cells is beyond chance ({adjusted})."
    edges = "1 edge is" if len(sure) == 1 else f"{len(sure)} edges are"
    sources, targets = sure["source"].nunique(), sure["target"].nunique()
    ends = f"from {_counted(sources)} to {_counted(targets)}"
    return f"{edges} beyond chance ({adjusted}), {ends} of {len(fit.activity.names)}."


def advice(fit: CellFit) -> str:
    """Return in one sentence what to do next; nothing where edges were found."""
    if not fit.tested:
        # Its notes say why, where that is known.
        return "" if fit.evidence.note else "Record longer, or bring fewer cells."
    if (fit.edges["p_adjusted"] <= LEVEL).any():
        return ""
    pairs = len(fit.activity.names) * (len(fit.activity.names) - 1)
    return (
        f"Record longer, or exclude cells that are no question of yours: {pairs:,} pairs were "
        f"tested in {int(fit.good.sum()):,} frames. It does not mean that nobody drives anybody."
    )


def told(fit: CellFit) -> tuple[str, ...]:
    """Return a sentence on what covariates tell; nothing where there are none."""
    found = fit.covariates
    if not len(found):
        return ()
    labels = fit.activity.covariates.labels if fit.activity.covariates else ()
    parts = [
        f"{label} {percent_text(share)} (most of {cell}, {percent_text(largest)})"
        for label, share, largest, cell in zip(
            labels, found["share"], found["largest"], found["cell"], strict=True
        )
    ]
    return (
        f"Of the activity of a cell is taken out, on average, what is told by {', '.join(parts)}.",
    )


def _counted(n: int) -> str:
    return f"{n} cell" if n == 1 else f"{n} cells"

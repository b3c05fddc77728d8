"""What every caption of a fit of cells says: cells, frames, level, which p-value."""

from __future__ import annotations

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.words import sentence
from napari_sparsevar.figures.captions import software_words
from napari_sparsevar.figures.cell_listing import known_pairs, shown_pairs
from napari_sparsevar.figures.options import FigureOptions
from napari_sparsevar.run.record import software_versions

UNITS = {
    "estimate": "s.d. of the target for one of the source",
    "coefficient": "s.d. of the target for one of the source, shrunk by the lasso",
    "score": "s.d. of what chance makes",
    "p_adjusted": "p, family-wise",
    "p_fdr": "p, false discovery rate",
    "stability": "share of random halves",
}

MEANINGS = {
    "estimate": "Debiased effect",
    "coefficient": "Coefficient of the lasso",
    "score": "Score: the effect",
    "p_adjusted": "p-value adjusted for all pairs and lags",
    "p_fdr": "p-value adjusted for the false discovery rate",
    "stability": "Stability: how often it is found again",
}


def cell_data_words(fit: CellFit) -> str:
    """Return which cells, how many, and how many frames of them were used."""
    n, m, frames, good = (
        len(fit.names),
        len(fit.activity.names),
        len(fit.good),
        int(fit.good.sum()),
    )
    name = f" of {fit.cells.source.name}" if fit.cells.source else ""
    fitted = "" if m == n else f", {m} of them fitted"
    rate = f" at {fit.fps:g} frames/s" if fit.fps else ""
    used = "" if good == frames else f", {good:,} of them used"
    trials = "" if fit.trials is None else f", {len(fit.trials)} trials"
    return f"{n:,} cells{name}{fitted} ({frames:,} frames{rate}{used}{trials})"


def level_words(fit: CellFit, options: FigureOptions) -> str:
    """Return which pairs are shown: how many, up to which level of which p-value."""
    shown, known = int(shown_pairs(fit, options).sum()), int(known_pairs(fit).sum())
    when = "" if options.lag is None else f" {options.lag} frame{'s' * (options.lag > 1)} later"
    if options.level == 1:
        return f"All {known:,} pairs{when} are shown, whether beyond chance or not."
    if not fit.tested:
        return (
            f"Nothing could be tested: the {shown:,} of {known:,} pairs{when} that the lasso keeps "
            "are shown, which are no findings."
        )
    adjusted = {
        "p_adjusted": "family-wise, adjusted for all pairs and lags",
        "p_fdr": "adjusted for the false discovery rate",
    }[options.tested_by]
    return (
        f"Shown: {shown:,} of {known:,} pairs{when}, those with p <= {options.level:g} "
        f"({adjusted})."
    )


def cell_settings_paragraph(fit: CellFit) -> str:
    """Return what was fitted, with what settings and software."""
    lags = f"{fit.lags} lag{'s' * (fit.lags > 1)}"
    said = f"{fit.said}; " if fit.said else ""
    return (
        f"Settings: {said}sparse VAR with {lags}, penalty {fit.fitted.penalty:.3g}, seed "
        f"{fit.seed}. {sentence(fit)} Drawn with {software_words(software_versions().items())}."
    )

"""From a run directory to a figure on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from napari_sparsevar.analysis.comparison.result import ComparisonSet
from napari_sparsevar.analysis.comparison.store import load_comparisons, software_of, warn
from napari_sparsevar.analysis.run import load_run
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.caption import comparison_caption
from napari_sparsevar.figures.comparison import choose_pair, clearest_pair, comparison_figure
from napari_sparsevar.figures.export import DPI, check_figure_path, save_figure
from napari_sparsevar.figures.style import DOUBLE_COLUMN_MM


def write_comparison_figure(
    run_path: Path,
    out: Path,
    *,
    comparison: str | None = None,
    pair: str | None = None,
    width_mm: float = DOUBLE_COLUMN_MM,
    dpi: float = DPI,
    overwrite: bool = False,
    tell: Callable[[str], None] = warn,
) -> None:
    """Draw a comparison that a run keeps.

    Parameters
    ----------
    run_path, out : Path
    comparison : str, optional
        Its name; the latest by default.
    pair : str, optional
        ``A-B``; the one with the smallest p-value by default.
    width_mm, dpi : float
    overwrite : bool
    tell : callable
        Gets a sentence for every comparison that cannot be opened.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be written.
    """
    check_figure_path(out, overwrite=overwrite)
    run = load_run(run_path)
    found = choose_comparison(run_path, comparison, tell)
    shown = choose_pair(found, pair) if pair else clearest_pair(found)
    figure = comparison_figure(run, found, shown, width_mm=width_mm)
    caption = comparison_caption(run, found, shown, software_of(run_path, found.name))
    save_figure(figure, caption, out, dpi=dpi, overwrite=overwrite)


def choose_comparison(
    run_path: Path, name: str | None, tell: Callable[[str], None] = warn
) -> ComparisonSet:
    """Return the comparison of this name, or the latest.

    Raises
    ------
    UserError
        If there is none that can be opened.
    """
    kept = {found.name: found for found in load_comparisons(run_path, tell)}
    if not kept:
        raise UserError(
            f"The run {run_path} keeps no comparison to draw: use 'sparsevar compare' first."
        )
    if name is None:
        return list(kept.values())[-1]
    if name not in kept:
        raise UserError(
            f"The run {run_path} keeps no comparison '{name}': choose one of {', '.join(kept)}."
        )
    return kept[name]

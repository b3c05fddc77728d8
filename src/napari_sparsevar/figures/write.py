"""From a run or a fit of cells to a figure of any kind with its caption, and to a file on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.cells.store import load_fit
from napari_sparsevar.comparison.store import warn
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import CELL_KINDS, KINDS, Drawn, FigureKind, FigureOptions
from napari_sparsevar.figures.saving import DPI, check_figure_path, save_figure
from napari_sparsevar.run.annotations import Marks, read_marks
from napari_sparsevar.run.run import Run, load_run

__all__ = ["CELL_KINDS", "KINDS", "Drawn", "FigureOptions", "draw_figure", "write_figure"]


def write_figure(
    source: Run | CellFit | Path,
    out: Path,
    kind: str | None = None,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    dpi: float = DPI,
    overwrite: bool = False,
    tell: Callable[[str], None] = warn,
) -> None:
    """Draw a figure and write it and its caption, both whole or neither.

    Parameters
    ----------
    source : Run, CellFit or Path
        A run or a fit of cells, or its directory.
    out : Path
        Ends in .svg, .pdf or .png; the caption goes to ``caption_path(out)``.
    kind : str, optional
        One of ``KINDS``, of cells one of ``CELL_KINDS``; by default the first.
    options : FigureOptions, optional
    marks : Marks, optional
        Those that the run directory keeps by default.
    dpi : float
        Of a PNG.
    overwrite : bool
    tell : callable
        Gets a sentence for everything beside the figure that cannot be opened.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be drawn or written.
    """
    check_figure_path(out, overwrite=overwrite)
    drawn = draw_figure(opened(source), kind, options, marks=marks, tell=tell)
    save_figure(drawn.figure, drawn.caption, out, dpi=dpi, overwrite=overwrite)


def draw_figure(
    source: Run | CellFit,
    kind: str | None = None,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    tell: Callable[[str], None] = warn,
) -> Drawn:
    """Draw a figure of a run or a fit of cells; parameters as those of ``write_figure``.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be drawn.
    """
    chosen = options or FigureOptions()
    if isinstance(source, CellFit):
        return _drawn("cell_kinds", CELL_KINDS, kind, source, chosen)
    if kind is None or KINDS.get(kind, KINDS["overview"]).has_penalty:
        marks = marks or read_marks(
            source.path, source.results.contribution.shape, tell, source.stack
        )
        source = source if chosen.penalty is None else source.at_penalty(chosen.penalty)
    return _drawn("kinds", KINDS, kind, source, chosen, marks or Marks(), tell)


def opened(source: Run | CellFit | Path) -> Run | CellFit:
    """Return what lies in a directory: a fit of cells or a run.

    Raises
    ------
    UserError
        If it cannot be opened.
    """
    if not isinstance(source, Path):
        return source
    return load_fit(source) if is_fit_directory(source) else load_run(source)


def _drawn(folder: str, kinds: Mapping[str, FigureKind], kind: str | None, *given: object) -> Drawn:
    name = kind or next(iter(kinds))
    if name not in kinds:
        raise UserError(f"There is no figure '{name}' of this: choose one of {', '.join(kinds)}.")
    module = import_module(f"napari_sparsevar.figures.{folder}.{name}")
    drawn: Drawn = module.draw(*given)
    return drawn

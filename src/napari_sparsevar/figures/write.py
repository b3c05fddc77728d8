"""From a run to a figure of any kind, with its caption, and to a file on disk."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from napari_sparsevar.comparison.store import warn
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import KINDS, Drawn, FigureOptions
from napari_sparsevar.figures.saving import DPI, check_figure_path, save_figure
from napari_sparsevar.run.annotations import Marks, read_marks
from napari_sparsevar.run.run import Run, load_run

__all__ = ["KINDS", "Drawn", "FigureOptions", "draw_figure", "write_figure"]


def write_figure(
    source: Run | Path,
    out: Path,
    kind: str,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    dpi: float = DPI,
    overwrite: bool = False,
    tell: Callable[[str], None] = warn,
) -> None:
    """Draw a figure of a run and write it and its caption, both whole or neither.

    Parameters
    ----------
    source : Run or Path
        A run, or its directory.
    out : Path
        Ends in .svg, .pdf or .png; the caption goes to ``caption_path(out)``.
    kind : str
        One of ``KINDS``.
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
    run = source if isinstance(source, Run) else load_run(source)
    drawn = draw_figure(run, kind, options, marks=marks, tell=tell)
    save_figure(drawn.figure, drawn.caption, out, dpi=dpi, overwrite=overwrite)


def draw_figure(
    run: Run,
    kind: str,
    options: FigureOptions | None = None,
    *,
    marks: Marks | None = None,
    tell: Callable[[str], None] = warn,
) -> Drawn:
    """Draw a figure of a run; parameters as those of ``write_figure``.

    Raises
    ------
    UserError
        If there is nothing of these names, or the figure cannot be drawn.
    """
    if kind not in KINDS:
        raise UserError(f"There is no figure '{kind}': choose one of {', '.join(KINDS)}.")
    chosen = options or FigureOptions()
    if KINDS[kind].has_penalty:
        marks = marks or read_marks(run.path, run.contribution_map.shape, tell)
        run = run if chosen.penalty is None else run.at_penalty(chosen.penalty)
    module = import_module(f"napari_sparsevar.figures.kinds.{kind}")
    drawn: Drawn = module.draw(run, chosen, marks or Marks(), tell)
    return drawn

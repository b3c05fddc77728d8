"""The command ``sparsevar figure``: a figure of a run or of cells, for print."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained, fail
from napari_sparsevar.cli.options import Debug, Overwrite, Penalty, RunOrFit
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.options import CELL_KINDS, KINDS

Kind = StrEnum("Kind", [*KINDS, *CELL_KINDS])  # type: ignore[misc]
_MEANINGS = " ".join(f"{name}: {kind.meaning}." for name, kind in KINDS.items())
_OF_CELLS = " ".join(f"{name}: {kind.meaning}." for name, kind in CELL_KINDS.items())


class Value(StrEnum):
    """What a matrix of cells shows."""

    estimate = "estimate"
    coefficient = "coefficient"
    score = "score"
    p_adjusted = "p_adjusted"
    p_fdr = "p_fdr"
    stability = "stability"


class Order(StrEnum):
    """In which order cells stand."""

    cluster = "cluster"
    position = "position"
    name = "name"


@explained
def figure(
    run: RunOrFit,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FIGURE",
            help="The file to write, .svg, .pdf or .png; its caption goes to FIGURE.caption.txt.",
        ),
    ],
    kind: Annotated[
        Kind | None,
        typer.Option(help=f"Of a run {_MEANINGS} Of cells {_OF_CELLS} The first if left out."),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of influence: a painted region, by name or label."),
    ] = None,
    driver: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="RANK", help="Of influence: a driver by rank; the first if left out."
        ),
    ] = None,
    all_arrows: Annotated[
        bool,
        typer.Option("--all-arrows", help="Arrows that are not beyond chance too, thin and pale."),
    ] = False,
    penalty: Penalty = None,
    comparison: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which one, by its folder in RUN/comparisons; the latest if left out.",
        ),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="A-B",
            help="Of several pairs, whose numbers to show; the one with the smallest p-value if "
            "left out.",
        ),
    ] = None,
    value: Annotated[Value, typer.Option(help="Of cells: what the matrix shows.")] = Value.estimate,
    order: Annotated[
        Order | None,
        typer.Option(help="Of cells: by cluster if left out, in a circle by name."),
    ] = None,
    lag: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Of cells: one lag; all together if left out."),
    ] = None,
    level: Annotated[
        float,
        typer.Option(metavar="P", help="Of cells: p-value up to which a pair is shown; 1 for all."),
    ] = 0.05,
    fdr: Annotated[
        bool,
        typer.Option(
            "--fdr", help="Of cells: the false discovery rate decides, not the family-wise p-value."
        ),
    ] = False,
    all_cells: Annotated[
        bool, typer.Option("--all-cells", help="Of traces: every cell, as an image.")
    ] = False,
    frames: Annotated[
        str | None,
        typer.Option(metavar="START:STOP", help="Of traces: some of the frames, stop exclusive."),
    ] = None,
    dpi: Annotated[float, typer.Option(min=30, max=2400, help="Dots an inch of a PNG.")] = 300.0,
    width: Annotated[
        float, typer.Option(metavar="MM", help="In millimetres: 85 is one column, 180 are two.")
    ] = 180.0,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Draw a figure and say where it is."""
    from napari_sparsevar.figures.saving import caption_path
    from napari_sparsevar.figures.write import FigureOptions, write_figure

    options = FigureOptions(
        width_mm=width,
        penalty=penalty,
        region=region,
        driver=driver,
        all_arrows=all_arrows,
        comparison=comparison,
        pair=pair,
        value=value.value,
        order=None if order is None else order.value,
        lag=lag,
        level=level,
        tested_by="p_fdr" if fdr else "p_adjusted",
        all_cells=all_cells,
        frames=frames_of(frames),
    )
    name = None if kind is None else kind.value
    write_figure(run, out, name, options, dpi=dpi, overwrite=overwrite, tell=fail)
    typer.echo(f"Wrote {out} and {caption_path(out)}.")


def frames_of(text: str | None) -> tuple[int, int] | None:
    """Return the first frame and the one after the last of ``START:STOP``.

    Raises
    ------
    UserError
        If the text is anything else.
    """
    if text is None:
        return None
    from napari_sparsevar.comparison.windows import parse_pieces

    pieces = parse_pieces(text)
    if len(pieces) > 1:
        raise UserError(f"--frames is '{text}': give one stretch, START:STOP.")
    return pieces[0]

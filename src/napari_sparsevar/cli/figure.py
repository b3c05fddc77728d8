"""The command ``sparsevar figure``: a figure of a run, for print."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained, fail
from napari_sparsevar.cli.options import Debug, Overwrite, Penalty, RunArgument
from napari_sparsevar.figures.options import KINDS

Kind = StrEnum("Kind", list(KINDS))  # type: ignore[misc]
_FIRST = next(iter(Kind))
_MEANINGS = " ".join(f"{name}: {kind.meaning}." for name, kind in KINDS.items())


@explained
def figure(
    run: RunArgument,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FIGURE",
            help="The file to write, .svg, .pdf or .png; its caption goes to FIGURE.caption.txt.",
        ),
    ],
    kind: Annotated[Kind, typer.Option(help=_MEANINGS)] = _FIRST,
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
    )
    write_figure(run, out, kind.value, options, dpi=dpi, overwrite=overwrite, tell=fail)
    typer.echo(f"Wrote {out} and {caption_path(out)}.")

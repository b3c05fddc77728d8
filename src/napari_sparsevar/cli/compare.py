"""The command ``sparsevar compare``: whether the dynamics differ between stretches of time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import AsJson, Debug, RunOrFit
from napari_sparsevar.cli.progress import follow_steps
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.comparison.windows import Window

_FRAMES = "START:STOP"


@explained
def compare(
    run: RunOrFit,
    a: Annotated[
        str | None,
        typer.Option(
            "--a",
            metavar=_FRAMES,
            help="Frames of window A, stop exclusive; several pieces with commas.",
        ),
    ] = None,
    b: Annotated[
        str | None, typer.Option("--b", metavar=_FRAMES, help="Frames of window B, likewise.")
    ] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(metavar=f"LABEL={_FRAMES}", help="One more window; can be repeated."),
    ] = None,
    trials: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Windows from a table with the columns start, stop (frames) or start_s, stop_s "
            "(seconds), and label; rows of one label are one window.",
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="LABEL", help="Compare every window with this one only, not all pairs."
        ),
    ] = None,
    draws: Annotated[int, typer.Option(min=1, help="Draws of each null distribution.")] = 1000,
    level: Annotated[
        float, typer.Option(metavar="P", help="Adjusted p-value up to which an edge has changed.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same p-values.")] = 0,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Compare windows of a run or of cells, keep the result there and print what was found."""
    # Before the run is opened, which takes a while.
    given = windows_of_options(a, b, window or [])

    from napari_sparsevar.cells.fit_folder import is_fit_directory
    from napari_sparsevar.cells.store import load_fit
    from napari_sparsevar.cli.comparison_summary import print_comparisons, summary_of_comparisons
    from napari_sparsevar.comparison.compare import comparing
    from napari_sparsevar.comparison.options import ComparisonOptions
    from napari_sparsevar.comparison.store import save_comparisons
    from napari_sparsevar.comparison.windows import read_windows
    from napari_sparsevar.run.run import load_run

    options = ComparisonOptions(draws=draws, level=level, seed=seed, baseline=baseline)
    opened = load_fit(run) if is_fit_directory(run) else load_run(run)
    windows = [*given, *(read_windows(trials, opened.fps) if trials else [])]
    if len(windows) < 2:
        raise UserError(
            "A comparison needs two windows: give --a and --b, --window several times, "
            "or --trials with several labels."
        )
    steps = comparing(opened, windows, options)
    saved = save_comparisons(run, follow_steps(steps, quiet=as_json))
    if as_json:
        typer.echo(json.dumps(summary_of_comparisons(run, saved), indent=2, allow_nan=False))
    else:
        print_comparisons(run, saved)


def windows_of_options(a: str | None, b: str | None, others: list[str]) -> list[Window]:
    """Return the windows that the command line gives.

    Raises
    ------
    UserError
        If one of them is not written as it should be.
    """
    from napari_sparsevar.comparison.windows import Window, parse_pieces

    given = [(label, text) for label, text in (("A", a), ("B", b)) if text is not None]
    for text in others:
        label, equals, pieces = text.rpartition("=")
        if not equals or not label.strip():
            raise UserError(
                f"--window is '{text}': write a label, = and the frames, for example "
                "baseline=0:500 or trial=0:100,300:400."
            )
        given.append((label.strip(), pieces))
    return [Window(readable(label), parse_pieces(pieces)) for label, pieces in given]


def readable(label: str) -> str:
    """Return a label with anything that is no text, which a shell can pass on, replaced."""
    return label.encode("utf-8", "replace").decode("utf-8")

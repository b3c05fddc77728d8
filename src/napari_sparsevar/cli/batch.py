"""The command ``sparsevar batch``: many recordings, one table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.ending import UNEXPECTED, explained, fail
from napari_sparsevar.cli.options import Debug, Device

if TYPE_CHECKING:
    from napari_sparsevar.batch.outcome import Outcome


@explained
def batch(
    recordings: Annotated[
        Path,
        typer.Argument(
            metavar="LIST.csv",
            help="A table with the column movie, and name, fps, pixel_size_um, preset, seed, "
            "apply_from ... where wanted.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the runs and results.csv.", metavar="DIR")],
    jobs: Annotated[int, typer.Option(min=1, help="Recordings at a time, here.")] = 1,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Use the workers of a dask.distributed scheduler."),
    ] = None,
    device: Device = "auto",
    debug: Debug = False,
) -> None:
    """Analyse the recordings; exit code 1 if one of them failed."""
    from napari_sparsevar.batch import read_list, run_batch

    listed = read_list(recordings)
    events = run_batch(listed, out=out, jobs=jobs, scheduler=scheduler, device=device)
    failed = []
    for count, outcome in enumerate(events, start=1):
        typer.echo(f"{count}/{len(listed)} {in_words(outcome)}", err=True)
        if outcome.status != "finished":
            failed.append(outcome.name)
    typer.echo(f"{len(listed) - len(failed)} of {len(listed)} are finished: {out / 'results.csv'}")
    if failed:
        fail(f"{len(failed)} failed: {', '.join(failed)}. Run it again to try these once more.")
        raise typer.Exit(UNEXPECTED)


def in_words(outcome: Outcome) -> str:
    """Say what became of a recording in one line."""
    if outcome.status != "finished":
        return f"{outcome.name}: {outcome.error or outcome.status}"
    before = "finished before" if outcome.skipped else f"{outcome.seconds or 0:.1f} s"
    drivers = (
        "too short to test for drivers"
        if outcome.drivers is None
        else f"{outcome.drivers} driver{'s' * (outcome.drivers != 1)}"
    )
    edges = f"{outcome.edges} edge{'s' * (outcome.edges != 1)}"
    return f"{outcome.name}: {drivers}, {edges} ({before})"

"""What a run is worth, as the command line says it, and how far its analysis is to go."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.analysis.stages import STAGES, Stage
from napari_sparsevar.cli.ending import INTERRUPTED, fail

if TYPE_CHECKING:
    from napari_sparsevar.run.verdict import Verdict


class Until(StrEnum):
    """How far to analyse."""

    map = "map"
    drivers = "drivers"
    stability = "stability"
    all = "all"

    @property
    def stage(self) -> Stage:
        """The same for the library."""
        return next(stage for stage in STAGES if stage == self.value)


UntilOption = Annotated[
    Until,
    typer.Option(
        help="Where to end: the contribution map, drivers and p-values, stability, or all."
    ),
]

_UNTIL: dict[Stage, str] = {
    "map": "up to the contribution map",
    "drivers": "up to the p-values",
    "stability": "up to the stability",
}


def verdict_text(verdict: Verdict) -> str:
    """Return a verdict as lines: a limit begins with an exclamation mark."""
    findings = (f"  {said}" for said in verdict.findings)
    limits = (f"! {said}" for said in verdict.limits)
    return "\n".join((verdict.headline, *findings, *limits, verdict.advice))


def say_verdict(path: Path, again: str) -> None:
    """Print the verdict of a run and how to go on where its analysis has not come to its end.

    Parameters
    ----------
    path : Path
    again : str
        The command that goes on.
    """
    from napari_sparsevar.run.run import load_run

    run = load_run(path)
    typer.echo(f"\n{verdict_text(run.verdict)}")
    if run.stage in _UNTIL:
        typer.echo(f"\nThe analysis is done {_UNTIL[run.stage]}: {again} goes on with it.")


@contextlib.contextmanager
def kept_when_interrupted(out: Path, again: str) -> Iterator[None]:
    """Say, after a second Ctrl-C, what is kept of a run and which command goes on."""
    try:
        yield
    except KeyboardInterrupt:
        from napari_sparsevar.training.analysing import is_cut_short

        if not is_cut_short(out):
            raise
        fail(f"Interrupted: {out} opens with what is known so far; {again} goes on.")
        raise typer.Exit(INTERRUPTED) from None

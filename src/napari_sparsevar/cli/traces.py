"""The command ``sparsevar traces``: from traces of cells to who drives whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.cell_options import (
    CellsInOption,
    CovariatesOption,
    Detrend,
    Events,
    EventsOption,
    KindOption,
    Neuropil,
    Seed,
    Trials,
    Variable,
    opened_cells,
    preparation_of,
    trials_of,
)
from napari_sparsevar.cli.cell_summary import say_fit
from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import AsJson, Debug, FrameRate, Overwrite, Plane
from napari_sparsevar.cli.progress import follow_steps


@explained
def traces(
    path: Annotated[
        Path,
        typer.Argument(
            help="Traces of cells: a suite2p folder, CaImAn, NWB, a table ...", metavar="FILE|DIR"
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FIT", help="The folder to write.")],
    fps: FrameRate = None,
    lags: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="How many past frames predict the next one; those of 0.07 s if left out.",
        ),
    ] = None,
    bad_frames: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|RANGES",
            help="Frames to leave out: 100-120,300 (from 0, ends included), bad_frames.npy of "
            "suite2p, or a list (their numbers, one a line, or a line a frame with 1 where it is "
            "bad); none: use those that suite2p marked, too.",
        ),
    ] = None,
    trials: Trials = None,
    covariates: CovariatesOption = None,
    variable: Variable = None,
    cells_in: CellsInOption = None,
    kind: KindOption = None,
    plane: Plane = None,
    neuropil: Neuropil = None,
    detrend: Detrend = None,
    events: EventsOption = Events.auto,
    seed: Seed = 0,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Fit traces, keep the fit and print what was found."""
    from napari_sparsevar.cells.covariates.reading import covariates_of
    from napari_sparsevar.cells.covariates.samples import Frames
    from napari_sparsevar.cells.fit import fitting_cells
    from napari_sparsevar.cells.fit_folder import check_fit_folder
    from napari_sparsevar.cells.given import cells_of, good_frames
    from napari_sparsevar.cells.store import save_fit

    check_fit_folder(out, overwrite=overwrite)
    prepared = preparation_of(kind, neuropil, detrend, events)
    found = opened_cells(
        path, variable=variable, cells_in=cells_in, kind=kind, plane=plane, fps=fps
    )
    cells = cells_of(found, None, None, None)
    pieces = trials_of(trials, found.fps, found.times, from_first=False)  # as covariates count
    good = good_frames(cells, bad_frames)
    frames = Frames(cells.n_frames or 0, cells.fps, cells.times)
    brought = covariates_of(covariates, frames) if covariates else None
    work = fitting_cells(cells, lags, good, pieces, seed, prepared, brought)
    fit = follow_steps(work, quiet=as_json)
    save_fit(fit, out, overwrite=overwrite)
    say_fit(fit, out, as_json=as_json)

"""Options on cells that several commands share, and what they stand for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from napari_sparsevar.cells.cells import Cells
    from napari_sparsevar.cells.neuropil import NeuropilShare
    from napari_sparsevar.cells.preparing import Preparation
    from napari_sparsevar.comparison.windows import Piece


class Side(StrEnum):
    """Where cells are in a table of numbers."""

    rows = "rows"
    columns = "columns"


class Kind(StrEnum):
    """What traces are: ``TRACE_KINDS``."""

    raw = "raw"
    neuropil = "neuropil"
    dff = "dff"
    denoised = "denoised"
    residual = "residual"
    deconvolved = "deconvolved"


class Events(StrEnum):
    """Whether events behind transients are fitted."""

    auto = "auto"
    yes = "yes"
    no = "no"


Variable = Annotated[
    str | None, typer.Option(metavar="NAME", help="Which of several arrays in the file.")
]
CellsInOption = Annotated[
    Side | None, typer.Option("--cells-in", help="Where the cells of a bare table are.")
]
KindOption = Annotated[
    Kind | None,
    typer.Option(
        "--kind",
        help="What the traces of a bare table are, or which of several are fitted; by default "
        "raw fluorescence, less the neuropil where it is known.",
    ),
]
Neuropil = Annotated[
    str | None,
    typer.Option(
        metavar="R|estimated",
        help="How much of the neuropil is taken from raw fluorescence: 0 to 2, or estimated for "
        "each cell. By default 0.7 of what came with the traces, and estimated where cells are "
        "read from a movie here.",
    ),
]
Detrend = Annotated[
    float | None,
    typer.Option(metavar="S", help="Take off slow drift: seconds of its window."),
]
EventsOption = Annotated[
    Events,
    typer.Option(
        "--events", help="Fit the events behind calcium transients; auto: where there are some."
    ),
]
Trials = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV|NWB",
        help="Trials, which are never joined: a table with the columns start, stop (frames, stop "
        "exclusive) or start_s, stop_s (seconds), or an NWB file with trials and the movie.",
    ),
]
CovariatesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--covariates",
        metavar="FILE",
        help="What was recorded beside the movie (speed, stimuli, pupil) and is taken out before "
        "anybody drives anybody: CSV, TSV, Parquet, .npy or NWB, a row a frame or with a column "
        "time (seconds) or frame (from 0). May be given more than once.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Same seed, same p-values.")]


def opened_cells(
    path: Path,
    *,
    variable: str | None = None,
    cells_in: Side | None = None,
    kind: Kind | None = None,
    plane: int | None = None,
    fps: float | None = None,
) -> Cells:
    """Open cells; say which option answers what a file leaves open.

    Raises
    ------
    UserError
    """
    from napari_sparsevar.cells.formats.format import CellChoiceNeeded
    from napari_sparsevar.cells.open import open_cells

    try:
        return open_cells(
            path,
            variable=variable,
            cells_in=None if cells_in is None else cells_in.value,
            kind=None if kind is None else kind.value,
            plane=plane,
            fps=fps,
        )
    except CellChoiceNeeded as error:
        option = f"--{error.setting.replace('_', '-')}"
        choices = " or ".join(error.choices) or error.setting.upper()
        raise UserError(str(error), options=f": give {option} {choices}") from None


def preparation_of(
    kind: Kind | None, neuropil: str | None, detrend: float | None, events: Events
) -> Preparation:
    """Return what is done to traces before they are fitted."""
    from napari_sparsevar.cells.preparing import Preparation

    share: NeuropilShare | None = "estimated" if neuropil == "estimated" else None
    if neuropil is not None and share is None:
        try:
            share = float(neuropil)
        except ValueError:
            raise UserError(f"--neuropil is {neuropil}: give a number or estimated.") from None
    return Preparation(None if kind is None else kind.value, share, detrend, events.value)


def trials_of(
    path: Path | None,
    fps: float | None,
    times: npt.NDArray[np.float64] | None = None,
    *,
    from_first: bool = True,
) -> list[Piece] | None:
    """Return the trials of a table, None where none is given; see ``read_trials``."""
    from napari_sparsevar.comparison.windows import read_trials

    return None if path is None else read_trials(path, fps, times, from_first=from_first)

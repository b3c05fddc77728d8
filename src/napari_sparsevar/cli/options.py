"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from napari_sparsevar.movie.registration.shifts import Wanted

Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Channel = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Which of several channels, from 1.")
]
Plane = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Which of several planes, from 1.")
]
Planes = Annotated[
    str | None,
    typer.Option(
        metavar="all|N,N",
        help="Several planes as one run: all, or their numbers such as 1,2,3.",
    ),
]
Dataset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Which array of an HDF5, NWB or Zarr file, or which recording of a folder.",
    ),
]
Channels = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="How many channels take turns, frame by frame, in a file that does not say so.",
    ),
]
FrameShape = Annotated[
    tuple[int, int] | None,
    typer.Option(metavar="H W", help="Height and width of a frame, for a file of bare pixels."),
]
Axes = Annotated[
    str | None,
    typer.Option(
        metavar="LETTERS",
        help="A letter for each axis of an array that does not name them: YXT has time last.",
    ),
]
BadFrames = Annotated[
    str | None,
    typer.Option(
        "--bad-frames",
        metavar="FILE|RANGES",
        help="Frames to leave out besides those that are found: 100-120,300 (from 0, ends "
        "included), bad_frames.npy of suite2p, or a list (their numbers, one a line, or a line a "
        "frame with 1 where it is bad). none: nothing is looked for.",
    ),
]
MaskOption = Annotated[
    Path | None,
    typer.Option(
        "--mask",
        metavar="IMAGE",
        help="Pixels to leave out: TIFF, PNG or .npy of the movie's size, above 0 where they do "
        "not count.",
    ),
]


class Registration(StrEnum):
    """How freely frames are moved."""

    rigid = "rigid"
    piecewise = "piecewise"


class HoldStill(StrEnum):
    """Whether frames are moved before a training, and how freely."""

    auto = "auto"
    none = "none"
    rigid = "rigid"
    piecewise = "piecewise"


RegisterOption = Annotated[
    HoldStill,
    typer.Option(
        "--register",
        help="Hold the field of view still first, as a whole or in parts that move by themselves; "
        "auto: as a whole, where it moves by a pixel or more. The shifts are kept in the run.",
    ),
]

ByChannel = Annotated[
    int | None,
    typer.Option(
        "--by-channel",
        min=1,
        metavar="N",
        help="Estimate the motion on this channel of the file, such as red cells, not on the "
        "movie itself.",
    ),
]


def registration_wanted(chosen: HoldStill) -> Wanted | None:
    """Return what ``--register`` asks for, as ``train`` has it."""
    wanted: dict[HoldStill, Wanted | None] = {
        HoldStill.auto: "auto",
        HoldStill.none: None,
        HoldStill.rigid: "rigid",
        HoldStill.piecewise: "piecewise",
    }
    return wanted[chosen]


RunArgument = Annotated[Path, typer.Argument(help="A run directory.", metavar="RUN")]
RunOrFit = Annotated[
    Path, typer.Argument(help="A run directory, or a fit of cells.", metavar="RUN|FIT")
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:0 ... or mps.")]
FrameRate = Annotated[float | None, typer.Option(help="Frames per second of the movie.")]
PixelSize = Annotated[float | None, typer.Option(metavar="UM", help="Pixel edge in micrometres.")]
Penalty = Annotated[
    float | None,
    typer.Option(
        metavar="LAMBDA", help="Where on the exact path; the run's own penalty if left out."
    ),
]

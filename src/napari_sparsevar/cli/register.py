"""The command ``sparsevar register``: a movie held still, as a file of its own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained
from napari_sparsevar.cli.options import (
    Axes,
    ByChannel,
    Channel,
    Channels,
    Dataset,
    Debug,
    FrameRate,
    FrameShape,
    Overwrite,
    PixelSize,
    Plane,
    Registration,
)
from napari_sparsevar.cli.progress import follow_steps
from napari_sparsevar.cli.text import as_table
from napari_sparsevar.errors import UserError


@explained
def register(
    movie: Annotated[
        Path, typer.Argument(help="A movie: TIFF, Zarr, HDF5, NWB ...", metavar="MOVIE")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="The OME-Zarr folder (.zarr) or TIFF file to write.", metavar="MOVIE.zarr"
        ),
    ],
    kind: Annotated[
        Registration, typer.Option(help="piecewise: parts of a frame move by themselves.")
    ] = Registration.rigid,
    shifts: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Where to write the shift of each frame."),
    ] = None,
    fps: FrameRate = None,
    pixel_size: PixelSize = None,
    channel: Channel = None,
    plane: Plane = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    axes: Axes = None,
    channels: Channels = None,
    by_channel: ByChannel = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Estimate how the field of view moved and write the movie without it."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.movie.registration.register import registering
    from napari_sparsevar.movie.write import writing_movie

    for file in (out, shifts):
        if file is not None and file.exists() and not overwrite:
            raise UserError(f"{file} exists already; choose another name or add --overwrite.")
    choice = Choice(channel, plane, dataset, shape, axes, channels)
    opened = open_movie(movie, fps=fps, pixel_size_um=pixel_size, **asdict(choice))
    still = follow_steps(registering(opened, kind.value, by_channel), quiet=False)
    for note in still.notes:
        typer.echo(note, err=True)
    if still.data is opened.data:
        typer.echo(f"Nothing is written: train on {movie}.")
        return
    assert still.registered is not None
    found = still.registered.shifts
    typer.echo(as_table(found.quality().round(2).to_dict("records")))
    if shifts is not None:
        found.write_table(shifts, overwrite=overwrite)
    writing = writing_movie(still.data, out, still.fps, still.pixel_size_um, overwrite)
    follow_steps(writing, quiet=False)
    typer.echo(f"Wrote {out} ({still.n_frames} frames of {still.shape[0]} x {still.shape[1]} px).")

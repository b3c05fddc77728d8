"""The command ``sparsevar apply``: the network of a run on another movie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.ending import explained, finished
from napari_sparsevar.cli.options import (
    Channel,
    Dataset,
    Debug,
    Device,
    FrameRate,
    FrameShape,
    Overwrite,
    PixelSize,
    Plane,
    RunArgument,
)
from napari_sparsevar.cli.progress import follow


@explained
def apply(
    run: RunArgument,
    movie: Annotated[Path, typer.Argument(help="The other movie.", metavar="MOVIE")],
    out: Annotated[Path, typer.Option(help="The run directory to write.", metavar="RUN2")],
    device: Device = "auto",
    fps: FrameRate = None,
    pixel_size: PixelSize = None,
    channel: Channel = None,
    plane: Plane = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Apply the network and show the progress."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.training.apply import apply_run
    from napari_sparsevar.training.control import TrainingControl

    opened = open_movie(
        movie,
        fps=fps,
        pixel_size_um=pixel_size,
        channel=channel,
        plane=plane,
        dataset=dataset,
        shape=shape,
    )
    events = apply_run(run, opened, out=out, device=device, overwrite=overwrite)
    for note in opened.notes:
        typer.echo(note, err=True)
    end = finished(follow(events, TrainingControl()), out, debug=debug)
    typer.echo(
        f"The run is in {end.path}: the network of {run} on {movie} in {end.seconds:.1f} s, "
        f"at most {end.peak_memory_mb:,.0f} MB of memory."
    )

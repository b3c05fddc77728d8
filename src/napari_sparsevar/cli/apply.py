"""The command ``sparsevar apply``: the network of a run on another movie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from napari_sparsevar.cli.cell_options import CovariatesOption, Trials, trials_of
from napari_sparsevar.cli.ending import explained, finished
from napari_sparsevar.cli.options import (
    Axes,
    BadFrames,
    ByChannel,
    Channel,
    Channels,
    Dataset,
    Debug,
    Device,
    FrameRate,
    FrameShape,
    HoldStill,
    MaskOption,
    Overwrite,
    PixelSize,
    Plane,
    Planes,
    RegisterOption,
    RunArgument,
    registration_wanted,
)
from napari_sparsevar.cli.progress import follow
from napari_sparsevar.cli.verdict import Until, UntilOption, kept_when_interrupted, say_verdict

_AGAIN = "the same 'sparsevar apply'"


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
    planes: Planes = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    axes: Axes = None,
    channels: Channels = None,
    bad_frames: BadFrames = None,
    mask: MaskOption = None,
    trials: Trials = None,
    covariates: CovariatesOption = None,
    register: RegisterOption = HoldStill.auto,
    by_channel: ByChannel = None,
    until: UntilOption = Until.all,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Apply the network and show the progress."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.stack import check_planes
    from napari_sparsevar.training.apply import apply_run
    from napari_sparsevar.training.control import TrainingControl

    opened = open_movie(
        movie,
        fps=fps,
        pixel_size_um=pixel_size,
        channel=channel,
        plane=plane,
        planes=check_planes(planes, plane),
        dataset=dataset,
        shape=shape,
        axes=axes,
        channels=channels,
    )
    control = TrainingControl()
    events = apply_run(
        run,
        opened,
        out=out,
        device=device,
        overwrite=overwrite,
        control=control,
        until=until.stage,
        covariates=covariates or None,
        bad_frames=bad_frames,
        ignore=mask,
        trials=trials_of(trials, opened.fps, opened.times),
        register=registration_wanted(register),
        by_channel=by_channel,
    )
    for note in opened.notes:
        typer.echo(note, err=True)
    with kept_when_interrupted(out, _AGAIN):
        end = finished(follow(events, control, until.stage), out, debug=debug)
    assert end.path is not None
    typer.echo(
        f"The run is in {end.path}: the network of {run} on {movie} in {end.seconds:.1f} s, "
        f"at most {end.peak_memory_mb:,.0f} MB of memory."
    )
    say_verdict(end.path, _AGAIN)

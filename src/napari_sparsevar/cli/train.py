"""The command ``sparsevar train``: from a movie to a run directory."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.cell_options import CovariatesOption, Trials, trials_of
from napari_sparsevar.cli.ending import INTERRUPTED, explained, fail, finished
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
    registration_wanted,
)
from napari_sparsevar.cli.progress import follow
from napari_sparsevar.cli.train_cells import cells_of_movie, fit_cells
from napari_sparsevar.cli.verdict import Until, UntilOption, kept_when_interrupted, say_verdict
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.training.config import TrainConfig

_AGAIN = "'sparsevar train --resume'"
_OPTIONS: dict[int | str, str] = {"cell_diameter": "--cell-size"}


class Preset(StrEnum):
    """How long to train."""

    fast = "fast"
    standard = "standard"
    thorough = "thorough"


class Mode(StrEnum):
    """Whether the prediction error trains the network."""

    end_to_end = "end-to-end"
    two_stage = "two-stage"


@explained
def train(
    movie: Annotated[
        Path, typer.Argument(help="A movie: TIFF, Zarr, HDF5, NWB ...", metavar="MOVIE")
    ],
    out: Annotated[Path, typer.Option(help="The run directory to write.", metavar="RUN")],
    preset: Annotated[Preset, typer.Option(help="How long to train.")] = Preset.standard,
    device: Device = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same result on the CPU.")] = 0,
    fps: FrameRate = None,
    pixel_size: PixelSize = None,
    mode: Annotated[
        Mode, typer.Option(help="two-stage fits the VAR after the autoencoder, for comparison.")
    ] = Mode.end_to_end,
    lags: Annotated[
        int | None, typer.Option(help="How many past frames predict the next one.")
    ] = None,
    cell_size: Annotated[
        float | None,
        typer.Option(
            metavar="D",
            help="Diameter of a cell in micrometres, in pixels where their size is unknown; "
            "guessed from the movie if left out.",
        ),
    ] = None,
    no_skip: Annotated[
        bool, typer.Option("--no-skip", help="Without the static skip, for comparison.")
    ] = False,
    places_only: Annotated[
        bool,
        typer.Option(
            "--places-only", help="Do not find the cells of the movie and test them beside places."
        ),
    ] = False,
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
    register: RegisterOption = HoldStill.auto,
    by_channel: ByChannel = None,
    cells: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Cells of the movie (suite2p, CaImAn, NWB, ROIs, a label image ...): who drives "
            "whom among them is fitted after the training and kept in RUN/cells.",
        ),
    ] = None,
    covariates: CovariatesOption = None,
    until: UntilOption = Until.all,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue where a training or its analysis ended, with its own settings.",
        ),
    ] = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Train and show the progress."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.movie.stack import check_planes
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.resuming import recorded_choice, recorded_configuration
    from napari_sparsevar.training.train import train as start

    if (movie / "run.json").is_file():
        raise UserError(f"{movie} is a run directory, not a movie; give the movie to train on.")
    together = check_planes(planes, plane)
    chosen = Choice(channel, plane, dataset, shape, axes, channels, together)
    if resume:
        config = recorded_configuration(out)
        chosen = chosen if chosen != Choice() else recorded_choice(out)
    else:
        config = configuration(
            preset, mode, seed, lags, cell_size, skip=not no_skip, find_cells=not places_only
        )
    opened = open_movie(movie, fps=fps, pixel_size_um=pixel_size, **asdict(chosen))
    brought = None if cells is None else cells_of_movie(cells, opened, plane)
    control = TrainingControl()
    events = start(
        opened,
        config,
        out=out,
        device=device,
        resume=resume,
        overwrite=overwrite,
        control=control,
        until=until.stage,
        covariates=covariates or None,
        bad_frames=bad_frames,
        ignore=mask,
        register=registration_wanted(register),
        by_channel=by_channel,
        trials=trials_of(trials, opened.fps, opened.times),
    )
    with kept_when_interrupted(out, _AGAIN):
        end = finished(follow(events, control, until.stage), out, debug=debug)
    if end.path is None:
        fail("Stopped before the first training step; there is nothing to keep.")
        raise typer.Exit(INTERRUPTED)
    typer.echo(
        f"The run is in {end.path}: {end.steps} steps ({end.reason}) in "
        f"{end.seconds:.1f} s, at most {end.peak_memory_mb:,.0f} MB of memory."
    )
    say_verdict(end.path, _AGAIN)
    if brought is not None:
        fit_cells(end.path, brought, opened)


def configuration(
    preset: Preset,
    mode: Mode,
    seed: int,
    lags: int | None,
    cell_size: float | None = None,
    *,
    skip: bool,
    find_cells: bool,
) -> TrainConfig:
    """Return the settings, or say which option is out of range."""
    from pydantic import ValidationError

    from napari_sparsevar.model.config import ModelConfig
    from napari_sparsevar.training.config import PRESETS, TrainConfig

    try:
        given = {"lags": lags, "cell_diameter": cell_size}
        chosen = {name: value for name, value in given.items() if value is not None}
        model = ModelConfig.model_validate({"skip": skip, **chosen})
        settings = {
            "mode": mode.value,
            "seed": seed,
            "model": model,
            "find_cells": find_cells,
        }
        return TrainConfig.model_validate({**PRESETS[preset.value], **settings})
    except ValidationError as error:
        first = error.errors()[-1]  # of "auto" or a number, the number
        option = _OPTIONS.get(first["loc"][0], f"--{first['loc'][0]}")
        raise UserError(f"{option} is {first['input']}: {first['msg'].lower()}.") from None

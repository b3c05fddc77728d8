"""The command ``sparsevar``: simulate a movie, train on one, look at a movie or a run.

Thin: it parses, calls the library and prints. The library is imported inside the commands, so that
``sparsevar --help`` need not wait for torch.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_sparsevar.cli.apply import apply
from napari_sparsevar.cli.batch import batch
from napari_sparsevar.cli.compare import compare
from napari_sparsevar.cli.ending import (
    INTERRUPTED,
    OneSentenceGroup,
    explained,
    fail,
    finished,
    run_folder,
)
from napari_sparsevar.cli.export import export
from napari_sparsevar.cli.figure import figure
from napari_sparsevar.cli.options import (
    AsJson,
    Channel,
    Dataset,
    Debug,
    FrameShape,
    Overwrite,
    Plane,
)
from napari_sparsevar.cli.progress import follow
from napari_sparsevar.cli.report import report as write_report
from napari_sparsevar.cli.summary import as_table, print_values, summary_of_movie, summary_of_run
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.training.config import TrainConfig


class Preset(StrEnum):
    """How long to train."""

    fast = "fast"
    standard = "standard"
    thorough = "thorough"


class Mode(StrEnum):
    """Whether the prediction error trains the network."""

    end_to_end = "end-to-end"
    two_stage = "two-stage"


_OPTIONS: dict[int | str, str] = {"cell_diameter": "--cell-size"}

app = typer.Typer(
    name="sparsevar",
    cls=OneSentenceGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See which places in the tissue drive the activity that follows.",
)


@app.command(help="Write a movie with known drivers, and the truth about it.")
@explained
def simulate(
    out: Annotated[Path, typer.Option(help="The TIFF file to write.", metavar="MOVIE.tif")],
    truth: Annotated[
        Path, typer.Option(help="The file for cells and connections.", metavar="TRUTH.npz")
    ],
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same movie.")] = 0,
    frames: Annotated[int, typer.Option(min=1, help="Number of frames.")] = 3000,
    size: Annotated[
        tuple[int, int], typer.Option(metavar="H W", help="Height and width in pixels.")
    ] = (64, 64),
    regime: Annotated[
        str, typer.Option(help="easy, medium_noise, strong_noise or weak_coupling.")
    ] = "easy",
    later_coupling: Annotated[
        float | None,
        typer.Option(
            metavar="C", help="Coupling in the second half, to compare the halves; 0 for none."
        ),
    ] = None,
    fps: Annotated[float, typer.Option(help="Frames per second.")] = 15.0,
    pixel_size: Annotated[
        float, typer.Option(metavar="UM", help="Pixel edge in micrometres.")
    ] = 2.0,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Write a simulated movie and its truth."""
    from napari_sparsevar.movie import simulate_movie, write_movie

    if out.resolve() == truth.resolve():
        raise UserError(f"{out} cannot hold both movie and truth; choose two names.")
    for path in (out, truth):
        # Before the work, and before one of the two files is there without the other.
        if path.exists() and not overwrite:
            raise UserError(f"{path} exists already; choose another name or add --overwrite.")
    movie, known = simulate_movie(
        frames,
        size,
        seed=seed,
        regime=regime,
        later_coupling=later_coupling,
        fps=fps,
        pixel_size_um=pixel_size,
    )
    write_movie(movie.data, out, fps=fps, pixel_size_um=pixel_size, overwrite=overwrite)
    known.save(truth, overwrite=overwrite)
    typer.echo(
        f"Wrote {out} ({frames} frames of {size[0]} x {size[1]} px) and {truth} "
        f"({len(known.drivers)} drivers among {len(known.centres)} cells)."
    )


@app.command(help="Train on a movie and write a run directory.")
@explained
def train(
    movie: Annotated[
        Path, typer.Argument(help="A movie: TIFF, Zarr, HDF5, NWB ...", metavar="MOVIE")
    ],
    out: Annotated[Path, typer.Option(help="The run directory to write.", metavar="RUN")],
    preset: Annotated[Preset, typer.Option(help="How long to train.")] = Preset.standard,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:0 ... or mps.")] = "auto",
    seed: Annotated[int, typer.Option(help="Same seed, same result on the CPU.")] = 0,
    fps: Annotated[float | None, typer.Option(help="Frames per second of the movie.")] = None,
    pixel_size: Annotated[
        float | None, typer.Option(metavar="UM", help="Pixel edge in micrometres.")
    ] = None,
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
    channel: Channel = None,
    plane: Plane = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Continue where a training ended, with its own settings."),
    ] = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Train and show the progress."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.train import train as start

    if (movie / "run.json").is_file():
        raise UserError(f"{movie} is a run directory, not a movie; give the movie to train on.")
    chosen = Choice(channel, plane, dataset, shape)
    if resume:
        config = recorded_configuration(out)
        chosen = chosen if chosen != Choice() else recorded_choice(out)
    else:
        config = configuration(preset, mode, seed, lags, cell_size, skip=not no_skip)
    opened = open_movie(movie, fps=fps, pixel_size_um=pixel_size, **asdict(chosen))
    control = TrainingControl()
    events = start(
        opened, config, out=out, device=device, resume=resume, overwrite=overwrite, control=control
    )
    for note in opened.notes:
        typer.echo(note, err=True)
    end = finished(follow(events, control), out, debug=debug)
    if end.path is None:
        fail("Stopped before the first training step; there is nothing to keep.")
        raise typer.Exit(INTERRUPTED)
    typer.echo(
        f"The run is in {end.path}: {end.steps} steps ({end.reason}) in "
        f"{end.seconds:.1f} s, at most {end.peak_memory_mb:,.0f} MB of memory."
    )


def configuration(
    preset: Preset,
    mode: Mode,
    seed: int,
    lags: int | None,
    cell_size: float | None = None,
    *,
    skip: bool,
) -> TrainConfig:
    """Return the settings, or say which option is out of range."""
    from pydantic import ValidationError

    from napari_sparsevar.model.config import ModelConfig
    from napari_sparsevar.training.config import TrainConfig

    try:
        given = {"lags": lags, "cell_diameter": cell_size}
        chosen = {name: value for name, value in given.items() if value is not None}
        model = ModelConfig.model_validate({"skip": skip, **chosen})
        return TrainConfig.from_preset(preset.value, mode=mode.value, seed=seed, model=model)
    except ValidationError as error:
        first = error.errors()[-1]  # of "auto" or a number, the number
        option = _OPTIONS.get(first["loc"][0], f"--{first['loc'][0]}")
        raise UserError(f"{option} is {first['input']}: {first['msg'].lower()}.") from None


def recorded_configuration(out: Path) -> TrainConfig:
    """Return the settings a training was started with, so that nobody has to repeat them."""
    from pydantic import ValidationError

    from napari_sparsevar.run.run import read_record
    from napari_sparsevar.training.config import TrainConfig

    folder = run_folder(out)
    if folder is None:
        raise UserError(f"There is no training in {out} to resume; train without --resume.")
    try:
        return TrainConfig.model_validate(read_record(folder).configuration)
    except ValidationError:
        raise UserError(
            f"The settings in {folder / 'run.json'} are damaged; train again."
        ) from None


def recorded_choice(out: Path) -> Choice:
    """Return which channel, plane and data set a training was started with."""
    from napari_sparsevar.movie.choice import Choice
    from napari_sparsevar.run.run import read_record

    folder = run_folder(out)
    return Choice() if folder is None else read_record(folder).movie.choice


@app.command(help="Say what a movie or a run directory holds.")
@explained
def info(
    path: Annotated[Path, typer.Argument(help="A movie or a run directory.", metavar="MOVIE|RUN")],
    channel: Channel = None,
    plane: Plane = None,
    dataset: Dataset = None,
    shape: FrameShape = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print a summary."""
    from napari_sparsevar.movie.choice import Choice

    if (path / "run.json").is_file():
        summary = summary_of_run(path)
    else:
        summary = summary_of_movie(path, Choice(channel, plane, dataset, shape))
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    drivers = summary.pop("drivers", None)
    print_values(summary)
    if drivers is not None:
        typer.echo(f"\nstrongest drivers\n{as_table(drivers)}")


app.command(help="Apply the network of a run to another movie of the same kind.")(apply)
app.command(help="Train on many recordings, here or on a cluster.")(batch)
app.command(help="Compare the dynamics of two or more stretches of time.")(compare)
app.command(help="Draw a figure of a run, for print.")(figure)
app.command("report", help="Write a run as one HTML page: figures, tables, checks.")(write_report)
app.command(help="Write results of a run in the formats of other programs.")(export)


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

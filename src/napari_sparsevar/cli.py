"""The command ``sparsevar``: simulate a movie, train on one, look at a movie or a run.

Thin: it parses, calls the library and prints. The library is imported inside the commands, so that
``sparsevar --help`` need not wait for torch.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from napari_sparsevar.training.config import TrainConfig
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.events import Failed, Finished, TrainingEvent

TOP_DRIVERS = 10
STOPPING = "Stopping and keeping the best model so far; press Ctrl-C again to abort."
USER_ERROR, UNEXPECTED, INTERRUPTED = 2, 1, 130


class Preset(StrEnum):
    """How long to train."""

    fast = "fast"
    standard = "standard"
    thorough = "thorough"


class Mode(StrEnum):
    """Whether the prediction error trains the network."""

    end_to_end = "end-to-end"
    two_stage = "two-stage"


class OneSentenceGroup(TyperGroup):
    """Commands that answer a wrong option with one sentence and exit code 2."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line; like typer's, but without its box around errors."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except Exception as error:
            # Typer's own errors know how to say what is wrong; their class is not public.
            if not hasattr(error, "format_message"):
                raise
            fail(f"{str(error.format_message()).rstrip('.')}; see sparsevar --help.")
            code = USER_ERROR
        if standalone_mode:
            sys.exit(code)
        return code


app = typer.Typer(
    name="sparsevar",
    cls=OneSentenceGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="See which places in the tissue drive the activity that follows.",
)


def fail(sentence: str) -> None:
    """Print one sentence on standard error."""
    typer.echo(" ".join(sentence.split()), err=True)


def explained(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into one sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except UserError as error:
            fail(str(error))
            raise typer.Exit(USER_ERROR) from None
        except KeyboardInterrupt:
            fail("Interrupted.")
            raise typer.Exit(INTERRUPTED) from None
        except typer.Exit:
            raise
        except BrokenPipeError:
            # Whoever read the output has seen enough; Python would complain when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNEXPECTED) from None
        except MemoryError:
            fail("The memory of this computer does not suffice; ask for less or close programs.")
            raise typer.Exit(USER_ERROR) from None
        except Exception as error:
            if options.get("debug"):
                raise
            report(f"{type(error).__name__}: {error}", traceback.format_exc(), options.get("out"))
            raise typer.Exit(UNEXPECTED) from None

    return run


def report(sentence: str, details: str, out: Path | None) -> None:
    """Say what went wrong and keep the details in a file for a bug report."""
    sentence = " ".join(sentence.split()).rstrip(".")
    try:
        log = (run_folder(out) or Path(tempfile.mkdtemp(prefix="sparsevar-"))) / "error.log"
        log.write_text(details, encoding="utf-8")
    except OSError:
        fail(f"{sentence}; run it again with --debug to see the details.")
        return
    fail(f"{sentence}; the details for a bug report are in {log}.")


def run_folder(out: Path | None) -> Path | None:
    """Return where a training works: a log in any other folder would be in the user's way."""
    from napari_sparsevar.training.run_folder import working_place

    candidates = [working_place(out), out] if out else []
    return next((folder for folder in candidates if (folder / "run.json").is_file()), None)


Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is already there.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a failure.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


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
        frames, size, seed=seed, regime=regime, fps=fps, pixel_size_um=pixel_size
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
    movie: Annotated[Path, typer.Argument(help="TIFF file or Zarr folder.", metavar="MOVIE")],
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
    no_skip: Annotated[
        bool, typer.Option("--no-skip", help="Without the static skip, for comparison.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue where a killed training stopped.")
    ] = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Train and show the progress."""
    from napari_sparsevar.movie import open_movie
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.events import Failed
    from napari_sparsevar.training.train import train as start

    if (movie / "run.json").is_file():
        raise UserError(f"{movie} is a run directory, not a movie; give the movie to train on.")
    config = configuration(preset, mode, seed, lags, skip=not no_skip)
    opened = open_movie(movie, fps=fps, pixel_size_um=pixel_size)
    control = TrainingControl()
    events = start(
        opened, config, out=out, device=device, resume=resume, overwrite=overwrite, control=control
    )
    for note in opened.notes:
        typer.echo(note, err=True)
    end = follow(events, control)
    if isinstance(end, Failed):
        if not end.details:
            raise UserError(end.message)
        if debug:
            typer.echo(end.details, err=True)
            fail(end.message)
        else:
            report(end.message, end.details, out)
        raise typer.Exit(UNEXPECTED)
    if end.path is None:
        fail("Stopped before the first training step; there is nothing to keep.")
        raise typer.Exit(INTERRUPTED)
    typer.echo(
        f"The run is in {end.path}: {end.steps} steps ({end.reason}) in "
        f"{end.seconds:.1f} s, at most {end.peak_memory_mb:,.0f} MB of memory."
    )


def configuration(
    preset: Preset, mode: Mode, seed: int, lags: int | None, *, skip: bool
) -> TrainConfig:
    """Return the settings, or say which option is out of range."""
    from pydantic import ValidationError

    from napari_sparsevar.model.config import ModelConfig
    from napari_sparsevar.training.config import TrainConfig

    try:
        model = ModelConfig(skip=skip, **({} if lags is None else {"lags": lags}))
        return TrainConfig.from_preset(preset.value, mode=mode.value, seed=seed, model=model)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        raise UserError(f"{option} is {first['input']}: {first['msg'].lower()}.") from None


def follow(events: Iterator[TrainingEvent], control: TrainingControl) -> Finished | Failed:
    """Show the progress of a training on standard error and return how it ended."""
    from napari_sparsevar.training.events import Failed, Finished

    told = False
    with Display() as display, stop_on_interrupt(control):
        for event in events:
            if control.stop_requested and not told:
                told = True
                display.say(STOPPING)
            if isinstance(event, Finished | Failed):
                return event
            display.show(event)
    raise RuntimeError("The training ended without saying how")


@contextlib.contextmanager
def stop_on_interrupt(control: TrainingControl) -> Iterator[None]:
    """Let the first Ctrl-C end the training with the best model so far, and the second abort."""
    before = signal.getsignal(signal.SIGINT)

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        # No word here: it may come in the middle of another line being printed.
        control.stop()

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Display:
    """A progress bar with loss and remaining time; plain lines where there is no terminal."""

    def __enter__(self) -> Display:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self._console = Console(stderr=True, highlight=False)
        self._bar = Progress(
            TextColumn("{task.description:<24.24}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("Starting", total=1.0, detail="")
        self._bar.start()
        self._last = ""
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def say(self, sentence: str) -> None:
        """Print a sentence above the bar."""
        self._console.print(sentence, markup=False, soft_wrap=True)

    def show(self, event: TrainingEvent) -> None:
        """Show one event of the training."""
        from napari_sparsevar.training import events

        match event:
            case events.Started():
                height, width = event.shape
                resumed = f", from step {event.resumed_from_step}" * bool(event.resumed_from_step)
                self.say(
                    f"Training on {event.device}: {event.n_frames} frames of {height} x {width} px,"
                    f" {event.n_steps} steps{resumed}."
                )
            case events.Progress():
                self._move(event.message, event.fraction, remaining(event.eta_seconds))
            case events.StepLoss():
                loss = f"loss {event.terms['total']:.4f}"
                detail = f"{loss}  {remaining(event.eta_seconds)}"
                self._move("Training", event.step / event.n_steps, detail)
            case events.ValidationLoss() if not self._console.is_terminal:
                best = " (best so far)" if event.is_best else ""
                self.say(f"Step {event.step}: validation loss {event.terms['total']:.4f}{best}")
            case events.Notice():
                self.say(event.message)
            case _:
                pass  # checkpoints and pauses need no words here

    def _move(self, what: str, fraction: float, detail: str) -> None:
        self._bar.update(self._task, description=what, completed=fraction, detail=detail)
        if not self._console.is_terminal and what != self._last:
            self.say(f"{what} ...")
        self._last = what


def remaining(seconds: float | None) -> str:
    """Say how long it still takes."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


@app.command(help="Say what a movie or a run directory holds.")
@explained
def info(
    path: Annotated[Path, typer.Argument(help="A movie or a run directory.", metavar="MOVIE|RUN")],
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Print a summary."""
    summary = summary_of_run(path) if (path / "run.json").is_file() else summary_of_movie(path)
    if as_json:
        typer.echo(json.dumps(summary, indent=2))
        return
    drivers = summary.pop("drivers", None)
    print_values(summary)
    if drivers is not None:
        typer.echo(f"\nstrongest drivers\n{as_table(drivers)}")


def print_values(values: dict[str, Any], indent: str = "") -> None:
    """Print names and values, one a line, groups below their name."""
    width = max(map(len, values), default=0)
    for name, value in values.items():
        label = indent + name.replace("_", " ").ljust(width)
        if isinstance(value, dict) and value:
            typer.echo(f"{label.rstrip()}")
            print_values(value, indent + "  ")
        else:
            typer.echo(f"{label}  {as_text(value)}")


def summary_of_movie(path: Path) -> dict[str, Any]:
    """Return what a movie file says and what its frames hold, ready for JSON."""
    from napari_sparsevar.movie import check_frames, open_movie

    movie = open_movie(path)
    report = check_frames(movie)
    return {
        "movie": str(path),
        "frames": movie.n_frames,
        "height_px": movie.shape[0],
        "width_px": movie.shape[1],
        "dtype": str(movie.data.dtype),
        "size_mb": round(movie.data.nbytes / 1e6, 1),
        "frames_per_second": movie.fps,
        "pixel_size_um": movie.pixel_size_um,
        "minimum": report.minimum,
        "maximum": report.maximum,
        "bad_frames": report.n_bad,
        "saturation_level": report.saturation_level,
        "saturated_fraction": report.saturated_fraction,
        "notes": [*movie.notes, *report.sentences()],
    }


def summary_of_run(path: Path) -> dict[str, Any]:
    """Return how a run was made and what it found, ready for JSON."""
    from napari_sparsevar.analysis import load_run

    run = load_run(path)
    # Through the record's own JSON, so that whatever it holds can be printed.
    record = json.loads(run.record.model_dump_json())
    return {
        "run": str(path),
        "edges": len(run.edges),
        **record,
        "drivers": json.loads(run.drivers.head(TOP_DRIVERS).to_json(orient="records")),
    }


def as_text(value: Any) -> str:
    """Write a value of a summary as a person would."""
    if value is None:
        return "not known"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | dict):
        return " ".join(map(as_text, value)) or "none"
    return str(value)


def as_table(rows: list[dict[str, Any]]) -> str:
    """Write rows under their column names."""
    if not rows:
        return "none"
    names = list(rows[0])
    cells = [names, *([as_text(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()

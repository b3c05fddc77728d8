"""Work on standard error: a bar with remaining time, and what Ctrl-C does to a training."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Generator, Iterator
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from napari_sparsevar.progress import Step, WithResult

if TYPE_CHECKING:
    from napari_sparsevar.analysis.stages import Stage
    from napari_sparsevar.training.control import TrainingControl
    from napari_sparsevar.training.events import Failed, Finished, TrainingEvent

T = TypeVar("T")

STOPPING = "Stopping and keeping the best model so far; press Ctrl-C again to abort."
ENDING = "Stopping; what is known of the run is kept. Press Ctrl-C again to abort."

_READY: dict[Stage, str] = {
    "map": "The contribution map is in {}: open it now",
    "drivers": "P-values and drivers are in {}",
    "stability": "{} says what halves of the recording find again",
}
_FOLLOWS: dict[Stage, str] = {
    "map": "the test against chance follows",
    "drivers": "what halves of the recording find again follows",
    "stability": "the criterion along the solution path follows",
}


def follow(
    events: Iterator[TrainingEvent], control: TrainingControl, until: Stage = "all"
) -> Finished | Failed:
    """Show the progress of a training on standard error and return how it ended."""
    from napari_sparsevar.training.events import Applying, Failed, Finished, ResultsReady

    told = analysing = False
    with Display(until) as display, stop_on_interrupt(control):
        for event in events:
            analysing = analysing or isinstance(event, Applying | ResultsReady)
            if control.stop_requested and not told:
                told = True
                display.say(ENDING if analysing else STOPPING)
            if isinstance(event, Finished | Failed):
                return event
            display.show(event)
    raise RuntimeError("The training ended without saying how")


def follow_steps(steps: Generator[Step, None, T], *, quiet: bool = False) -> T:
    """Show the fraction done and what is being done on standard error; return the result."""
    with Display() if not quiet else contextlib.nullcontext() as display:
        followed = WithResult(steps)
        for fraction, message in followed:
            if display is not None:
                display.step(fraction, message)
        return followed.result


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
    """A progress bar with loss and remaining time; plain lines where there is no terminal.

    Parameters
    ----------
    until : {"map", "drivers", "stability", "all"}
        Stage of the analysis at which it ends.
    """

    def __init__(self, until: Stage = "all") -> None:
        self._until = until

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
            case events.Applying():
                height, width = event.shape
                self.say(
                    f"Applying {event.parent} on {event.device}: {event.n_frames} frames of "
                    f"{height} x {width} px."
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
            case events.ResultsReady() if event.stage in _READY:
                ready = _READY[event.stage].format(event.path)
                follows = f"; {_FOLLOWS[event.stage]}" * (event.stage != self._until)
                self.say(f"{ready}{follows}.")
            case _:
                pass  # checkpoints and pauses need no words here

    def step(self, fraction: float, message: str) -> None:
        """Show how far a piece of work is, between 0 and 1, and what is being done."""
        self._move(message, fraction, "")

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

"""The state of a training, driven by its own events: idle, training, paused, stopping."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import (
    Applying,
    Continued,
    Finished,
    HeldStill,
    Notice,
    Paused,
    Progress,
    Started,
    StepLoss,
    ValidationLoss,
)
from napari_sparsevar.widgets.training.worker import (
    RunReady,
    TrainingRequest,
    completing_stream,
    training_stream,
)
from napari_sparsevar.widgets.work.one_work import OneWork, Report

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

# Share of the bar each phase takes; the steps are most of the time.
_SPANS = {
    "prepare": (0.0, 0.03),
    "train": (0.03, 0.45),
    "encode": (0.45, 0.5),
    "analyse": (0.5, 1.0),
}


TO_THE_MAP = "to the map"


class Training(OneWork):
    """The training of one viewer; docks watch it and can be closed and opened again.

    Attributes
    ----------
    losses_changed, held_still, run_ready, run_grew : psygnal.Signal
        Emitted in the main thread; ``held_still`` carries the movie as it is trained on where its
        field of view was moving, ``run_ready`` the run and where its movie lies as soon
        as its map is known, ``run_grew`` the same run when more of it is.
    history : LossHistory
        Losses of the current or last training.
    request : TrainingRequest or None
        What runs or ran last.
    path : Path or None
        The run it has made or goes on with; None as long as there is none to be opened.
    """

    losses_changed = Signal()
    held_still = Signal(object)
    run_ready = Signal(object, object)
    run_grew = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "The training",
            working="training",
            ending="stopping",
            ended="The training was cancelled; its last checkpoint is on disk.",
        )
        self._control = TrainingControl()
        self._analysing = False
        self.history = LossHistory()
        self.request: TrainingRequest | None = None
        self.path: Path | None = None

    @property
    def can_end(self) -> bool:
        """Whether it can be ended before it is done."""
        return self.state in ("training", "paused") and not self._settled

    def start(self, request: TrainingRequest) -> None:
        """Start a training; ignored while one runs."""
        if self.state != "idle":
            return
        self.request, self.path, self._analysing = request, None, False
        self.history = LossHistory()
        self.losses_changed.emit()
        self._control = TrainingControl()
        self._begin(partial(training_stream, request, self._control), hurry=self._control.stop)
        self.say("Preparing…")

    def complete(self, path: Path) -> None:
        """Go on with the analysis of a run; ignored while something runs."""
        if self.state != "idle":
            return
        self._control, self.path, self._analysing = TrainingControl(), path, True
        self._begin(partial(completing_stream, path, self._control), hurry=self._control.stop)
        self.say("Going on with the analysis…")

    def pause(self) -> None:
        """Wait after the current step."""
        if self.state == "training":
            self._control.pause()
            self._wait("Pausing after this step…")

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state == "paused":
            self._control.resume()

    def stop(self) -> None:
        """End after the current step and keep the best model so far, or what is known of it."""
        if self.can_end:
            self._become("stopping")
            kept = "what is known is kept" if self._analysing else "the best model so far is kept"
            self._wait(f"Stopping after this step; {kept}…")
            self._control.stop()

    def _receive(self, event: Any) -> None:
        match event:
            case tuple():
                for each in event:
                    self._receive(each)
            case Started():
                self._on_started(event)
            case Applying():
                self._on_applying(event)
            case Progress():
                self._on_progress(event)
            case HeldStill():
                self.held_still.emit(event.movie)
            case StepLoss():
                self._on_step(event)
            case ValidationLoss() if event.step:  # an application has one value, which is no curve
                self._on_losses(event)
            case Notice() if event.message not in self.report.notices:
                notices = (*self.report.notices, event.message)
                self._tell(replace(self.report, notices=notices))
            case Paused() if self.state == "training":
                self._become("paused")
                self._wait(f"Paused after step {event.step}.")
            case Continued() if self.state == "paused":
                self._become("training")
                self._add(f"Continued after step {event.step}.")
            case RunReady():
                self._on_ready(event.run)
            case Finished(path=None):
                self._settle(Report("Stopped before the first step; nothing was kept."))
            case Finished():
                said = _outcome(event)
                self._settle(Report(said, 1.0, notices=self.report.notices))
            case _:
                super()._receive(event)

    def _on_started(self, event: Started) -> None:
        _, rows, columns = event.latent_shape
        steps = f"{event.n_steps} steps"
        if event.resumed_from_step:
            steps = f"going on after step {event.resumed_from_step} of {event.n_steps}"
        self._add(f"Training on {event.device}: {rows} × {columns} latents, {steps}.")

    def _on_applying(self, event: Applying) -> None:
        _, rows, columns = event.latent_shape
        where = f"on {event.device}: {rows} × {columns} latents"
        self._add(f"Applying the network of {event.parent.name} {where}.")

    def _on_progress(self, event: Progress) -> None:
        done = _overall(event.phase, event.fraction)
        toward = "left" if event.phase == "analyse" else TO_THE_MAP
        self._advance(event.message, done, event.eta_seconds, toward)

    def _on_step(self, event: StepLoss) -> None:
        done = _overall("train", event.step / max(event.n_steps, 1))
        sentence = f"Step {event.step} of {event.n_steps}."
        self._advance(sentence, done, event.eta_seconds, TO_THE_MAP, event.frames_per_second)
        self._on_losses(event)

    def _advance(
        self,
        sentence: str,
        done: float,
        eta: float | None,
        toward: str,
        speed: float | None = None,
    ) -> None:
        """Say how far it is; what was asked of it meanwhile stays the sentence.

        Time left and speed are those of now: what is not known any more is not shown.
        """
        report = replace(self.report, fraction=done, eta_seconds=None, frames_per_second=None)
        if self.state == "training":
            report = replace(report, sentence=sentence, eta_seconds=eta, toward=toward)
            report = replace(report, frames_per_second=speed)
        self._tell(report)

    def _on_losses(self, event: StepLoss | ValidationLoss) -> None:
        self.history.add(event)
        self.losses_changed.emit()

    def _on_ready(self, run: Run) -> None:
        first, self._analysing = not self._analysing, True
        self.path = run.path
        if first and self.state == "stopping":  # the analysis is stopped by another click
            self._become("training")
        if first and self.request is not None:
            self.run_ready.emit(run, self.request.placement)
        else:
            self.run_grew.emit(run)

    def _wait(self, sentence: str) -> None:
        """Say something that makes the time left and the speed a thing of the past."""
        self._tell(replace(self.report, eta_seconds=None, frames_per_second=None))
        self._add(sentence)

    def _add(self, sentence: str) -> None:
        """Say something without another word about how far it is."""
        self._tell(replace(self.report, sentence=sentence))


def _overall(phase: str, fraction: float) -> float:
    start, stop = _SPANS[phase]
    return start + (stop - start) * min(max(fraction, 0.0), 1.0)


def _outcome(finished: Finished) -> str:
    steps = f"{finished.steps} steps in " if finished.steps else ""  # none where it was applied
    after = f"after {steps}{format_seconds(finished.seconds)}"
    if finished.stage != "all":
        return f"Stopped {after}: what is known is kept; the rest follows when the run is opened."
    match finished.reason:
        case "stopped":
            return f"Stopped {after}: analysed with the best model so far."
        case "early-stopping":
            return f"Finished early (no further improvement) {after}."
        case _:
            return f"Finished {after}."


def format_seconds(seconds: float) -> str:
    """Return a duration as a person would say it, for example ``1 min 05 s``."""
    whole = round(max(seconds, 0.0))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


TERMS = ("reconstruction", "prediction", "total")


@dataclass
class LossCurve:
    """Steps and values of one loss term."""

    steps: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class LossHistory:
    """Every loss term on training and on validation blocks.

    Attributes
    ----------
    training, validation : dict of str to LossCurve
        One curve for each of ``TERMS``; a term that is not trained yet has no points.
    """

    def __init__(self) -> None:
        self.training = {term: LossCurve() for term in TERMS}
        self.validation = {term: LossCurve() for term in TERMS}

    def add(self, event: StepLoss | ValidationLoss) -> None:
        """Append the terms of one event."""
        curves = self.training if isinstance(event, StepLoss) else self.validation
        for term, value in event.terms.items():
            # A term that is not computed yet, or has diverged, has no place on the axis.
            if term in curves and math.isfinite(value):
                curves[term].steps.append(float(event.step))
                curves[term].values.append(float(value))

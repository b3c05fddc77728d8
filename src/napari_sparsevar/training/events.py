"""What a training says while it runs: plain frozen values, no Qt anywhere.

``train`` is a generator of these. The viewer's worker and the command line read the same stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.movie.movie import Movie

Phase = Literal["prepare", "train", "encode", "analyse"]
"""``encode`` ends with the contribution map, ``analyse`` is what follows."""


@dataclass(frozen=True)
class Started:
    """Training begins: what will run, and where.

    ``latent_shape`` is (channels, rows, columns) of the latent map of the whole field of view.
    """

    device: str
    n_steps: int
    n_frames: int
    shape: tuple[int, int]
    latent_shape: tuple[int, int, int]
    resumed_from_step: int = 0


@dataclass(frozen=True)
class Applying:
    """A trained network is applied to another movie; as ``Started``, with the run it is of."""

    device: str
    parent: Path
    n_frames: int
    shape: tuple[int, int]
    latent_shape: tuple[int, int, int]


@dataclass(frozen=True)
class Progress:
    """How far a phase is, between 0 and 1, in words a person can read.

    ``eta_seconds`` is the time to the contribution map, and once that is there to the end of all.
    """

    phase: Phase
    fraction: float
    message: str
    eta_seconds: float | None = None


@dataclass(frozen=True, eq=False)
class HeldStill:
    """The field of view of the movie was moving; this is the movie held still, as it is used."""

    movie: Movie


@dataclass(frozen=True)
class StepLoss:
    """Loss terms of one training step, on training time blocks.

    ``terms`` holds ``reconstruction``, ``prediction`` and ``total``, each a mean squared error in
    units of the noise scale of a pixel; ``frames_per_second`` counts frames of movie used;
    ``eta_seconds`` is the time to the contribution map.
    """

    step: int
    n_steps: int
    terms: dict[str, float]
    frames_per_second: float
    eta_seconds: float


@dataclass(frozen=True)
class ValidationLoss:
    """The same loss terms on held-out time blocks, and whether this model is the best so far."""

    step: int
    terms: dict[str, float]
    is_best: bool


@dataclass(frozen=True)
class CheckpointSaved:
    """The state was written; a killed training continues from here with ``resume``."""

    step: int
    path: Path


@dataclass(frozen=True)
class Notice:
    """Something the user should know that does not stop the training (one sentence)."""

    message: str


@dataclass(frozen=True)
class Paused:
    """The training waits until it is continued or stopped."""

    step: int


@dataclass(frozen=True)
class Continued:
    """The training goes on after a pause."""

    step: int


@dataclass(frozen=True)
class ResultsReady:
    """A stage of the analysis is complete on disk: ``load_run(path)`` has what it found.

    ``stage`` is one of ``analysis.stages.STAGES``, which come in that order.
    """

    stage: Stage
    path: Path


StopReason = Literal["completed", "early-stopping", "stopped"]


@dataclass(frozen=True)
class Finished:
    """The run is on disk (``out`` given) and can be opened with ``load_run``.

    ``stage`` says how far its analysis came: ``all`` unless it was stopped or asked for less.
    """

    reason: StopReason
    path: Path | None
    steps: int
    seconds: float
    peak_memory_mb: float
    stage: Stage = "all"


@dataclass(frozen=True)
class Failed:
    """The training could not go on; ``message`` is one sentence for the user.

    ``details`` is the traceback for a bug report, empty for a user error. A failure is an event,
    not an exception, because napari's generator workers swallow ``RuntimeError`` (and with it CUDA
    out-of-memory).
    """

    message: str
    details: str = ""


TrainingEvent = (
    Started
    | Applying
    | Progress
    | HeldStill
    | StepLoss
    | ValidationLoss
    | CheckpointSaved
    | Notice
    | Paused
    | Continued
    | ResultsReady
    | Finished
    | Failed
)

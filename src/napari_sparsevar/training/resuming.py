"""What was begun in a run directory and can be gone on with, by its own settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.run.record import MovieIdentity
from napari_sparsevar.run.replacement import begun_folder, working_folder
from napari_sparsevar.run.run import read_record
from napari_sparsevar.training.analysing import is_cut_short
from napari_sparsevar.training.checkpoint import CHECKPOINT, step_of
from napari_sparsevar.training.config import TrainConfig

_FOUND: dict[Stage, str] = {
    "map": "the contribution map",
    "drivers": "the drivers",
    "stability": "the stability of the drivers",
}


@dataclass(frozen=True)
class Resumable:
    """A training or an analysis that was cut short.

    Attributes
    ----------
    config : TrainConfig
        What it was started with.
    movie : MovieIdentity
        Its movie.
    sentence : str
        What is there.
    """

    config: TrainConfig
    movie: MovieIdentity
    sentence: str


def resumable(out: Path) -> Resumable:
    """Return what ``train(..., resume=True)`` would go on with.

    Raises
    ------
    UserError
        If there is nothing, or it is damaged.
    """
    config = recorded_configuration(out)
    sentence = _what_is_left(out, config)
    if sentence is None:
        raise UserError(
            f"There is nothing to resume in {out}: its run is complete, or has no step."
        )
    folder = begun_folder(out)
    assert folder is not None
    return Resumable(config, read_record(folder).movie, sentence)


def _what_is_left(out: Path, config: TrainConfig) -> str | None:
    for folder in (working_folder(out), out):
        if (folder / CHECKPOINT).exists():
            return f"A training ended here after step {step_of(folder)} of {config.steps}."
    if is_cut_short(out):
        return f"The analysis of this run ended after {_FOUND[read_record(out).stage]}."
    return None


def recorded_configuration(out: Path) -> TrainConfig:
    """Return the settings a training was started with, so that nobody has to repeat them.

    Raises
    ------
    UserError
        If there is no training, or its record is damaged.
    """
    folder = begun_folder(out)
    if folder is None:
        raise UserError(f"There is no training in {out} to resume: train anew.")
    try:
        return TrainConfig.model_validate(read_record(folder).configuration)
    except ValidationError:
        raise UserError(
            f"The settings in {folder / 'run.json'} are damaged; train again."
        ) from None


def recorded_choice(out: Path) -> Choice:
    """Return which channel, plane and data set a training was started with."""
    folder = begun_folder(out)
    return Choice() if folder is None else read_record(folder).movie.choice

"""One recording: finished already, resumed, or begun. Runs in whatever process it is sent to."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.comparison.windows import read_trials
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.left_out import Trials
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.open import open_movie
from napari_sparsevar.movie.registration.shifts import Wanted
from napari_sparsevar.run.record import RunRecord
from napari_sparsevar.run.replacement import recover_run
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.run_movie import is_movie_of
from napari_sparsevar.run.store import is_run_directory
from napari_sparsevar.training.analysing import is_cut_short
from napari_sparsevar.training.apply import apply_run
from napari_sparsevar.training.checkpoint import has_checkpoint
from napari_sparsevar.training.events import Failed, Finished, TrainingEvent
from napari_sparsevar.training.train import train


class _LeftOut(TypedDict):
    bad_frames: str | None
    ignore: Path | None
    trials: Trials | None
    register: Wanted | None
    by_channel: int | None


def analyse_recording(
    recording: Recording, out: Path, device: str = "auto", threads: int | None = None
) -> Outcome:
    """Make the run directory ``out / recording.name``, or what is missing of it.

    Nothing is raised: what goes wrong is in the outcome.
    """
    waiting = Outcome.waiting(recording, out)
    try:
        place = out / recording.name
        recover_run(place)
        movie = open_movie(
            recording.movie,
            fps=recording.fps,
            pixel_size_um=recording.pixel_size_um,
            **asdict(recording.choice),
        )
        record = read_record(place) if is_run_directory(place) else None
        if record is not None and record.status == "finished" and not has_checkpoint(place):
            _check_same(recording, movie, record, place)
            if not is_cut_short(place):
                return waiting.finished(record, skipped=True)
        for event in _events(recording, movie, place, record, device, threads):
            if isinstance(event, Failed):
                return waiting.failed(event.message, event.details)
            if isinstance(event, Finished):
                return waiting.finished(read_record(place))
        return waiting.failed("It ended without a result: run the batch again.")
    except UserError as error:
        return waiting.failed(str(error))
    except Exception as error:  # noqa: BLE001 - the other recordings go on
        said = f"{type(error).__name__}: {error}"
        return waiting.failed(said, traceback.format_exc())


def _events(
    recording: Recording,
    movie: Movie,
    place: Path,
    record: RunRecord | None,
    device: str,
    threads: int | None,
) -> Iterator[TrainingEvent]:
    left_out: _LeftOut = {
        "bad_frames": recording.bad_frames,
        "ignore": recording.mask,
        "trials": None
        if recording.trials is None
        else read_trials(recording.trials, movie.fps, movie.times),
        "register": None if recording.registration == "none" else recording.registration,
        "by_channel": recording.by_channel,
    }
    if recording.apply_from is not None:
        run = recording.apply_from
        return apply_run(
            run,
            movie,
            out=place,
            device=device,
            threads=threads,
            covariates=recording.covariates,
            **left_out,
        )
    resume = has_checkpoint(place) or is_cut_short(place)
    if resume:  # with what it began with
        return train(
            movie,
            recording.configuration(),
            out=place,
            device=device,
            resume=True,
            threads=threads,
        )
    return train(
        movie,
        recording.configuration(),
        out=place,
        device=device,
        # What was killed before its first checkpoint has nothing to lose.
        overwrite=record is not None,
        threads=threads,
        covariates=recording.covariates,
        **left_out,
    )


def _check_same(recording: Recording, movie: Movie, record: RunRecord, place: Path) -> None:
    """Refuse to pass off a run as the one the list asks for."""
    advice = "remove it, or give the recording another name"
    if not is_movie_of(record.movie, movie):
        raise UserError(f"The run {place} is of another movie: {advice}.")
    if (recording.apply_from is not None) != (record.parent is not None):
        raise UserError(f"The run {place} was not made as the list says: {advice}.")
    if recording.apply_from is not None:
        parent = read_record(recording.apply_from)
        if record.parent is not None and parent.created != record.parent.created:
            raise UserError(f"The run {place} has its network from another run: {advice}.")
    elif record.configuration != recording.configuration().model_dump():
        raise UserError(f"The run {place} was made with other settings: {advice}.")

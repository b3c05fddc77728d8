"""A trained network on another movie of the same kind: only the VAR is fitted anew."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt
import torch
from pydantic import PositiveInt, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.covariates.keeping import covariate_records
from napari_sparsevar.cells.covariates.reading import CovariateSource, covariates_of
from napari_sparsevar.cells.covariates.samples import Frames
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.left_out import FrameList, PixelMask, Trials, leaving_out
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.shifts import Wanted
from napari_sparsevar.run.covariates import write_covariates
from napari_sparsevar.run.left_out import write_left_out
from napari_sparsevar.run.record import MovieIdentity, ParentRun, RunRecord
from napari_sparsevar.run.registration import write_shifts
from napari_sparsevar.run.run import Run, load_run, read_record
from napari_sparsevar.run.store import MODEL, is_run_directory, write_record
from napari_sparsevar.training.analysing import analysis_of, is_cut_short, outcome, resumed
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.device import peak_memory_mb
from napari_sparsevar.training.events import (
    Applying,
    Finished,
    Notice,
    TrainingEvent,
    ValidationLoss,
)
from napari_sparsevar.training.failures import Events, failing, reported
from napari_sparsevar.training.finish import Metrics, publish_map
from napari_sparsevar.training.preparation import Prepared, beside
from napari_sparsevar.training.registering import preparing
from napari_sparsevar.training.run_folder import EventLog, RunFolder, prepare_folder

_SAME = 0.02
"""Relative difference up to which a pixel size or a frame rate is the same."""
_MUCH_WORSE = 1.25


@failing
@checked
def apply_run(
    run: Run | Path | str,
    movie: Movie,
    *,
    out: Path | str,
    device: str = "auto",
    overwrite: bool = False,
    control: TrainingControl | None = None,
    threads: PositiveInt | None = None,
    until: Stage = "all",
    covariates: CovariateSource | None = None,
    good: npt.ArrayLike | None = None,
    bad_frames: FrameList | None = None,
    ignore: PixelMask | None = None,
    trials: Trials | None = None,
    register: Wanted | None = "auto",
    by_channel: int | None = None,
) -> Iterator[TrainingEvent]:
    """Apply the network of a run to another movie and write a run directory of it.

    Static images, mean and noise are those of the new movie; the sparse VAR is fitted to it and
    everything read out anew, as after a training. The network stays as it is. Nothing is raised:
    the last event is ``Finished`` or ``Failed``.

    Parameters
    ----------
    run : Run, Path or str
        The run, or its directory.
    movie : Movie
        Of the same kind: cells of the same size in pixels, the same indicator and frame rate. Its
        field of view may have another shape.
    out : Path or str
        The run directory to write. An existing one is left alone unless ``overwrite``, but for what
        is left of an application that was killed, and for one whose analysis was cut short, which
        goes on.
    device : str
        As in ``train``.
    overwrite : bool
        Replace the run in ``out`` once the new one is complete.
    control : TrainingControl, optional
        Pause, continue and stop the analysis from another thread.
    threads : int, optional
        CPU threads of torch meanwhile; all cores where None.
    until : {"map", "drivers", "stability", "all"}
        As in ``train``.
    covariates : path, DataFrame, dict of arrays, array (T,) or (T, c), or a list of these, optional
        What was recorded beside this movie, as in ``train``; those of the run are of its own.
    good, bad_frames, ignore, trials : optional
        What is left out of the movie, and its trials, as in ``train``.
    register : {"auto", "rigid", "piecewise"}, optional
    by_channel : int, optional
        As in ``train``.

    Yields
    ------
    TrainingEvent
        ``Applying``, then as ``train`` does after its last step.
    """

    def work(where: torch.device) -> Events:
        began = time.perf_counter()
        parent = run if isinstance(run, Run) else load_run(run)
        if not overwrite and _was_cut_short(Path(out), parent):
            yield from resumed(movie, Path(out), until, control or TrainingControl())
            return
        frames = Frames.of_movie(movie)
        brought = None if covariates is None else covariates_of(covariates, frames)
        again = overwrite or _was_killed(Path(out))
        with prepare_folder(Path(out), resume=False, overwrite=again) as folder:
            chosen = leaving_out(
                movie, good=good, bad_frames=bad_frames, ignore=ignore, trials=trials
            )
            steering = control or TrainingControl()
            prepared = yield from preparing(
                chosen, _settings(parent), where, register, by_channel, steering
            )
            if prepared is None:
                yield Finished("stopped", None, 0, time.perf_counter() - began, peak_memory_mb())
                return
            prepared = beside(prepared, brought)
            yield from _Application(parent, prepared, folder, where).run(steering, until, began)

    return reported(work, Path(out), device, threads)


@dataclass
class _Application:
    """One application from the first look at the movie to the finished run directory."""

    parent: Run
    prepared: Prepared
    folder: RunFolder
    device: torch.device

    @property
    def movie(self) -> Movie:
        """As it is applied to."""
        return self.prepared.frames.movie

    def run(self, control: TrainingControl, until: Stage, began: float) -> Events:
        """Do it all."""
        prepared = self.prepared
        _load_weights(self.parent.path, prepared)
        loss, _ = prepared.trainer.validate()
        record = self._record(loss["total"])
        log = EventLog(self.folder.working)
        write_covariates(self.folder.working, prepared.covariates)
        write_left_out(self.folder.working, self.movie.left_out)
        write_shifts(self.folder.working, self.movie)
        write_record(self.folder.working, record)
        yield from log.keeping(self._opening(record, loss))
        metrics: Metrics = {
            "reason": "applied",
            "steps": 0,
            "best_step": 0,
            "best_validation_loss": loss["total"],
        }
        yield from publish_map(self.folder, prepared, record, log, metrics)
        yield from analysis_of(self.folder.out, until, control, self.movie)
        yield outcome(self.folder.out, time.perf_counter() - began)

    def _record(self, loss: float) -> RunRecord:
        parent = self.parent.record
        return RunRecord(
            movie=MovieIdentity.of(self.movie, self.folder.out),
            configuration=parent.configuration,
            network=parent.network,
            device=str(self.device),
            parent=ParentRun(
                path=str(self.parent.path.absolute()),
                created=parent.created,
                movie=parent.movie.name,
                content=parent.movie.content,
            ),
            covariates=covariate_records(self.prepared.covariates),
            notices=(*self.prepared.notices, *_differences(self.parent, self.prepared, loss)),
        )

    def _opening(self, record: RunRecord, loss: dict[str, float]) -> Events:
        yield Applying(
            str(self.device),
            self.parent.path,
            self.movie.n_frames,
            self.movie.shape,
            self.prepared.grid.latent_shape,
        )
        for sentence in record.notices:
            yield Notice(sentence)
        yield ValidationLoss(0, loss, True)


def _settings(parent: Run) -> TrainConfig:
    """Return the settings of a run, with the numbers its ``auto`` became."""
    record = parent.record
    try:
        config = TrainConfig.model_validate(record.configuration)
    except ValidationError as error:
        raise UserError(
            f"The settings in the record of {parent.path} are damaged: train it again."
        ) from error
    return config.model_copy(update={"model": record.network})


def _was_killed(out: Path) -> bool:
    """Return whether an application to this folder was killed before it was complete."""
    if not is_run_directory(out):
        return False
    record = read_record(out)
    return record.parent is not None and record.status != "finished"


def _was_cut_short(out: Path, parent: Run) -> bool:
    """Return whether an application of the same run lies here whose analysis is not complete."""
    if not is_cut_short(out):
        return False
    made_from = read_record(out).parent
    return made_from is not None and made_from.created == parent.record.created


def _load_weights(run: Path, prepared: Prepared) -> None:
    trainer = prepared.trainer
    try:
        weights = load_file(run / MODEL, device=str(trainer.batcher.device))
        trainer.network.load_state_dict(weights)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise UserError(
            f"The network in {run / MODEL} cannot be used: train the run again."
        ) from error


def _differences(parent: Run, prepared: Prepared, loss: float) -> tuple[str, ...]:
    """Return what speaks against this network for this movie."""
    movie, found = prepared.frames.movie, []
    pairs = {
        "pixels of {} um": (movie.pixel_size_um, parent.pixel_size_um),
        "a frame rate of {} Hz": (movie.fps, parent.fps),
    }
    for words, (ours, theirs) in pairs.items():
        if ours and theirs and not math.isclose(ours, theirs, rel_tol=_SAME):
            found.append(
                f"The movie has {words.format(f'{ours:g}')}, that of the run "
                f"{words.format(f'{theirs:g}')}: train anew if cells or events look different."
            )
    before = parent.record.metrics.get("best_validation_loss")
    if isinstance(before, float) and loss > _MUCH_WORSE * before:
        found.append(
            f"The network fits this movie worse than its own (loss {loss:.3g} on held-out frames "
            f"instead of {before:.3g}): train anew if you can."
        )
    return tuple(found)

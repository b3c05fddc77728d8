"""Train on a movie: a generator of typed events that ends with a run directory."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy.typing as npt
import torch
from pydantic import PositiveInt

from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.covariates.keeping import covariate_records
from napari_sparsevar.cells.covariates.reading import CovariateSource, covariates_of
from napari_sparsevar.cells.covariates.samples import Frames
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.left_out import FrameList, PixelMask, Trials, leaving_out
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.registration.shifts import Wanted
from napari_sparsevar.run.covariates import read_covariates, write_covariates
from napari_sparsevar.run.left_out import with_left_out, write_left_out
from napari_sparsevar.run.record import MovieIdentity, RunRecord
from napari_sparsevar.run.registration import as_run_has_it, write_shifts
from napari_sparsevar.run.run import read_record
from napari_sparsevar.run.store import write_record
from napari_sparsevar.training.analysing import analysis_of, is_cut_short, outcome, resumed
from napari_sparsevar.training.checkpoint import (
    has_checkpoint,
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.device import peak_memory_mb
from napari_sparsevar.training.events import (
    Finished,
    Notice,
    Started,
    StopReason,
    TrainingEvent,
)
from napari_sparsevar.training.failures import Events, failing, reported
from napari_sparsevar.training.finish import TO_THE_MAP, Metrics, publish_map, work_of
from napari_sparsevar.training.loop import run_steps
from napari_sparsevar.training.pace import Pace
from napari_sparsevar.training.preparation import Prepared, beside
from napari_sparsevar.training.registering import preparing
from napari_sparsevar.training.run_folder import EventLog, RunFolder, prepare_folder


@failing
@checked
def train(
    movie: Movie,
    config: TrainConfig,
    *,
    out: Path | str,
    device: str = "auto",
    resume: bool = False,
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
    """Train the network on a movie, write a run directory and analyse it.

    The run can be opened as soon as its contribution map is known (``ResultsReady``); the rest of
    the analysis adds to it. Nothing is raised: the last event is ``Finished`` or ``Failed``.
    Closing the generator early ends the training and gives its memory back; the last checkpoint
    stays.

    Parameters
    ----------
    movie : Movie
    config : TrainConfig
    out : Path or str
        The run directory. An existing one is left alone unless ``resume`` or ``overwrite``.
    device : str
        ``auto`` (CUDA, then MPS, then CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
    resume : bool
        Continue the killed or stopped training in ``out``, to the same result as without the break
        (CPU, same settings); of a run whose analysis was cut short, the analysis.
    overwrite : bool
        Replace the run in ``out`` once the new one is complete.
    control : TrainingControl, optional
        Pause, continue and stop from another thread.
    threads : int, optional
        CPU threads of torch while training; all cores where None.
    until : {"map", "drivers", "stability", "all"}
        How far to analyse; ``resume`` goes on from there.
    covariates : path, DataFrame, dict of arrays, array (T,) or (T, c), or a list of these, optional
        What was recorded beside the movie (speed, stimuli, pupil): as in ``fit_traces``. It is kept
        in the run and taken out in its analysis, of its cells and where windows are compared; the
        network is trained without it.
    good : array of bool, shape (T,), optional
        The frames that are used; no others are looked for that stand out.
    bad_frames : str, path or array, optional
        Frames that are not used, besides those that are found: ``"100-120, 300"`` (from 0, ends
        included), a file (``bad_frames.npy`` of suite2p, CSV), or an array. ``"none"``: all are
        used that hold numbers.
    ignore : path or array (Y, X), optional
        Mask of the pixels, above 0, that do not count.
    trials : sequence of (start, stop), optional
        Frames, stop exclusive: nothing is foretold from one trial to the next, in training,
        analysis and tests alike, and frames of no trial are not used.
    register : {"auto", "rigid", "piecewise"}, optional
        Hold the field of view still first, as ``sv.register`` does: ``auto`` as a whole, where it
        moves by a pixel or more; not at all where None. The shifts are kept in the run: its movie
        is held still by them whenever it is opened again.
    by_channel : int, optional
        The channel of the movie's file that its motion is estimated on, with ``auto`` also where
        it does not seem to move; its own where None.

    Yields
    ------
    TrainingEvent
    """
    control = control or TrainingControl()

    def work(where: torch.device) -> Events:
        if resume and covariates is not None:
            raise UserError(
                f"The covariates of {out} are those that it began with: leave them out to resume "
                "(--covariates)."
            )
        if resume and register not in (None, "auto"):
            raise UserError(
                f"{out} goes on with the shifts that it began with: leave registration out to "
                "resume (--register)."
            )
        if resume and any(each is not None for each in (good, bad_frames, ignore, trials)):
            raise UserError(
                f"What is left out of {out} is what it began without: leave it out to resume "
                "(--bad-frames, --mask, --trials)."
            )
        chosen = leaving_out(movie, good=good, bad_frames=bad_frames, ignore=ignore, trials=trials)
        frames = Frames.of_movie(movie)
        brought = None if covariates is None else covariates_of(covariates, frames)
        if resume and is_only_to_analyse(Path(out)):
            _check_settings(config, read_record(Path(out)), Path(out))
            yield from resumed(movie, Path(out), until, control)
            return
        with prepare_folder(Path(out), resume=resume, overwrite=overwrite) as folder:
            training = _Training(chosen, config, folder, where, control, until, brought)
            yield from training.run(resume, register, by_channel)

    return reported(work, Path(out), device, threads)


def is_only_to_analyse(out: Path) -> bool:
    """Return whether all steps of the training of a run are done, and its analysis is not."""
    return not has_checkpoint(out) and is_cut_short(out)


def _check_settings(config: TrainConfig, record: RunRecord, out: Path) -> None:
    # What a version before did not know of has its default.
    if {**TrainConfig().model_dump(), **record.configuration} != config.model_dump():
        raise UserError(f"The settings differ from those of {out}: use the same.")


@dataclass
class _Training:
    """One training from the first look at the movie to the finished run directory."""

    movie: Movie
    config: TrainConfig
    folder: RunFolder
    device: torch.device
    control: TrainingControl
    until: Stage
    covariates: Covariates | None = None

    def run(self, resume: bool, register: Wanted | None, by_channel: int | None) -> Events:
        """Do it all."""
        began = time.perf_counter()
        if resume:
            self.movie = as_run_has_it(self.movie, self.folder.working)
            self.movie = with_left_out(self.movie, self.folder.working)
            register = None
        prepared = yield from preparing(
            self.movie, self.config, self.device, register, by_channel, self.control
        )
        if prepared is None:
            yield Finished("stopped", None, 0, time.perf_counter() - began, peak_memory_mb())
            return
        self.movie = prepared.frames.movie
        prepared = beside(prepared, self._covariates(resume))
        record = self._record(prepared, resume)
        log = EventLog(self.folder.working)
        if resume:
            load_checkpoint(self.folder.working, prepared.trainer)
            log.load(prepared.trainer.step)
        else:  # a stopped run stays readable while it is continued
            write_covariates(self.folder.working, prepared.covariates)
            write_left_out(self.folder.working, self.movie.left_out)
            write_shifts(self.folder.working, self.movie)
            write_record(self.folder.working, record)
        yield from log.keeping(self._opening(prepared))
        reason = yield from log.keeping(self._steps(prepared, log))
        if prepared.trainer.step == 0:
            self.folder.discard()
            yield Finished(reason, None, 0, time.perf_counter() - began, peak_memory_mb())
            return
        yield from self._conclude(prepared, record, log, reason, began)

    def _covariates(self, resume: bool) -> Covariates | None:
        """Return what was brought, or what a training that goes on began with."""
        working = self.folder.working
        return read_covariates(working, read_record(working)) if resume else self.covariates

    def _record(self, prepared: Prepared, resume: bool) -> RunRecord:
        record = RunRecord(
            movie=MovieIdentity.of(self.movie, self.folder.out),
            configuration=self.config.model_dump(),
            network=prepared.config.model,
            device=str(self.device),
            notices=prepared.notices,
            covariates=covariate_records(prepared.covariates),
        )
        if resume:
            earlier = read_record(self.folder.working)
            _check_settings(self.config, earlier, self.folder.out)
            if earlier.movie.content != record.movie.content:
                raise UserError(f"The movie differs from that of the run {self.folder.out}.")
            record = record.model_copy(update={"created": earlier.created})
        return record

    def _opening(self, prepared: Prepared) -> Events:
        trainer = prepared.trainer
        yield Started(
            str(self.device),
            self.config.steps,
            self.movie.n_frames,
            self.movie.shape,
            prepared.grid.latent_shape,
            trainer.step,
        )
        for sentence in prepared.notices:
            yield Notice(sentence)

    def _steps(
        self, prepared: Prepared, log: EventLog
    ) -> Generator[TrainingEvent, None, StopReason]:
        trainer, working = prepared.trainer, self.folder.working

        def save() -> Path:
            log.write_losses()
            return save_checkpoint(working, trainer)

        afterwards = Pace.read().seconds(TO_THE_MAP, work_of(prepared))
        return run_steps(trainer, self.control, save, afterwards)

    def _conclude(
        self,
        prepared: Prepared,
        record: RunRecord,
        log: EventLog,
        reason: StopReason,
        began: float,
    ) -> Events:
        trainer = prepared.trainer
        save_checkpoint(self.folder.working, trainer)
        trainer.keep_best()
        trainer.optimiser.zero_grad(set_to_none=True)
        metrics: Metrics = {
            "reason": reason,
            "steps": trainer.step,
            "best_step": trainer.best_step,
            "best_validation_loss": trainer.best_loss,
        }
        yield from publish_map(self.folder, prepared, record, log, metrics)
        if reason != "stopped":  # not before: a kill while publishing leaves a run to resume
            remove_checkpoint(self.folder.out)
        else:
            self.control.stopped()
        yield from analysis_of(self.folder.out, self.until, self.control, self.movie)
        yield outcome(self.folder.out, time.perf_counter() - began, reason)

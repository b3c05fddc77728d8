"""Train on a movie: a generator of typed events that ends with a run directory."""

from __future__ import annotations

import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from napari_sparsevar.analysis.encoding import scratch_latents
from napari_sparsevar.analysis.record import MovieIdentity, RunRecord
from napari_sparsevar.analysis.results import Results, analyse
from napari_sparsevar.analysis.run import read_record
from napari_sparsevar.analysis.significance import cautions
from napari_sparsevar.analysis.store import MODEL, write_record, write_results, write_tensors
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.files import explain
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.training.checkpoint import (
    load_checkpoint,
    remove_checkpoint,
    save_checkpoint,
)
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.device import give_memory_back, peak_memory_mb, resolve_device
from napari_sparsevar.training.events import (
    Failed,
    Finished,
    Notice,
    Progress,
    Started,
    StopReason,
    TrainingEvent,
)
from napari_sparsevar.training.loop import run_steps
from napari_sparsevar.training.preparation import Prepared, prepare
from napari_sparsevar.training.run_folder import EventLog, RunFolder, prepare_folder

Events = Generator[TrainingEvent, None, None]


def train(
    movie: Movie,
    config: TrainConfig,
    *,
    out: Path | str,
    device: str = "auto",
    resume: bool = False,
    overwrite: bool = False,
    control: TrainingControl | None = None,
    threads: int | None = None,
) -> Iterator[TrainingEvent]:
    """Train the network on a movie and write a run directory.

    Nothing is raised: the last event is ``Finished`` or ``Failed``. Closing the generator early
    ends the training and gives its memory back; the last checkpoint stays.

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
        (CPU, same settings).
    overwrite : bool
        Replace the run in ``out`` once the new one is complete.
    control : TrainingControl, optional
        Pause, continue and stop from another thread.
    threads : int, optional
        CPU threads of torch while training; all cores where None.

    Yields
    ------
    TrainingEvent
    """
    before = torch.get_num_threads()
    try:
        where = resolve_device(device)
    except UserError as error:
        yield Failed(str(error))
        return
    try:
        torch.set_num_threads(threads or before)
        folder = prepare_folder(Path(out), resume=resume, overwrite=overwrite)
        training = _Training(movie, config, folder, where, control or TrainingControl())
        try:
            yield from training.run(resume)
        finally:
            folder.release()
    except UserError as error:
        yield Failed(str(error))
    except torch.OutOfMemoryError:
        yield Failed(
            f"The memory of {where} does not suffice even for the smallest batch: "
            "close other programs, choose a smaller crop or train on the CPU."
        )
    except FloatingPointError as error:
        yield Failed(f"The training diverged ({error}): lower the learning rate.")
    except MemoryError:
        yield Failed(
            "The memory of this computer does not suffice: close other programs or crop the movie."
        )
    except OSError as error:
        place = error.filename or Path(out)
        yield Failed(f"The training cannot go on because of {place}: {explain(error)}.")
    except Exception as error:  # noqa: BLE001 - a failure is an event, see ``Failed``
        yield Failed(
            f"The training failed: {type(error).__name__}: {error}", traceback.format_exc()
        )
    finally:
        torch.set_num_threads(before)
        give_memory_back(where)


@dataclass
class _Training:
    """One training from the first look at the movie to the finished run directory."""

    movie: Movie
    config: TrainConfig
    folder: RunFolder
    device: torch.device
    control: TrainingControl

    def run(self, resume: bool) -> Events:
        """Do it all."""
        began = time.perf_counter()
        yield Progress("prepare", 0.0, "Reading the movie")
        prepared = prepare(self.movie, self.config, self.device)
        record = self._record(prepared, resume)
        log = EventLog(self.folder.working)
        if resume:
            load_checkpoint(self.folder.working, prepared.trainer)
            log.load(prepared.trainer.step)
        else:  # a stopped run stays readable while it is continued
            write_record(self.folder.working, record)
        for event in self._opening(prepared):
            log.add(event)
            yield event
        reason = yield from self._steps(prepared, log)
        if prepared.trainer.step == 0:
            self.folder.discard()
            yield Finished(reason, None, 0, time.perf_counter() - began, peak_memory_mb())
            return
        yield from self._conclude(prepared, record, log, reason, began)

    def _record(self, prepared: Prepared, resume: bool) -> RunRecord:
        record = RunRecord(
            movie=MovieIdentity.of(self.movie, self.folder.out),
            configuration=self.config.model_dump(),
            network=prepared.config.model,
            device=str(self.device),
            notices=prepared.notices,
        )
        if resume:
            earlier = read_record(self.folder.working)
            if earlier.configuration != record.configuration:
                raise UserError(
                    f"The settings differ from those of {self.folder.out}: use the same."
                )
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

        steps = run_steps(trainer, self.control, save)
        while True:
            try:
                event = next(steps)
            except StopIteration as finished:
                reason: StopReason = finished.value
                return reason
            log.add(event)
            yield event

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
        with scratch_latents(self.folder.working) as file:
            results = yield from self._analysed(prepared, file)
            for sentence in cautions(results.drivers, results.significance):
                yield Notice(sentence)
            seconds = time.perf_counter() - began
            self._write(prepared, record, results, log, reason, seconds)
        path = self.folder.publish()
        if reason != "stopped":  # not before: a kill while publishing leaves a run to resume
            remove_checkpoint(path)
        yield Finished(reason, path, trainer.step, seconds, peak_memory_mb())

    def _analysed(self, prepared: Prepared, file: Path) -> Generator[TrainingEvent, None, Results]:
        network = prepared.trainer.network.eval()
        analysis = analyse(network, prepared.frames, prepared.grid, prepared.static, file)
        while True:
            try:
                fraction, message = next(analysis)
            except StopIteration as finished:
                results: Results = finished.value
                return results
            yield Progress("analyse", fraction, message)

    def _write(
        self,
        prepared: Prepared,
        record: RunRecord,
        results: Results,
        log: EventLog,
        reason: StopReason,
        seconds: float,
    ) -> None:
        working, trainer = self.folder.working, prepared.trainer
        log.write_losses()
        write_tensors(working / MODEL, trainer.weights())
        write_results(working, results, self.movie.pixel_size_um)
        metrics: dict[str, float | int | str | None] = {
            "reason": reason,
            "steps": trainer.step,
            "best_step": trainer.best_step,
            "best_validation_loss": trainer.best_loss,
            "penalty": results.fitted.penalty,
            "drivers": len(results.drivers.table),
            "edges": len(results.edges),
            "bad_frames": prepared.report.n_bad,
            "saturated_fraction": prepared.report.saturated_fraction,
            "seconds": round(seconds, 2),
            "peak_memory_mb": round(peak_memory_mb(), 1),
        }
        notices = (*record.notices, *cautions(results.drivers, results.significance))
        update = {"status": "finished", "metrics": metrics, "notices": notices}
        write_record(working, record.model_copy(update=update))

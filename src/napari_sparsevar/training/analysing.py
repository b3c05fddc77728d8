"""A run's analysis, stage by stage: each is on disk before the next begins."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import torch

from napari_sparsevar.analysis.analyse import next_stage
from napari_sparsevar.analysis.evidence.found_cells import FoundCells
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.analysis.stages import STAGES, Stage, is_known
from napari_sparsevar.disk.lock import FolderLock
from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.progress import Step, WithResult, moved
from napari_sparsevar.run.found_cells import finding_cells
from napari_sparsevar.run.left_out import with_left_out
from napari_sparsevar.run.record import RunRecord, content_of
from napari_sparsevar.run.registration import as_run_has_it
from napari_sparsevar.run.run import Run, load_run, read_record
from napari_sparsevar.run.run_movie import RunMovie, open_run_movie
from napari_sparsevar.run.store import is_run_directory, write_record, write_stage
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.device import peak_memory_mb
from napari_sparsevar.training.events import (
    Finished,
    Progress,
    ResultsReady,
    StopReason,
    TrainingEvent,
)
from napari_sparsevar.training.failures import Events, reported
from napari_sparsevar.training.pace import Pace, Work

_CELLS = 0.3
"""Share of the test of places that finding and testing cells takes, about."""


def complete_run(
    path: Path | str,
    *,
    until: Stage = "all",
    control: TrainingControl | None = None,
    threads: int | None = None,
) -> Events:
    """Go on with the analysis of a run where it was left.

    Without its movie no cells are found in it, and places are tested alone.

    Nothing is raised: the last event is ``Finished`` or ``Failed``.

    Parameters
    ----------
    path : Path or str
        The run directory.
    until : {"map", "drivers", "stability", "all"}
    control : TrainingControl, optional
        Pause, continue and stop from another thread. What is complete is kept.
    threads : int, optional
        CPU threads of torch meanwhile; all cores where None.

    Yields
    ------
    TrainingEvent
    """

    def work(_: torch.device) -> Events:
        began = time.perf_counter()
        yield from analysis_of(Path(path), until, control or TrainingControl())
        yield outcome(Path(path), time.perf_counter() - began)

    yield from reported(work, Path(path), "cpu", threads)


def resumed(movie: Movie, out: Path, until: Stage, control: TrainingControl) -> Events:
    """Go on with the analysis of a run of a movie.

    Raises
    ------
    UserError
        If the run is of another movie.
    """
    began = time.perf_counter()
    if read_record(out).movie.content != content_of(movie):
        raise UserError(f"The movie differs from that of the run {out}.")
    yield from analysis_of(out, until, control, movie)
    yield outcome(out, time.perf_counter() - began)


def is_cut_short(path: Path) -> bool:
    """Return whether a folder is a run whose analysis has not come to its end."""
    if not is_run_directory(path):
        return False
    record = read_record(path)
    return record.status == "finished" and record.stage != STAGES[-1]


def analysis_of(
    path: Path, until: Stage, control: TrainingControl, movie: Movie | None = None
) -> Events:
    """Do the stages a run lacks and write each when it is known; end early if asked to stop.

    Parameters
    ----------
    path : Path
    until : {"map", "drivers", "stability", "all"}
    control : TrainingControl
    movie : Movie, optional
        That of the run, where it is open already.
    """
    lock = FolderLock(path)
    try:
        run = load_run(path)
        results, record = run.results, run.record
        pace, work = Pace.read(), work_of(run)
        while not control.stop_requested and not is_known(until, results.stage):
            steps = _next(replace(run, results=results), movie)
            found = yield from _stage(steps, results.stage, pace, work, until, control)
            if found is None:
                return
            results = found
            write_stage(path, results, record.movie.pixel_size_um, record.movie.stack)
            record = with_results(record, results)
            write_record(path, record)
            yield ResultsReady(results.stage, path)
    finally:
        lock.release()


def _next(run: Run, movie: Movie | None) -> Generator[Step, None, Results]:
    """Carry the analysis on by one stage; find the cells of the movie before places are tested."""
    if run.results.stage != "map" or not run.record.configuration.get("find_cells", True):
        return (yield from next_stage(run.results))
    opened = open_run_movie(run.path, run.record.movie) if movie is None else RunMovie(movie)
    if opened.movie is None or opened.notice:  # gone, or another one
        cells = FoundCells.none(f"No cell was tested beside the places. {opened.notice}")
    else:
        known = with_left_out(as_run_has_it(opened.movie, run.path), run.path)
        cells = yield from moved(finding_cells(run, known), 0.0, _CELLS)
    return (yield from moved(next_stage(run.results, cells), _CELLS, 1.0))


def _stage(
    steps: Generator[Step, None, Results],
    reached: Stage,
    pace: Pace,
    work: Work,
    until: Stage,
    control: TrainingControl,
) -> Generator[TrainingEvent, None, Results | None]:
    """Carry the analysis on by one stage; None where it was stopped in it."""
    first = STAGES.index(reached) + 1
    stages = STAGES[first : STAGES.index(until) + 1]
    began = time.perf_counter()
    parts = WithResult(steps)
    for fraction, message in parts:
        if control.stop_requested:
            return None
        while control.wait_while_paused():
            yield Progress("analyse", fraction, "Paused")
        left = pace.left(stages, work, fraction, time.perf_counter() - began)
        yield Progress("analyse", _share(stages, fraction, pace, work), message, left)
    pace.took(stages[0], work, time.perf_counter() - began)
    return parts.result


def _share(stages: tuple[Stage, ...], fraction: float, pace: Pace, work: Work) -> float:
    """Return the share of the whole analysis that is done, by the time its stages take."""
    whole = pace.seconds(STAGES[1:], work)
    return 1.0 - (pace.seconds(stages, work) - fraction * pace.seconds(stages[:1], work)) / whole


def work_of(run: Run) -> Work:
    """Return how much there is to do for a run."""
    grid = run.results.grid
    n_pixels = grid.shape[0] * grid.shape[1]
    return Work(len(run.results.good), n_pixels, grid.size, run.record.network.lags)


def with_results(record: RunRecord, results: Results) -> RunRecord:
    """Return the record of a run with what its analysis has found so far."""
    found = {
        "penalty": results.fitted.penalty,
        "drivers": len(results.drivers.table) if results.significance.tested else None,
        "candidates": len(results.candidates.table),
        "edges": results.fitted.n_edges,
    }
    metrics = {**record.metrics, **found}
    return record.model_copy(update={"stage": results.stage, "metrics": metrics})


def outcome(path: Path, seconds: float, reason: StopReason | None = None) -> Finished:
    """Return how a run came out, and keep the seconds it took in its record."""
    record = read_record(path)
    spent = record.metrics.get("seconds")
    whole = round(seconds + (spent if isinstance(spent, float) else 0.0), 2)
    memory = peak_memory_mb()
    metrics = {**record.metrics, "seconds": whole, "peak_memory_mb": round(memory, 1)}
    write_record(path, record.model_copy(update={"metrics": metrics}))
    steps = record.metrics.get("steps")
    kept = record.metrics.get("reason")
    said: StopReason = reason or ("stopped" if kept == "stopped" else "completed")
    return Finished(said, path, int(steps or 0), seconds, memory, record.stage)

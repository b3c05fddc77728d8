"""From a trained network to the first results of its run directory."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import torch

from napari_sparsevar.analysis.analyse import first_map
from napari_sparsevar.analysis.bursts import burst_share
from napari_sparsevar.analysis.covariates.covariates import known_frames
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.disk.contents import write_tensors
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.movie.inspection.late_look import LateLook, late_sentences
from napari_sparsevar.progress import WithResult
from napari_sparsevar.run.kept_latents import busiest, in_planes, kept_columns, kept_grid
from napari_sparsevar.run.latent_events import read_as_events
from napari_sparsevar.run.latents import Float32Array, encode_movie, scratch_latents
from napari_sparsevar.run.record import RunRecord
from napari_sparsevar.run.store import MODEL, write_record, write_stage
from napari_sparsevar.training.analysing import with_results
from napari_sparsevar.training.events import Notice, Progress, ResultsReady, TrainingEvent
from napari_sparsevar.training.pace import Pace, Part, Work
from napari_sparsevar.training.preparation import Prepared
from napari_sparsevar.training.run_folder import EventLog, RunFolder

TO_THE_MAP: tuple[Part, ...] = ("encoding", "map")
"""What follows the last step until there is something to look at."""

Metrics = dict[str, float | int | str | None]


def mapped(
    prepared: Prepared, file: Path | None = None, events_file: Path | None = None
) -> Generator[TrainingEvent, None, Results]:
    """Encode the movie of a trainer with its network and draw the contribution map.

    The latents, and the events behind them, lie in files, if there are any, from where
    ``publish_map`` moves them.
    """
    pace, work = Pace.read(), work_of(prepared)
    network, frames = prepared.trainer.network.eval(), prepared.frames
    frames.watch = late = _late_look(prepared)
    began = time.perf_counter()
    encoding = WithResult(encode_movie(network, frames, prepared.grid, prepared.static, file))
    for fraction in encoding:
        left = pace.left(TO_THE_MAP, work, fraction, time.perf_counter() - began)
        yield Progress("encode", fraction, "Encoding the movie", left)
    pace.took("encoding", work, time.perf_counter() - began)
    frames.release()
    trim_heap()
    if late is not None:
        frames.good = frames.good & ~late.bad()
    latents, grid = _analysed(encoding.result, prepared, file)
    inside = torch.from_numpy(frames.inside).to(prepared.static)
    footprints = sparse_footprints(network, grid, prepared.static, inside)
    beside = prepared.covariates
    starts = frames.movie.jumps
    began = time.perf_counter()
    activity = LatentActivity(latents, frames.good, grid, network.config, beside, starts)
    activity = read_as_events(activity, events_file)
    if beside is not None:
        activity = replace(activity, good=known_frames(beside, frames.good, starts)[0])
    fitting = WithResult(first_map(activity, footprints, frames.mean, frames.noise))
    for fraction, message in fitting:
        left = pace.left(TO_THE_MAP[1:], work, fraction, time.perf_counter() - began)
        yield Progress("encode", 1.0, message, left)
    pace.took("map", work, time.perf_counter() - began)
    return fitting.result


def _analysed(
    latents: Float32Array, prepared: Prepared, file: Path | None
) -> tuple[Float32Array, LatentGrid]:
    """Return the latents that are analysed, in ``file`` in place of all, and where they lie."""
    frames, grid = prepared.frames, prepared.grid
    series = Series(latents, torch.from_numpy(frames.good), tuple(frames.movie.jumps))
    among = in_planes(grid, frames.movie.stack)
    kept = busiest(series, grid, prepared.config.model.n_analysed(len(among)), among)
    if len(kept) == grid.size:
        return latents, grid
    return kept_columns(series, kept, file), kept_grid(grid, kept)


def _late_look(prepared: Prepared) -> LateLook | None:
    """Return what looks at the frames that were not looked at before the training."""
    movie, report = prepared.frames.movie, prepared.report
    wanted = movie.left_out is None or movie.left_out.find
    return LateLook(movie) if wanted and report.n_checked < movie.n_frames else None


def work_of(prepared: Prepared) -> Work:
    """Return how much there will be to analyse."""
    height, width = prepared.grid.shape
    movie = prepared.frames.movie
    n_frames = movie.n_frames
    model, n_places = prepared.config.model, len(in_planes(prepared.grid, movie.stack))
    return Work(n_frames, height * width, model.n_analysed(n_places), model.lags)


def publish_map(
    folder: RunFolder, prepared: Prepared, record: RunRecord, log: EventLog, metrics: Metrics
) -> Generator[TrainingEvent, None, None]:
    """Draw the contribution map, write the run so far and put it in its place.

    The rest of the analysis reads the run from there, whether it follows at once or another day.
    """
    with scratch_latents(folder.working) as file, scratch_latents(folder.working) as events_file:
        results = yield from mapped(prepared, file, events_file)
        left_out = ~prepared.frames.good
        said = late_sentences(left_out & ~prepared.report.bad)
        yield from map(Notice, said)
        log.write_losses()
        write_tensors(folder.working / MODEL, prepared.trainer.weights())
        write_stage(folder.working, results, record.movie.pixel_size_um, record.movie.stack)
        known: Metrics = {
            **metrics,
            "bad_frames": int(left_out.sum()),
            "ignored_pixels": int(prepared.report.ignored.sum()),
            "saturated_fraction": prepared.report.saturated_fraction,
            "largest_shift_px": round(prepared.motion.largest, 2),
            "burst_share": round(burst_share(results.activity), 4),
        }
        finished = record.model_copy(
            update={"status": "finished", "metrics": known, "notices": (*record.notices, *said)}
        )
        write_record(folder.working, with_results(finished, results))
    folder.publish()
    folder.lock.release()  # whoever goes on with the analysis takes it again
    yield ResultsReady("map", folder.out)

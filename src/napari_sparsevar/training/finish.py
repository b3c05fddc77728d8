"""From a trained network to the files of its run directory."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

from napari_sparsevar.analysis.heap import trim_heap
from napari_sparsevar.analysis.maps.footprints import sparse_footprints
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.analysis.maps.tested_drivers import cautions
from napari_sparsevar.analysis.results import Results, analyse
from napari_sparsevar.progress import WithResult, stage
from napari_sparsevar.run.latents import encode_movie, scratch_latents
from napari_sparsevar.run.record import RunRecord
from napari_sparsevar.run.store import MODEL, write_record, write_results, write_tensors
from napari_sparsevar.training.device import peak_memory_mb
from napari_sparsevar.training.events import Notice, Progress, TrainingEvent
from napari_sparsevar.training.preparation import Prepared
from napari_sparsevar.training.run_folder import EventLog, RunFolder

_ENCODED = 0.4
"""Share of the time that encoding the movie takes."""

Metrics = dict[str, float | int | str | None]


def analysed(
    prepared: Prepared, file: Path | None = None
) -> Generator[TrainingEvent, None, Results]:
    """Read out what the network of a trainer says of its movie; return it.

    The latents lie in ``file``, if there is one, from where ``write_run`` moves them.
    """
    network, frames, grid = prepared.trainer.network.eval(), prepared.frames, prepared.grid
    work = encode_movie(network, frames, grid, prepared.static, file)
    encoding = WithResult(stage(work, 0.0, _ENCODED, "Encoding"))
    for fraction, message in encoding:
        yield Progress("analyse", fraction, message)
    frames.release()
    trim_heap()
    footprints = sparse_footprints(network, grid, prepared.static)
    activity = LatentActivity(encoding.result, frames.good, grid, network.config)
    analysis = WithResult(analyse(activity, footprints, frames.mean, frames.noise))
    for fraction, message in analysis:
        yield Progress("analyse", _ENCODED + (1.0 - _ENCODED) * fraction, message)
    results = analysis.result
    for sentence in cautions(results.drivers, results.significance):
        yield Notice(sentence)
    return results


def finish(
    folder: RunFolder,
    prepared: Prepared,
    record: RunRecord,
    log: EventLog,
    metrics: Metrics,
    began: float,
) -> Generator[TrainingEvent, None, float]:
    """Read out the network, write the run and put it in its place; return the seconds of it all.

    ``began`` is when the work did, by ``time.perf_counter``.
    """
    with scratch_latents(folder.working) as file:
        results = yield from analysed(prepared, file)
        log.write_losses()
        seconds = time.perf_counter() - began
        write_run(folder.working, prepared, record, results, metrics, seconds)
    folder.publish()
    return seconds


def write_run(
    folder: Path,
    prepared: Prepared,
    record: RunRecord,
    results: Results,
    metrics: Metrics,
    seconds: float,
) -> None:
    """Write all results, and at last the record that says they are complete."""
    write_tensors(folder / MODEL, prepared.trainer.weights())
    write_results(folder, results, record.movie.pixel_size_um)
    found: Metrics = {
        **metrics,
        "penalty": results.fitted.penalty,
        "drivers": len(results.drivers.table),
        "edges": len(results.edges),
        "bad_frames": prepared.report.n_bad,
        "saturated_fraction": prepared.report.saturated_fraction,
        "seconds": round(seconds, 2),
        "peak_memory_mb": round(peak_memory_mb(), 1),
    }
    notices = (*record.notices, *cautions(results.drivers, results.significance))
    update = {"status": "finished", "metrics": found, "notices": notices}
    write_record(folder, record.model_copy(update=update))

"""From a trained network to the files of its run directory."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from napari_sparsevar.analysis.evidence.significance import cautions
from napari_sparsevar.analysis.results import Results, analyse
from napari_sparsevar.progress import WithResult
from napari_sparsevar.run.record import RunRecord
from napari_sparsevar.run.store import MODEL, write_record, write_results, write_tensors
from napari_sparsevar.training.device import peak_memory_mb
from napari_sparsevar.training.events import Notice, Progress, TrainingEvent
from napari_sparsevar.training.preparation import Prepared

Metrics = dict[str, float | int | str | None]


def analysed(prepared: Prepared, file: Path) -> Generator[TrainingEvent, None, Results]:
    """Read out what the network of a trainer says of its movie; return it.

    The latents lie in ``file``, from where ``write_outcome`` moves them.
    """
    network = prepared.trainer.network.eval()
    analysis = WithResult(analyse(network, prepared.frames, prepared.grid, prepared.static, file))
    for fraction, message in analysis:
        yield Progress("analyse", fraction, message)
    results = analysis.result
    for sentence in cautions(results.drivers, results.significance):
        yield Notice(sentence)
    return results


def write_outcome(
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

"""A whole batch: recordings in, outcomes as they come, a table that is always up to date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import PositiveInt

from napari_sparsevar.arguments import checked
from napari_sparsevar.batch.listing import Recording, read_list
from napari_sparsevar.batch.local import run_locally
from napari_sparsevar.batch.outcome import Outcome, write_outcomes
from napari_sparsevar.disk.files import explain, replacing
from napari_sparsevar.errors import UserError
from napari_sparsevar.training.control import TrainingControl


@checked
def run_batch(
    recordings: Sequence[Recording] | Path | str,
    *,
    out: Path | str,
    jobs: PositiveInt = 1,
    scheduler: str | None = None,
    device: str = "auto",
    control: TrainingControl | None = None,
) -> Iterator[Outcome]:
    """Analyse many recordings and keep a table of the results.

    What is finished is skipped and what was cut is resumed, so calling it again goes on where it
    was. A recording that fails does not stop the others.

    Parameters
    ----------
    recordings : sequence of Recording, Path or str
        Or the CSV file that lists them, see ``read_list``.
    out : Path or str
        A folder for one run directory a recording, ``results.csv`` and, of what failed in a way
        that was not foreseen, ``NAME.error.log``.
    jobs : int
        Processes at a time on this computer.
    scheduler : str, optional
        Address of a dask.distributed scheduler whose workers do it instead.
    device : str
        As in ``train``.
    control : TrainingControl, optional
        Stop from another thread: what is at work on this computer is ended, and goes on the next
        time.

    Yields
    ------
    Outcome
        Of each recording as it ends.

    Raises
    ------
    UserError
        If the list or the folder cannot be used, or the scheduler does not answer.
    """
    listed = read_list(recordings) if isinstance(recordings, Path | str) else tuple(recordings)
    folder = Path(out).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot use the folder {folder}: {explain(error)}.") from error
    known = {one.name: Outcome.waiting(one, folder) for one in listed}
    if scheduler is None:
        write_outcomes(folder, known)
        work = run_locally(listed, folder, jobs=jobs, device=device, control=control)
    else:
        from napari_sparsevar.batch.cluster import run_on_cluster

        work = run_on_cluster(listed, folder, scheduler, device=device)
    # What an earlier batch found stays until a cluster has answered.
    for outcome in work:
        known[outcome.name] = outcome
        _keep_details(folder, outcome)
        write_outcomes(folder, known)
        yield outcome


def _keep_details(folder: Path, outcome: Outcome) -> None:
    log = folder / f"{outcome.name}.error.log"
    if outcome.details:
        with replacing(log, overwrite=True) as path:
            path.write_text(outcome.details, encoding="utf-8")
    else:
        log.unlink(missing_ok=True)

"""Recordings on the workers of a dask.distributed scheduler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_sparsevar.batch.listing import Recording
from napari_sparsevar.batch.outcome import Outcome
from napari_sparsevar.batch.work import analyse_recording
from napari_sparsevar.errors import UserError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = "15s"
_CARD = "GPU"
"""What dask calls the resource of workers that have a graphics card."""


def run_on_cluster(
    recordings: Sequence[Recording], out: Path, scheduler: str, *, device: str = "auto"
) -> Iterator[Outcome]:
    """Yield the outcome of each recording as it ends.

    A recording whose worker dies is given to another one, which resumes it. All workers must see
    the movies and ``out`` under the same paths. Of ``cuda`` a recording takes one resource ``GPU``
    where workers tell that they have it, so that no two share a card.

    Raises
    ------
    UserError
        If dask.distributed is missing or the scheduler does not answer.
    """
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise UserError(
            "A scheduler needs dask.distributed, which is not installed: "
            "pip install 'napari-sparsevar[batch]'."
        ) from error
    try:
        client = Client(  # type: ignore[no-untyped-call]
            scheduler, timeout=_PATIENCE, set_as_default=False
        )
    except (OSError, ValueError) as error:
        raise UserError(
            f"No scheduler answers at {scheduler} ({error}): check the address."
        ) from error
    with client:
        needs = _needs(client, device)
        tasks = {
            client.submit(
                analyse_recording, recording, out, device, pure=False, resources=needs
            ): recording
            for recording in recordings
        }
        with client.as_current():
            ended = as_completed(tasks)  # type: ignore[no-untyped-call]
        for done in ended:
            waiting = Outcome.waiting(tasks[done], out)
            if done.status == "finished":
                yield done.result()
            else:
                wrong = done.exception() if done.status == "error" else None
                said = f"{type(wrong).__name__}: {wrong}" if wrong else "it was cancelled"
                yield waiting.failed(
                    f"The cluster gave it up ({said}): run the batch again to go on with it."
                )


def _needs(client: Client, device: str) -> dict[str, int] | None:
    """Return what a worker must have free for a recording."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    told = any(worker.get("resources", {}).get(_CARD) for worker in workers)
    return {_CARD: 1} if told and device.startswith("cuda") else None

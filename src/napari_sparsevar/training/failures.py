"""What goes wrong in a training or an application, as its last event."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from pathlib import Path
from typing import ParamSpec

import torch

from napari_sparsevar.disk.files import explain
from napari_sparsevar.errors import UserError
from napari_sparsevar.training.device import give_memory_back, resolve_device
from napari_sparsevar.training.events import Failed, TrainingEvent

P = ParamSpec("P")
Events = Generator[TrainingEvent, None, None]


def failing(begin: Callable[P, Iterator[TrainingEvent]]) -> Callable[P, Iterator[TrainingEvent]]:
    """Make what refuses its arguments end with ``Failed``, as all that goes wrong later does."""

    @wraps(begin)
    def events(*args: P.args, **kwargs: P.kwargs) -> Iterator[TrainingEvent]:
        try:
            return begin(*args, **kwargs)
        except UserError as error:
            return (event for event in (Failed(str(error)),))

    return events


def reported(
    work: Callable[[torch.device], Events], out: Path, device: str, threads: int | None
) -> Iterator[TrainingEvent]:
    """Yield the events of a work; whatever it raises becomes a ``Failed``, its last event.

    Parameters
    ----------
    work : callable
        Begins the work on a device.
    out : Path
        What it writes, to be named.
    device : str
        As in ``train``; its memory is given back at the end.
    threads : int or None
        CPU threads of torch meanwhile; as before where None.
    """
    try:
        where = resolve_device(device)
    except UserError as error:
        yield Failed(str(error))
        return
    before = torch.get_num_threads()
    try:
        if threads is not None:
            torch.set_num_threads(threads)
        yield from work(where)
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
        place = error.filename or out
        yield Failed(f"The training cannot go on because of {place}: {explain(error)}.")
    except Exception as error:  # noqa: BLE001 - a failure is an event, see ``Failed``
        yield Failed(
            f"The training failed: {type(error).__name__}: {error}", traceback.format_exc()
        )
    finally:
        if threads is not None:  # another training may be at work, and have set its own
            torch.set_num_threads(before)
        give_memory_back(where)

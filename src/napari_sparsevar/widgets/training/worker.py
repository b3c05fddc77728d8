"""A training in napari's worker thread: events out, nothing else, and nothing escapes.

napari's generator workers swallow ``RuntimeError`` (CUDA out-of-memory is one) without telling
anybody, so every error becomes a ``Failed`` event here, inside the generator.
"""

from __future__ import annotations

import os
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject, Slot

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers import Placement
from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.control import TrainingControl
from napari_sparsevar.training.events import Failed, Finished, Progress, StepLoss
from napari_sparsevar.widgets.layers.run_opening import library_load_run

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

MIN_INTERVAL_S = 0.05
"""Shortest time between two deliveries to the event loop: at most 20 a second."""


@dataclass(frozen=True, eq=False)
class TrainingRequest:
    """Everything a training needs, fixed before it starts; no widget and no layer in it.

    Parameters
    ----------
    movie : Movie
        The frames, opened independently of the layer.
    config : TrainConfig
        Settings.
    out : pathlib.Path
        The run directory to write.
    device : str
        As in ``train``.
    placement : Placement
        Where the movie layer lay when the training started.
    """

    movie: Movie
    config: TrainConfig
    out: Path
    device: str
    placement: Placement


@dataclass(frozen=True, eq=False)
class RunReady:
    """The finished run, loaded in the worker so that the viewer does not wait for the disk."""

    run: Run
    finished: Finished


def library_train(request: TrainingRequest, control: TrainingControl) -> Iterator[Any]:
    """Start the library's generator; imported here because torch takes seconds to load."""
    from napari_sparsevar.training.train import train

    return train(
        request.movie,
        request.config,
        out=request.out,
        device=request.device,
        control=control,
        threads=max(1, (os.cpu_count() or 2) - 1),  # one core stays with the screen
    )


def training_stream(
    request: TrainingRequest, control: TrainingControl, abandoned: threading.Event
) -> Iterator[tuple[Any, ...]]:
    """Yield the events of a training in batches, at most 20 a second, none ever dropped.

    The last batch ends with ``RunReady`` (``Finished`` where there is no run) or ``Failed``, unless
    the training was abandoned.
    """
    batches = _Batches()
    events: Iterator[Any] = iter(())
    try:
        events = library_train(request, control)
        for event in events:
            if abandoned.is_set():
                return
            if isinstance(event, Finished):
                yield batches.with_last(event, *_loaded(event))
                return
            if isinstance(event, Failed):
                yield batches.with_last(event)
                return
            if batches.add(event):
                yield batches.take()
        yield batches.with_last(Failed("The training ended without a result; please report this."))
    except UserError as error:
        yield batches.with_last(Failed(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever it was, the viewer must learn of it
        yield batches.with_last(Failed(_sentence(error), traceback.format_exc()))
    finally:
        # Closing the generator is what gives memory back, also when the viewer has gone.
        getattr(events, "close", lambda: None)()


def _loaded(event: Finished) -> tuple[RunReady, ...]:
    # Stopped before its first step, a training leaves no run.
    return () if event.path is None else (RunReady(library_load_run(event.path), event),)


def _sentence(error: Exception) -> str:
    said = " ".join(str(error).split())[:300]
    return f"The training failed: {type(error).__name__}{f': {said}' if said else ''}."


class _Batches:
    """Collects events until it is time to deliver them."""

    def __init__(self) -> None:
        self._waiting: list[Any] = []
        self._delivered = -MIN_INTERVAL_S
        self._phase = ""

    def add(self, event: Any) -> bool:
        """Keep the event and return whether the batch should be delivered now."""
        self._waiting.append(event)
        return self._urgent(event) or time.monotonic() - self._delivered >= MIN_INTERVAL_S

    def take(self) -> tuple[Any, ...]:
        """Return what waits."""
        batch, self._waiting = tuple(self._waiting), []
        self._delivered = time.monotonic()
        return batch

    def with_last(self, *events: Any) -> tuple[Any, ...]:
        """Return what waits and the last events."""
        self._waiting.extend(events)
        return self.take()

    def _urgent(self, event: Any) -> bool:
        if isinstance(event, StepLoss):
            return False
        if isinstance(event, Progress):
            before, self._phase = self._phase, event.phase
            return before != event.phase
        return True


class TrainingWorker(GeneratorWorker):
    """napari's generator worker that also stops the training when it is asked to quit.

    napari asks when the window closes; without this a paused training would wait for ever.
    """

    def __init__(
        self,
        func: Callable[..., Iterator[tuple[Any, ...]]],
        request: TrainingRequest,
        control: TrainingControl,
    ) -> None:
        self._control = control
        self._abandoned = threading.Event()
        self._warned_of: set[tuple[type, str]] = set()
        super().__init__(func, request, control, self._abandoned)

    def quit(self) -> None:
        """End the training after the current step, without a result."""
        self._abandoned.set()
        self._control.stop()
        super().quit()

    def work(self) -> Any:
        """Run the training; each distinct warning is relayed once."""
        relay = warnings.showwarning
        warnings.showwarning = lambda *shown, **_: self._relay_once(relay, *shown)
        try:
            return super().work()
        finally:
            self._gen.close()

    def _relay_warning(self, shown: tuple[Any, ...]) -> None:
        # ``TrainingThread`` shows warnings; with PyQt6 napari's own relay is never connected.
        pass

    def _relay_once(self, relay: Callable[..., Any], *shown: Any) -> None:
        key = (shown[1], str(shown[0]))
        if key not in self._warned_of:
            self._warned_of.add(key)
            relay(*shown)


class TrainingThread(QObject):
    """One training in its thread, seen from the main thread.

    Parameters
    ----------
    request : TrainingRequest
        What to train.
    deliver : callable
        Called in the main thread with each event.
    ended : callable
        Called in the main thread when the thread is done, with nothing.
    """

    def __init__(
        self,
        request: TrainingRequest,
        deliver: Callable[[Any], None],
        ended: Callable[[], None],
    ) -> None:
        super().__init__()
        self.control = TrainingControl()
        self._deliver = deliver
        self._ended = ended
        self._worker = create_worker(
            training_stream,
            request,
            self.control,
            _worker_class=TrainingWorker,
            _start_thread=False,
        )
        # Slots of a QObject of the main thread: Qt queues the calls there on every binding.
        self._worker.yielded.connect(self._on_yielded)
        self._worker.finished.connect(self._on_finished)
        self._worker.warned.connect(self._on_warned)

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def abandon(self) -> None:
        """End without a result, after the current step."""
        self._worker.quit()

    @Slot(object)
    def _on_yielded(self, batch: tuple[Any, ...]) -> None:
        for event in batch:
            self._deliver(event)

    @Slot()
    def _on_finished(self) -> None:
        self._ended()

    @Slot(tuple)
    def _on_warned(self, shown: tuple[Any, ...]) -> None:
        notification_manager.receive_warning(*shown)

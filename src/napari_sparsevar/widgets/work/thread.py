"""Work beside the screen: a generator in a thread, its news in the main thread, nothing lost."""

from __future__ import annotations

import contextlib
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from napari.qt.threading import GeneratorWorker, create_worker
from qtpy.QtCore import QObject, QThreadPool, Slot

from napari_sparsevar.errors import UserError


@dataclass(frozen=True)
class Failure:
    """Work that ended with an error.

    Parameters
    ----------
    sentence : str
        What went wrong, for a person.
    details : str
        The traceback; empty where a person can mend it.
    """

    sentence: str
    details: str = ""


Make = Callable[[], Iterator[Any]]

_LEAST_THREADS = 8
"""Qt starts as many threads as there are cores: on two, a training and one reading of the movie
would keep every answer waiting."""


def guarded(make: Make, abandoned: threading.Event, what: str) -> Iterator[Any]:
    """Yield what the generator yields, and a ``Failure`` in place of any error.

    napari's generator workers swallow ``RuntimeError`` without telling anybody, so no error may
    reach them.

    Parameters
    ----------
    make : callable
        Makes the generator, in the thread.
    abandoned : threading.Event
        Ends the work without another word.
    what : str
        Its name at the beginning of a sentence, for example ``The comparison``.
    """
    work: Iterator[Any] = iter(())
    try:
        work = make()
        for news in work:
            if abandoned.is_set():
                return
            yield news
    except UserError as error:
        yield Failure(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, the viewer must learn of it
        said = " ".join(str(error).split())[:300]
        sentence = f"{what} failed: {type(error).__name__}{f': {said}' if said else ''}."
        yield Failure(sentence, traceback.format_exc())
    finally:
        # Closing the generator is what stops the work and gives its memory back.
        getattr(work, "close", lambda: None)()


class _Worker(GeneratorWorker):
    """napari's generator worker without its hold on Python's warnings.

    That hold is of the whole process: two workers that overlap would restore each other's.
    """

    def __init__(self, make: Make, what: str) -> None:
        self._abandoned = threading.Event()
        super().__init__(guarded, make, self._abandoned, what)

    def quit(self) -> None:
        """End the work at its next news; napari asks when the window closes."""
        self._abandoned.set()
        super().quit()

    def run(self) -> None:
        """Work, and say when it is done."""
        self.started.emit()
        self._running = True
        try:
            self.work()
        finally:
            self._gen.close()
            self._running = False
            # napari may have ended meanwhile: Qt has deleted the signals, nobody is left to tell.
            with contextlib.suppress(RuntimeError):
                self.finished.emit()
                self._finished.emit(self)


class Background(QObject):
    """One piece of work in its thread, seen from the main thread.

    Parameters
    ----------
    make : callable
        Makes the generator, in the thread.
    deliver : callable
        Called in the main thread with all that it yields; with a ``Failure`` if it fails.
    ended : callable
        Called in the main thread when the thread is done, with nothing.
    what : str
        Name of the work at the beginning of a sentence.
    listed : bool
        Whether napari lists it among its tasks and asks before the window closes.
    """

    def __init__(
        self,
        make: Make,
        deliver: Callable[[Any], None],
        ended: Callable[[], None],
        *,
        what: str,
        listed: bool = False,
    ) -> None:
        super().__init__()
        self._deliver = deliver
        self._ended = ended
        self._dropped = False
        if listed:
            self._worker = create_worker(make, what, _worker_class=_Worker, _start_thread=False)
        else:
            self._worker = _Worker(make, what)
        # Slots of a QObject of the main thread: Qt queues the calls there on every binding.
        self._worker.yielded.connect(self._on_yielded)
        self._worker.finished.connect(self._on_finished)

    def start(self) -> None:
        """Start the thread."""
        pool = QThreadPool.globalInstance()
        assert pool is not None
        pool.setMaxThreadCount(max(pool.maxThreadCount(), _LEAST_THREADS))
        self._worker.start()

    def abandon(self) -> None:
        """End at the next news; what is on its way still arrives."""
        self._worker.quit()

    def drop(self) -> None:
        """End, and deliver nothing more: something else has taken its place."""
        self._dropped = True
        self._worker.quit()

    @Slot(object)
    def _on_yielded(self, news: Any) -> None:
        if not self._dropped:
            self._deliver(news)

    @Slot()
    def _on_finished(self) -> None:
        if not self._dropped:
            self._ended()

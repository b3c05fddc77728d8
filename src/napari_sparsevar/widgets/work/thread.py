"""Work beside the screen: a generator in a thread, its news in the main thread, nothing lost."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from napari.qt.threading import GeneratorWorker, create_worker
from qtpy.QtCore import QObject, QThreadPool, Slot

from napari_sparsevar.widgets.work.failure import Failure

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
    except Exception as error:  # noqa: BLE001 - whatever it was, the viewer must learn of it
        yield Failure.of(error, what)
    finally:
        # Closing the generator is what stops the work and gives its memory back.
        getattr(work, "close", lambda: None)()


class _Worker(GeneratorWorker):
    """napari's generator worker without its hold on Python's warnings.

    That hold is of the whole process: two workers that overlap would restore each other's. napari
    itself shows each warning once.
    """

    def __init__(self, make: Make, what: str, hurry: Callable[[], None]) -> None:
        self._abandoned = threading.Event()
        self._hurry = hurry
        super().__init__(guarded, make, self._abandoned, what)

    def quit(self) -> None:
        """End the work at its next news; napari asks when the window closes."""
        self._abandoned.set()
        self._hurry()
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
    hurry : callable, optional
        Called when the work is asked to end, for work that may wait long before its next news.
    """

    def __init__(
        self,
        make: Make,
        deliver: Callable[[Any], None],
        ended: Callable[[], None],
        *,
        what: str,
        listed: bool = False,
        hurry: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._deliver = deliver
        self._ended = ended
        self._dropped = False
        if listed:
            self._worker = create_worker(
                make, what, hurry, _worker_class=_Worker, _start_thread=False
            )
        else:
            self._worker = _Worker(make, what, hurry)
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

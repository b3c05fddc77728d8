"""Pause, continue and stop a running training from another thread."""

from __future__ import annotations

import threading

_MOMENT_S = 0.1


class TrainingControl:
    """Switches the training looks at after every step, and the analysis between two parts.

    Safe to use from any thread: the viewer's buttons set, the training reads.
    """

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._running = threading.Event()
        self._running.set()

    @property
    def stop_requested(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    @property
    def paused(self) -> bool:
        """Whether the training should wait."""
        return not self._running.is_set() and not self._stop.is_set()

    def pause(self) -> None:
        """Ask the training to wait after the current step."""
        self._running.clear()

    def resume(self) -> None:
        """Let a paused training go on."""
        self._running.set()

    def stop(self) -> None:
        """Ask the training to end after the current step and keep the best model so far."""
        self._stop.set()
        self._running.set()

    def stopped(self) -> None:
        """Take note that what was asked to stop has ended: the next is stopped by another call."""
        self._stop.clear()

    def wait_while_paused(self) -> bool:
        """Wait for a moment; return whether the training is still paused."""
        self._running.wait(_MOMENT_S)
        return self.paused

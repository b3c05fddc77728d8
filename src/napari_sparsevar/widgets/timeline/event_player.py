"""Plays the stretch around the next event of a place with the frame slider."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from qtpy.QtCore import QElapsedTimer, Qt, QTimer

from napari_sparsevar.widgets.layers.frames import Frames

BEFORE_S, AFTER_S = 1.0, 2.0
UNKNOWN_FPS = 15.0
"""Frames a second where nobody knows."""

MOST_STEPS_PER_S = 30.0


class EventPlayer:
    """Moves the slider, as fast as the movie was taken; frames are skipped where need be.

    It stops when somebody else moves the slider, and when the window closes.
    """

    def __init__(self) -> None:
        self._viewer: weakref.ref[ViewerModel] | None = None
        self._frames: Frames | None = None
        self._target = self._first = self._last = 0
        self._moving = False
        self._clock = QElapsedTimer()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)

    @property
    def playing(self) -> bool:
        """Whether it moves the slider now."""
        return self._timer.isActive()

    def play_next(
        self, viewer: ViewerModel, frames: Frames, events: npt.NDArray[np.integer]
    ) -> None:
        """Play from a second before the next event until two seconds after it; then stop.

        Parameters
        ----------
        viewer : napari.Viewer
            Held weakly.
        frames : Frames
            Its time axis.
        events : ndarray of int
            Frames in ascending order. The first after the frame shown is played, or, while one is
            being played, the one after that; after the last the first.
        """
        now = self._target if self.playing else frames.shown(viewer)
        self.stop()
        if not len(events):
            return
        later = events[events > now]
        self._target = int(later[0] if len(later) else events[0])
        fps = frames.fps or UNKNOWN_FPS
        self._frames = frames
        # At least a frame to either side, however slow the movie.
        self._first = frames.nearest(self._target - max(1.0, BEFORE_S * fps))
        self._last = frames.nearest(self._target + max(1.0, AFTER_S * fps))
        self._viewer = weakref.ref(viewer)
        viewer.dims.events.point.connect(self._on_slider)
        self._show(self._first)
        self._clock.start()
        self._timer.start(max(1, round(1000 / min(fps, MOST_STEPS_PER_S))))

    def stop(self) -> None:
        """Leave the slider where it is."""
        self._timer.stop()
        viewer = None if self._viewer is None else self._viewer()
        if viewer is not None:
            viewer.dims.events.point.disconnect(self._on_slider)
        self._viewer = None

    def _step(self) -> None:
        fps = (self._frames and self._frames.fps) or UNKNOWN_FPS
        frame = self._first + int(self._clock.elapsed() / 1000 * fps)
        self._show(min(frame, self._last))
        if frame >= self._last:
            self.stop()

    def _show(self, frame: int) -> None:
        viewer = None if self._viewer is None else self._viewer()
        if viewer is None or self._frames is None:
            self.stop()
            return
        self._moving = True
        try:
            self._frames.show(viewer, frame)
        except RuntimeError:  # the window has been closed: its model outlives it
            self.stop()
        finally:
            self._moving = False

    def _on_slider(self, *_: Any) -> None:
        if not self._moving:
            self.stop()

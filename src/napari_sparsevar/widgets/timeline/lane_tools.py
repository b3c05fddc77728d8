"""What a person does with the lanes: mark bad frames, open stimuli, make windows of events."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QObject, Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QFileDialog,
    QInputDialog,
    QMenu,
    QPushButton,
    QShortcut,
    QWidget,
)

from napari_sparsevar.comparison.windows import Piece
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.comparing.windows import MarkedWindows, united
from napari_sparsevar.widgets.layers.painted_frames import PaintedFrames
from napari_sparsevar.widgets.parts.table import there
from napari_sparsevar.widgets.timeline.beside import Beside, Opened
from napari_sparsevar.widgets.timeline.known_lanes import Known, known_of, lanes_of
from napari_sparsevar.widgets.timeline.lanes import Lane
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    from napari_sparsevar.movie.movie import Movie
    from napari_sparsevar.run.run import Run

FILES = "Stimuli, behaviour or trials (*.csv *.tsv *.txt *.parquet *.npy *.nwb);;All files (*)"
SECONDS, FRAMES = 2.0, 10
"""After each event, in a window of it; frames where there is no frame rate."""


class LaneTools(QObject):
    """A button to mark bad frames, one to take a mark back, and a menu.

    Attributes
    ----------
    painting : Signal of bool
        Whether dragging marks frames from now on.
    buttons : tuple of QPushButton
        To be laid out by the dock.
    known : Known
        What is known of the movie on show.
    """

    painting = Signal(bool)

    def __init__(
        self, painted: PaintedFrames, beside: Beside, windows: MarkedWindows, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._painted, self._beside, self._windows = painted, beside, windows
        self._movie: Movie | None = None
        self.known = Known(np.zeros(0, bool))
        self.paint = QPushButton("Bad frames")
        self.paint.setCheckable(True)
        self.paint.setToolTip(
            "<qt>Drag on the timeline to mark frames that do not count; hold Shift to use frames "
            "again. The next training leaves out what is marked.</qt>"
        )
        self.undo = QPushButton("Undo")
        self.undo.setToolTip("<qt>Take the last mark of bad frames back (Ctrl+Z).</qt>")
        self.more = QPushButton("Stimuli")
        self.more.setToolTip(
            "<qt>Open what was recorded beside the movie, or mark windows at its events.</qt>"
        )
        self.menu = QMenu(self.more)
        self.more.setMenu(self.menu)
        self.buttons = (self.paint, self.undo, self.more)
        self.menu.aboutToShow.connect(self._fill_menu)
        self.paint.toggled.connect(self._on_paint)
        self.undo.clicked.connect(painted.undo)
        self._on_paint(on=False)

    def be_brief(self, brief: bool) -> None:
        """Take little room: the menu has all there is."""
        self.paint.setHidden(brief)
        self.more.setText("More" if brief else "Stimuli")

    def listen_for_undo(self, where: QWidget) -> None:
        """Take marks back with Ctrl+Z in a widget."""
        keys = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), where)
        keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        keys.activated.connect(self._painted.undo)

    def look(self, run: Run | None, movie: Movie | None) -> list[Lane]:
        """Return the lanes of a movie and its run."""
        self._movie = movie
        self.known = known_of(run, movie, self._beside)
        self.paint.setEnabled(movie is not None)
        self.more.setEnabled(movie is not None)
        self.undo.setEnabled(self._painted.can_undo)
        fits = len(self._painted.bad) == len(self.known.found)
        return lanes_of(self.known, self._painted) if fits else []

    def mark(self, start: int, stop: int, *, bad: bool) -> None:
        """Mark frames as bad, or as good again."""
        self._painted.mark(start, stop, self.known.found, bad=bad)

    def open(self, path: Path) -> None:
        """Open what was recorded beside the movie."""
        if self._movie is not None:
            self._beside.open(path, self._movie)

    def mark_events(self, name: str, length: float) -> None:
        """Mark two windows: what follows each event of a stimulus, and all the rest.

        Parameters
        ----------
        name : str
            Of the stimulus.
        length : float
            In seconds, or in frames where there is no frame rate.
        """
        movie = self._movie
        if movie is None:
            return
        after = max(2, round(length * (movie.fps or 1.0)))
        inside, rest = event_windows(self.known.events[name], after, movie.n_frames)
        with refusals_shown():
            if not inside or not rest:
                raise UserError(
                    f"The events of {name} leave no two windows: choose a shorter time."
                )
            for label, pieces in ((name, inside), (f"no {name}", rest)):
                if label in self._windows:
                    self._windows.replace(label, pieces)
                else:
                    self._windows.add(pieces, label)

    def _on_paint(self, on: bool) -> None:
        self.undo.setVisible(on)
        self.painting.emit(on)

    def _fill_menu(self) -> None:
        self.menu.clear()
        if self.paint.isHidden():
            self._offer("Mark bad frames", self.paint.click)
        self._offer("Open stimuli, behaviour or trials…", self._ask_file)
        for name in self.known.events:
            self._offer(f"Mark windows after each “{name}”…", partial(self._ask_length, name))
        if self._beside.opened != Opened():
            self._offer("Show what was opened no more", self._beside.forget)

    def _offer(self, words: str, act: Callable[[], None]) -> None:
        there(self.menu.addAction(words)).triggered.connect(lambda *_: act())

    def _ask_file(self) -> None:
        source = None if self._movie is None else self._movie.source
        folder = "" if source is None else str(Path(source).parent)
        chosen, _ = QFileDialog.getOpenFileName(
            self.more, "What was recorded beside?", folder, FILES
        )
        if chosen:
            self.open(Path(chosen))

    def _ask_length(self, name: str) -> None:
        timed = self._movie is not None and self._movie.fps is not None
        unit, first = ("Seconds", SECONDS) if timed else ("Frames", float(FRAMES))
        length, chosen = QInputDialog.getDouble(
            self.more, f"Windows of {name}", f"{unit} after each event:", first, 0.01, 1e6, 2
        )
        if chosen:
            self.mark_events(name, length)


def event_windows(
    onsets: npt.NDArray[np.intp], length: int, n_frames: int
) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return the frames that follow events, and the frames that do not, in pieces of two or more.

    Parameters
    ----------
    onsets : ndarray of int
        Frames of the events.
    length, n_frames : int
    """
    after = [(int(start), min(int(start) + length, n_frames)) for start in onsets]
    inside = united([piece for piece in after if piece[1] - piece[0] > 1])
    edges = [0, *(edge for piece in inside for edge in piece), n_frames]
    rest = zip(edges[::2], edges[1::2], strict=True)
    return inside, tuple((start, stop) for start, stop in rest if stop - start > 1)

"""A remark where the field of view of the chosen movie moves, and a button that holds it still."""

from __future__ import annotations

import weakref
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any

from magicgui.widgets import CheckBox
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.progress import WithResult
from napari_sparsevar.widgets.layers.movies import show_held_still
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.fields import tooltip
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.training.choices import MovieChoice
from napari_sparsevar.widgets.work.one_work import OneWork, Progressed, Report, paced
from napari_sparsevar.widgets.work.panel import WorkPanel

if TYPE_CHECKING:
    from napari_sparsevar.movie.inspection.motion import Motion
    from napari_sparsevar.movie.registration.shifts import Kind, Wanted

REGISTER = (
    "Estimates how far each frame is off, once, and opens the movie held still: frames are moved "
    "when they are read. Train on that; the run keeps the shifts."
)

BEFORE_TRAINING = (
    "Train registers the movie as Register does, before it trains on it. Off: it is trained on as "
    "it moves."
)

IN_PARTS = "As Register, for a field that bends: its parts move by themselves. It takes longer."


class Registration(OneWork):
    """Registers one movie at a time and puts what comes out into the viewer as a layer."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__(
            "The registration",
            working="registering",
            ending="ending",
            ended="Ended: the movie is as it was.",
        )
        self._viewer = weakref.ref(viewer)
        self._layer: weakref.ref[Image] | None = None

    def begin(self, layer: Image, movie: Movie, kind: Kind = "rigid") -> None:
        """Register the movie of a layer; ignored while another one is."""
        if self.state == "idle":
            self._layer = weakref.ref(layer)
            self._begin(partial(_registered, movie, kind))

    def _receive(self, news: Any) -> None:
        if isinstance(news, Movie):
            said = news.notes[-1]
            self._settle(Report(said, 1.0))
            if news.registered is not None:
                self._show(news)
        else:
            super()._receive(news)

    def _show(self, still: Movie) -> None:
        viewer, before = self._viewer(), None if self._layer is None else self._layer()
        if viewer is not None:
            viewer.layers.selection.active = show_held_still(viewer, before, still)


class MotionRemark(QWidget):
    """Hidden unless the field of view of the chosen movie moves.

    Parameters
    ----------
    viewer : ViewerModel
    choice : MovieChoice
    """

    def __init__(self, viewer: ViewerModel, choice: MovieChoice) -> None:
        super().__init__()
        self._choice = choice
        self._moves = False
        self.work = Registration(viewer)
        self.words = wrapped_label()
        self.before_training = CheckBox(
            value=True, text="Train holds it still first", tooltip=tooltip(BEFORE_TRAINING)
        )
        self.in_parts = QPushButton("In parts")
        self.in_parts.setToolTip(f"<qt>{IN_PARTS}</qt>")
        self.panel = WorkPanel(
            self.work, begin="Register", end="Cancel", ending="Ending…", buttons=[self.in_parts]
        )
        self.panel.begin_button.setToolTip(f"<qt>{REGISTER}</qt>")
        in_column(self.words, self.before_training.native, self.panel, inside=self, spacing=4)
        self.panel.begin_button.clicked.connect(lambda: self._begin("rigid"))
        self.in_parts.clicked.connect(lambda: self._begin("piecewise"))
        self.destroyed.connect(self.work.abandon)
        watch(self.work.state_changed, self._on_state, self)
        self.tell(None)

    @property
    def wanted(self) -> Wanted | None:
        """How a training is to hold the movie still."""
        return "auto" if self.before_training.value else None

    def tell(self, motion: Motion | None) -> None:
        """Say how far the chosen movie moves; None where that is not known."""
        self._moves = motion is not None and motion.disturbs
        if motion is not None and self._moves:
            self.words.setText(f"{motion.words}.")
            if self.work.state == "idle":
                self.work.say("")
        self._on_state(self.work.state)

    def _begin(self, kind: Kind) -> None:
        layer, movie = self._choice.layer, self._choice.movie
        if layer is not None and movie is not None:
            self.work.begin(layer, movie, kind)

    def _on_state(self, state: str) -> None:
        self.words.setVisible(self._moves)
        self.before_training.native.setVisible(self._moves)
        self.setVisible(self._moves or state != "idle")
        self.in_parts.setEnabled(state == "idle")


def _registered(movie: Movie, kind: Kind) -> Generator[Progressed | Movie, None, None]:
    from napari_sparsevar.movie.registration.register import registering

    work = WithResult(paced(registering(movie, kind)))
    yield from work
    yield work.result

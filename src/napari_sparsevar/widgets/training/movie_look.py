"""What one looks at before training: the anatomy of the movie, and how large a cell is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.layers.anatomy import Anatomy
from napari_sparsevar.widgets.parts.boxes import in_row
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.training.cell_circle import CellCircle
from napari_sparsevar.widgets.training.choices import MovieChoice
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.movie.inspection.motion import Motion
    from napari_sparsevar.widgets.parts.form import AutoBox

ANATOMY = (
    "Mean, maximum, standard deviation and correlation with the neighbours as layers on the movie, "
    "read once in the background."
)
CIRCLE = (
    "A circle of the cell diameter on the movie: drag it onto a cell and pull its corners until it "
    "fits; the number follows."
)
TYPICAL_PX = 10.0
"""Diameter of the circle where nothing is known."""


class MovieLook(QWidget):
    """Two buttons, and the guess of the cell diameter in its field while that says "auto".

    Attributes
    ----------
    looked : Signal
        Where it may have become known how large a cell is, or unknown.
    motion_found : Signal of Motion or None
        How far the field of view of the chosen movie moves; None where that is not known.
    """

    looked = Signal()
    motion_found = Signal(object)

    def __init__(
        self, viewer: ViewerModel, anatomy: Anatomy, choice: MovieChoice, field: AutoBox
    ) -> None:
        super().__init__()
        self._anatomy, self._choice, self._field = anatomy, choice, field
        self._guessed: float | None = None
        self._guessed_of: tuple[Any, ...] = ()
        self._guessing = Replacing(self._on_news, what="Guessing the cell diameter")
        self.circle = CellCircle(viewer)
        self.anatomy = QPushButton("Anatomy")
        self.anatomy.setToolTip(f"<qt>{ANATOMY}</qt>")
        self.show_cell = QPushButton("Cell size")
        self.show_cell.setCheckable(True)
        self.show_cell.setToolTip(f"<qt>{CIRCLE}</qt>")
        in_row((self.anatomy, 1), (self.show_cell, 1), inside=self)
        self.anatomy.clicked.connect(self._on_anatomy)
        self.show_cell.clicked.connect(self._on_circle)
        self.destroyed.connect(self._guessing.drop)
        choice.changed.connect(self.look)
        field.changed.connect(self._on_number)
        watch(anatomy.busy_changed, self._on_busy, self)
        watch(self.circle.resized, self._on_resized, self)
        watch(self.circle.shown_changed, self._on_shown, self)
        self.look()

    def look(self) -> None:
        """Look at the movie chosen now: guess how large its cells are, where nobody has said."""
        movie = self._choice.movie
        self._on_busy(self._anatomy.busy)
        self.show_cell.setEnabled(movie is not None)
        identity = () if movie is None else (id(self._choice.layer), movie.data.name)
        if identity != self._guessed_of:
            self._guessed, self._guessed_of = None, ()
            self._guessing.drop()
            self.motion_found.emit(None)
            if movie is not None:
                self._guessed_of = identity
                self._guessing.start(partial(_look, movie))
        self._say_guess()

    @property
    def cell_size_known(self) -> bool:
        """Whether somebody gave the cell diameter, or the movie gave it away."""
        return self._field.value != "auto" or self._guessed is not None

    def _on_news(self, news: float | Motion | Failure | None) -> None:
        if isinstance(news, Failure):
            news.log()  # the training says what is wrong with a movie
        elif isinstance(news, float) or news is None:
            self._guessed = news
            self._say_guess()
            self._on_number()
        else:
            self.motion_found.emit(news)

    def _say_guess(self) -> None:
        words = "auto"
        if self._guessed is not None:
            unit = "px" if self._pixel_um is None else "µm"
            words = f"auto: {self._guessed * (self._pixel_um or 1.0):.1f} {unit}"
        self._field.native.setSpecialValueText(words)
        self.looked.emit()

    @property
    def _pixel_um(self) -> float | None:
        movie = self._choice.movie
        return None if movie is None else movie.pixel_size_um

    def _diameter_px(self) -> float:
        if self._field.value == "auto":
            return self._guessed or TYPICAL_PX
        return float(self._field.value) / (self._pixel_um or 1.0)

    def _on_anatomy(self) -> None:
        layer, movie = self._choice.layer, self._choice.movie
        if layer is not None and movie is not None:
            self._anatomy.show(layer, movie)

    def _on_busy(self, busy: bool) -> None:
        self.anatomy.setEnabled(not busy and self._choice.movie is not None)
        self.anatomy.setText("Reading…" if busy else "Anatomy")

    def _on_circle(self, on: bool) -> None:
        layer = self._choice.layer
        if on and layer is not None:
            self.circle.show(layer, self._diameter_px())
        else:
            self.circle.hide()

    def _on_shown(self, shown: bool) -> None:
        self.show_cell.setChecked(shown)

    def _on_number(self, *_: Any) -> None:
        self.circle.set_diameter(self._diameter_px())
        self.looked.emit()

    def _on_resized(self, diameter: float) -> None:
        value = round(diameter * (self._pixel_um or 1.0), 1)
        self._field.value = min(max(value, self._least), self._field.max)

    @property
    def _least(self) -> float:
        """The least diameter; the box has "auto" one step below."""
        return float(self._field.min) + float(10.0 ** -self._field.native.decimals())


def _look(movie: Movie) -> Iterator[float | Motion | None]:
    from napari_sparsevar.movie.inspection.cell_size import guess_cell_diameter
    from napari_sparsevar.movie.inspection.inspect import inspect_movie
    from napari_sparsevar.movie.inspection.motion import find_motion

    report, images = inspect_movie(movie, whole=False)
    guess = guess_cell_diameter(movie, images, report.bad)
    yield None if guess is None else float(guess)
    yield find_motion(movie, images, report.bad)

"""A remark where channels take turns in the chosen movie, and a button that takes them apart."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.widgets.layers.movies import channels_apart
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.training.choices import MovieChoice
from napari_sparsevar.widgets.work.failure import Failure, refusals_shown
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.movie.inspection.turns import Turns


class TurnsRemark(QWidget):
    """Hidden unless images take turns, frame by frame, in the chosen movie."""

    def __init__(self, viewer: ViewerModel, choice: MovieChoice) -> None:
        super().__init__()
        self._viewer, self._choice = weakref.ref(viewer), choice
        self._of: tuple[Any, ...] = ()
        self._period = 1
        self._finding = Replacing(self._on_found, what="Comparing odd and even frames")
        self.words = wrapped_label()
        self.button = QPushButton()
        in_column(self.words, self.button, inside=self, spacing=4)
        self.button.clicked.connect(self._take_apart)
        self.destroyed.connect(self._finding.drop)
        choice.changed.connect(self.look)
        self.setVisible(False)
        self.look()

    def look(self) -> None:
        """Look at the movie chosen now, if it is another one."""
        movie = self._choice.movie
        identity = () if movie is None else (id(self._choice.layer), movie.data.name)
        if identity == self._of:
            return
        self._of = identity
        self.setVisible(False)
        self._finding.drop()
        if movie is not None and movie.choice.channels is None:
            self._finding.start(partial(_find, movie))

    def _on_found(self, news: Turns | Failure) -> None:
        if isinstance(news, Failure):
            news.log()  # the training says what is wrong with a movie
            return
        self._period = news.period
        self.words.setText(" ".join(news.sentences()))
        self.button.setText(f"Take {self._period} channels apart")
        self.setVisible(self._period > 1)

    def _take_apart(self) -> None:
        viewer, layer, movie = self._viewer(), self._choice.layer, self._choice.movie
        if viewer is None or layer is None or movie is None:
            return
        with refusals_shown():
            made = [
                viewer.add_image(data, **options)
                for data, options, _ in channels_apart(movie, self._period)[::-1]
            ]
            for each in (layer, *made[:-1]):
                each.visible = False
            viewer.layers.selection.active = made[-1]


def _find(movie: Movie) -> Iterator[Turns]:
    from napari_sparsevar.movie.inspection.turns import find_turns

    yield find_turns(movie)

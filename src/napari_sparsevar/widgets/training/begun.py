"""What was begun in the run folder: looked for in the background, and said below its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.readers.layers import LayerData
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.widgets.parts.boxes import in_column, wrapped_label
from napari_sparsevar.widgets.parts.new_folder import NewFolder
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.training.resuming import Resumable


@dataclass(frozen=True, eq=False)
class Begun:
    """What there is to go on with, and its movie where another one was chosen."""

    resumable: Resumable
    movie: LayerData | None = None
    notice: str = ""


class BegunTraining(QWidget):
    """A sentence below the run folder, where there is something in it to go on with.

    Attributes
    ----------
    changed : Signal
        Where there is now something to resume, or no more.
    movie_found : Signal of tuple
        A layer of the movie of a run that was asked for, where another movie was chosen.
    resumable : Resumable or None
    """

    changed = Signal()
    movie_found = Signal(object)

    def __init__(self, folder: NewFolder) -> None:
        super().__init__()
        self._folder = folder
        self._asked_for = False
        self.resumable: Resumable | None = None
        self.words = wrapped_label()
        in_column(self.words, inside=self)
        self.hide()
        self._looking = Replacing(self._receive, what="Looking into the run folder")
        self.destroyed.connect(self._looking.drop)
        folder.line_edit.changed.connect(self.look)

    @property
    def busy(self) -> bool:
        """Whether it is being looked for."""
        return self._looking.busy

    def look(self, *_: object) -> None:
        """Look into the folder that is written there now."""
        path = Path(self._folder.line_edit.value.strip()).expanduser()
        self._asked_for = False
        self._show(None)
        if self._folder.line_edit.value.strip() and path.is_dir():
            self._looking.start(partial(_looked, path))
        else:
            self._looking.drop()

    def ask(self, path: Path, movie: Movie | None) -> None:
        """Look into the folder of a run that a person wants to go on with.

        Parameters
        ----------
        path : Path
        movie : Movie or None
            The one that is chosen.
        """
        self._folder.value = path
        self._asked_for = True
        self._looking.start(partial(_looked_with_movie, path, movie))

    def _receive(self, news: Begun | Failure) -> None:
        if isinstance(news, Begun):
            self._show(news.resumable)
            if news.notice:
                show_warning(news.notice)
            if news.movie is not None:
                self.movie_found.emit(news.movie)
        elif self._asked_for:
            news.report()
        else:
            news.log()  # the folder is refused where somebody wants to train there

    def _show(self, resumable: Resumable | None) -> None:
        if resumable is self.resumable:
            return
        self.resumable = resumable
        if resumable is not None:
            self.words.setText(f"{resumable.sentence} Resume goes on with its own settings.")
        self.setVisible(resumable is not None)
        self.changed.emit()


def _looked(path: Path) -> Iterator[Begun]:
    from napari_sparsevar.training.resuming import resumable

    yield Begun(resumable(path))


def _looked_with_movie(path: Path, movie: Movie | None) -> Iterator[Begun]:
    from napari_sparsevar.run.replacement import begun_folder
    from napari_sparsevar.run.run_movie import is_movie_of, open_run_movie
    from napari_sparsevar.training.resuming import resumable

    found = resumable(path)
    if movie is not None and is_movie_of(found.movie, movie):
        yield Begun(found)
        return
    opened = open_run_movie(begun_folder(path) or path, found.movie)
    layer = None if opened.movie is None else movie_layer(opened.movie)
    yield Begun(found, layer, opened.notice)

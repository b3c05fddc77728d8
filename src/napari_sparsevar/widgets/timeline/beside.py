"""What was recorded beside the movie and opened to be seen: stimuli, behaviour, trials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from psygnal import Signal

from napari_sparsevar.comparison.windows import Piece, read_trials
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.analysis.covariates.covariates import Covariates
    from napari_sparsevar.movie.movie import Movie


class Opened(NamedTuple):
    """What a file holds: covariates, trials, or both (NWB)."""

    covariates: Covariates | None = None
    trials: tuple[Piece, ...] = ()


class Beside:
    """Files that were opened on the timeline, for the movie on show.

    Attributes
    ----------
    changed : psygnal.Signal
    opened : Opened
    """

    changed = Signal()

    def __init__(self) -> None:
        self.opened = Opened()
        self._reading = Replacing(self._receive, what="Opening the stimuli")

    @property
    def busy(self) -> bool:
        """Whether a file is being read."""
        return self._reading.busy

    def open(self, path: Path, movie: Movie) -> None:
        """Read a file in a thread; it takes the place of what is there of its kind."""
        self._reading.start(partial(_read, path, movie))

    def forget(self, *_: object) -> None:
        """Show nothing any more."""
        self._reading.drop()
        self.opened = Opened()
        self.changed.emit()

    def _receive(self, news: Opened | Failure) -> None:
        if isinstance(news, Failure):
            news.report()
            return
        self.opened = Opened(
            news.covariates or self.opened.covariates, news.trials or self.opened.trials
        )
        self.changed.emit()


def _read(path: Path, movie: Movie) -> Iterator[Opened]:
    yield opened_beside(path, movie)


def opened_beside(path: Path, movie: Movie) -> Opened:
    """Return covariates and trials of a file, at the frames of a movie.

    Raises
    ------
    UserError
        If it holds neither; the sentence is about covariates.
    """
    from napari_sparsevar.cells.covariates.reading import covariates_of
    from napari_sparsevar.cells.covariates.samples import Frames

    trials: tuple[Piece, ...] = ()
    try:
        found = read_trials(path, movie.fps)
        trials = tuple(piece for piece in found if piece[1] <= movie.n_frames)
    except UserError:
        pass  # no list of trials
    if trials and path.suffix.lower() != ".nwb":
        return Opened(None, trials)
    try:
        return Opened(covariates_of(path, Frames(movie.n_frames, movie.fps, movie.times)), trials)
    except UserError:
        if not trials:
            raise
        return Opened(None, trials)

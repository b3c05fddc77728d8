"""What was recorded beside the movie and opened to be seen: stimuli, behaviour, trials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_sparsevar.comparison.windows import Piece, is_list_of_trials, read_trials
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.analysis.covariates.covariates import Covariates
    from napari_sparsevar.movie.movie import Movie


class Opened(NamedTuple):
    """What a file holds: covariates, trials, or both (NWB), and what a person should know of it."""

    covariates: Covariates | None = None
    trials: tuple[Piece, ...] = ()
    notes: tuple[str, ...] = ()


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
        for note in news.notes:
            show_warning(note)
        self.changed.emit()


def _read(path: Path, movie: Movie) -> Iterator[Opened]:
    yield opened_beside(path, movie)


def opened_beside(path: Path, movie: Movie) -> Opened:
    """Return covariates and trials of a file, at the frames of a movie.

    A trial that goes on behind the last frame is shown up to there, one that begins there is not;
    a note says so.

    Raises
    ------
    UserError
        If it holds neither, or a list of trials cannot be used.
    """
    from napari_sparsevar.cells.covariates.reading import covariates_of
    from napari_sparsevar.cells.covariates.samples import Frames

    is_nwb = path.suffix.lower() == ".nwb"
    if not is_nwb and is_list_of_trials(path):
        trials, notes = _within(read_trials(path, movie.fps, movie.times), movie, path)
        return Opened(None, trials, notes)
    trials, notes = (), ()
    if is_nwb:
        with suppress(UserError):  # it has none
            trials, notes = _within(read_trials(path, movie.fps), movie, path)
    try:
        found = covariates_of(path, Frames.of_movie(movie))
    except UserError:
        if not trials:
            raise
        return Opened(None, trials, notes)
    return Opened(found, trials, (*notes, *found.notes))


def _within(
    found: list[Piece], movie: Movie, path: Path
) -> tuple[tuple[Piece, ...], tuple[str, ...]]:
    """Return trials as far as they lie in a movie, and a sentence on the others."""
    n_frames = movie.n_frames
    inside = tuple((start, min(stop, n_frames)) for start, stop in found if start < n_frames)
    beyond = sum(stop > n_frames for _, stop in found)
    if not inside:
        raise UserError(
            f"{path}: none of its {len(found):,} trials begins within the {n_frames:,} frames of "
            "the movie; open that of this recording, in frames, or in seconds from the first frame."
        )
    if not beyond:
        return inside, ()
    said = (
        f"{path.name}: {beyond:,} of {len(found):,} trials reach beyond the {n_frames:,} frames of "
        "the movie and are shown as far as it goes; training takes none that do. Is it of this "
        "recording, and is the frame rate right?"
    )
    return inside, (said,)

"""The cells at hand in one viewer: opened, changed, fitted; what of them is chosen."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.editing import Edits, listed, name_of
from napari_sparsevar.cells.formats.format import CellChoice
from napari_sparsevar.cells.kept_edits import keep_edits, kept_edits
from napari_sparsevar.widgets.cells.worker import (
    Asked,
    CellsRead,
    FitRequest,
    Fitted,
    Opened,
    detecting_stream,
    fitting_stream,
    opening_stream,
)
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing
from napari_sparsevar.widgets.work.one_work import OneWork, Report

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit
    from napari_sparsevar.movie.movie import Movie

MOST_STEPS_BACK = 200
CHANGES_ARE_BACK = "Your names and changes of last time are back; Undo takes them off."


class BroughtCells(OneWork):
    """One set of cells at a time; docks watch it and can be closed and opened again.

    A cell is known by its number, see ``Edits``.

    Attributes
    ----------
    cells_changed, edits_changed, fit_changed, chosen_changed, asked : psygnal.Signal
        Emitted in the main thread; ``asked`` with the question that a file leaves open.
    given : Cells or None
        As they came.
    edits : Edits
        What a person has changed since.
    fit : CellFit or None
        By the names that the cells have now.
    fitted : ndarray of int, shape (n,)
        The number of each cell of the fit.
    chosen : tuple of (int or None, int or None)
        The cell one looks at, and the one that it drives.
    """

    cells_changed = Signal()
    edits_changed = Signal()
    fit_changed = Signal()
    chosen_changed = Signal()
    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "The fit of cells",
            working="fitting",
            ending="stopping",
            ended="Stopped; what was found before is still there.",
        )
        self.given: Cells | None = None
        self.edits = Edits()
        self.fit: CellFit | None = None
        self.fitted: npt.NDArray[np.intp] = np.zeros(0, np.intp)
        self.chosen: tuple[int | None, int | None] = (None, None)
        self._before: list[Edits] = []
        self._fitted_with: Edits | None = None
        self._read: tuple[object, Cells] | None = None
        self._request: FitRequest | None = None
        self._opening = Replacing(self._receive_opened, what="Opening the cells")

    @property
    def busy(self) -> bool:
        """Whether a thread of it is still there."""
        return super().busy or self._opening.busy

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._before)

    @property
    def outdated(self) -> bool:
        """Whether other cells would be fitted now than those that were."""
        then = self._fitted_with
        return (
            self.fit is not None
            and then is not None
            and (then.merged, then.excluded) != (self.edits.merged, self.edits.excluded)
        )

    @property
    def found(self) -> dict[int, Any]:
        """What the fit says of each cell, by its number: rows of ``drivers``, the surest first."""
        if self.fit is None:
            return {}
        numbers = dict(zip(self.fit.names, map(int, self.fitted), strict=True))
        return {numbers[row.name]: row for row in self.fit.drivers.itertuples(index=False)}

    def open(self, path: Path, given: CellChoice | None = None) -> None:
        """Open cells, or a fit of them that was kept, in place of those there are."""
        self.say(f"Opening {path.name}…")
        self._opening.start(partial(opening_stream, path, given or CellChoice()))

    def detect(self, movie: Movie, diameter_px: float | None = None) -> None:
        """Find the cells of a movie, in place of those there are."""
        self.say(f"Looking for cells in {movie.name}…")
        self._opening.start(partial(detecting_stream, movie, diameter_px))

    def take(self, cells: Cells, fit: CellFit | None = None) -> None:
        """Look at other cells, with what a person changed about them last time.

        Those not accepted as cells are excluded until they are wanted.
        """
        refused = np.flatnonzero(~cells.is_accepted).tolist()
        self.given = replace(cells, accepted=None)
        self.edits, self._before = Edits(excluded=frozenset(refused)), []
        changed = kept_edits(self.given) if fit is None else None
        if changed is not None and changed != self.edits:
            self.edits, self._before = changed, [self.edits]
            self.say(CHANGES_ARE_BACK)
        self._read, self._fitted_with = None, None
        self._show(fit, np.arange(len(cells)))
        self._fitted_with = None if fit is None else self.edits
        self.chosen = (None, None)
        self.cells_changed.emit()
        self.fit_changed.emit()
        self.chosen_changed.emit()

    def change(self, edits: Edits) -> None:
        """Take a change; it can be undone.

        Raises
        ------
        UserError
            If two cells would have one name, or none were left.
        """
        if self.given is None or edits == self.edits:
            return
        listed(self.given, edits)  # refuses what cannot be
        self._before = [*self._before, self.edits][-MOST_STEPS_BACK:]
        self._become_edited(edits)

    def undo(self) -> None:
        """Take the last change back."""
        if self._before:
            self._become_edited(self._before.pop())

    def start(self, request: FitRequest) -> None:
        """Start a fit; ignored while one runs. What was read for an earlier one is used again."""
        if self.state == "idle":
            if self._read is not None and self._read[0] == _source(request):
                request = replace(request, read=self._read[1])
            self._request = request
            self._begin(partial(fitting_stream, request))

    def choose(self, source: int | None, target: int | None = None) -> None:
        """Look at a cell, or at a pair."""
        if (source, target) != self.chosen:
            self.chosen = source, target
            self.chosen_changed.emit()

    def name(self, cell: int) -> str:
        """Return what a cell is called."""
        assert self.given is not None
        return name_of(self.given, self.edits, cell)

    def place_in_fit(self, cell: int | None) -> int | None:
        """Return which of the fit's cells one is, None where it was not fitted."""
        found = np.flatnonzero(self.fitted == (-1 if cell is None else cell))
        return None if self.fit is None or not len(found) else int(found[0])

    def _become_edited(self, edits: Edits) -> None:
        renamed = edits.names != self.edits.names and self.fit is not None
        self.edits = edits
        if self.given is not None:
            keep_edits(self.given, edits)
        if renamed:
            self._show(self.fit, self.fitted)
        # One of them: whoever shows edits shows fits as well.
        (self.fit_changed if renamed else self.edits_changed).emit()

    def _show(self, fit: CellFit | None, fitted: npt.NDArray[np.intp]) -> None:
        """Take a fit by the names of now."""
        self.fit, self.fitted = fit, fitted
        if fit is not None and self.given is not None:
            self.fit = _called(fit, self._names(fit, fitted))

    def _names(self, fit: CellFit, fitted: npt.NDArray[np.intp]) -> list[str]:
        """Return present names; those of the fit where they would be no longer different."""
        assert self.given is not None
        was = self._fitted_with or self.edits
        names = [
            self.edits.names.get(cell) or name_of(self.given, replace(was, names={}), cell)
            for cell in map(int, fitted)
        ]
        return names if len(set(names)) == len(names) else list(fit.names)

    def _receive_opened(self, news: Any) -> None:
        self.say("")
        match news:
            case Failure():
                self.say(news.sentence)
                news.report()
            case Asked():
                self.asked.emit(news)
            case Opened():
                self.take(news.cells, news.fit)

    def _receive(self, news: Any) -> None:
        super()._receive(news)
        request = self._request
        if request is None or request.cells is not self.given:
            return  # other cells have been opened meanwhile
        if isinstance(news, CellsRead):
            self._read = _source(request), news.cells
        elif isinstance(news, Fitted):
            self._settle(Report("", 1.0))
            self._fitted_with = request.edits
            self._show(news.fit, news.numbers)
            self.fit_changed.emit()


def _source(request: FitRequest) -> object:
    """Return what tells from what traces were read."""
    run = None if request.run is None else str(request.run.path)
    movie = None if request.movie is None else request.movie.data.name
    return request.way != "traces", run, movie


def _called(fit: CellFit, names: list[str]) -> CellFit:
    """Return a fit, and the one beside it, by other names."""
    if list(fit.names) == names:
        return fit
    activity = replace(fit.activity, names=tuple(names[i] for i in fit.fitted_cells))
    beside = None if fit.beside is None else _called(fit.beside, names)
    return replace(fit, cells=replace(fit.cells, names=names), activity=activity, beside=beside)

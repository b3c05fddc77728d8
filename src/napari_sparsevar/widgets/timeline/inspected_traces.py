"""The inspected place over time: movie, what the model says of it, events, drivers."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from napari.components import ViewerModel
from napari.utils.notifications import show_info
from psygnal import Signal
from superqt.utils import qdebounced

from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.traces import relative_traces
from napari_sparsevar.widgets.inspecting.answers import SelectedPlace
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.timeline.activity import Activity, same_frames
from napari_sparsevar.widgets.timeline.event_player import EventPlayer
from napari_sparsevar.widgets.timeline.inspected_worker import (
    PlaceAnswer,
    PlaceQuestion,
    Raster,
    RasterQuestion,
    answer_place,
    answer_raster,
    read_place,
)
from napari_sparsevar.widgets.timeline.trace_reading import TraceReading
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run

SETTLE_MS = 300
"""How long a selection stays what it is before the movie is read for it."""


class InspectedTraces:
    """What the timeline shows of the selection. Nothing is computed until somebody wants to see it.

    Attributes
    ----------
    changed, raster_changed, shown_changed : psygnal.Signal
    selection : SelectedPlace or None
        The place the traces are of.
    movie : TraceReading
        Grey values of the selected place, and of the background in it.
    shown : set of str
        Names of the traces a person wants to see.
    raster : Raster or None
        Activity of the drivers; None where there are none, or no movie that fits the run.
    player : EventPlayer
    """

    changed = Signal()
    raster_changed = Signal()
    shown_changed = Signal()

    def __init__(self, inspecting: Inspecting, activity: Activity) -> None:
        self._inspecting, self._activity = inspecting, activity
        self._pauses = inspecting.precedence.pauses
        self.movie = TraceReading(self._pauses)
        self.shown = {"movie", "own", "others"}
        self.raster: Raster | None = None
        self.player = EventPlayer()
        self.failure = ""
        self._wanted = False
        self.selection: SelectedPlace | None = None
        self._read_from: Movie | None = None
        self._read_mask: npt.NDArray[np.bool_] | None = None
        self._answer: PlaceAnswer | None = None
        self._asked: PlaceQuestion | None = None
        self._asked_raster: RasterQuestion | None = None
        self._play_soon: weakref.ref[ViewerModel] | None = None
        place, rows = partial(self._calmly, answer_place), partial(self._calmly, answer_raster)
        self._asking_place = Latest(place, self._receive, what="Reading the selected place")
        self._asking_rows = Latest(rows, self._receive, what="Reading the drivers")
        self._read_soon = qdebounced(self._read, timeout=SETTLE_MS)
        self._watch()

    def _watch(self) -> None:
        inspecting = self._inspecting
        self.movie.changed.connect(self._tell)
        for signal in (inspecting.selection_changed, inspecting.answered):
            signal.connect(self._look)
        inspecting.read_out_changed.connect(self._on_read_out)
        inspecting.notes_changed.connect(self._look_at_drivers)
        inspecting.run_changed.connect(self._on_read_out)
        self._activity.frames_changed.connect(self._on_movie)

    def _calmly(self, answer: Callable[[Any], Iterator[Any]], question: Any) -> Iterator[Any]:
        """Answer when nobody waits for the inspection."""
        yield from self._pauses()
        yield from answer(question)

    @property
    def events(self) -> npt.NDArray[np.int64]:
        """Frames in which the selected place stands out."""
        return np.empty(0, np.int64) if self._answer is None else self._answer.events

    @property
    def name(self) -> str:
        """What a person calls the selected place; empty where nothing is selected."""
        selection = self._inspecting.selection
        return "" if selection is None else self._inspecting.name_of(*selection.key)

    @property
    def current_raster(self) -> bool:
        """Whether the rows are the drivers there are now: a new penalty numbers them anew."""
        return self.raster is not None and self.raster.question.same(self._asked_raster)

    @property
    def why_not(self) -> str:
        """Why a run has nothing to show in time, in one sentence; empty where it has."""
        run, movie = self._inspecting.run, self._activity.movie
        if run is None or _fits(run, movie):
            return self.failure or self.movie.failure
        if movie is None:
            return (
                f"The movie of this run, “{run.movie_name}”, is not open: "
                "open it to see its activity over time."
            )
        return f"This is not the movie of the run: open “{run.movie_name}” to see places over time."

    def want(self, wanted: bool = True) -> None:
        """Begin to compute, now and for every later selection; or stop, and hold nothing."""
        if wanted == self._wanted:
            return
        self._wanted = wanted
        if wanted:
            self._look()
            self._look_at_drivers()
        else:
            self.stop()

    def stop(self) -> None:
        """Compute nothing more, and forget what there was."""
        self.player.stop()
        self._asking_rows.forget()
        self._asked_raster, self.raster = None, None
        self._forget_place()

    def show(self, name: str, on: bool) -> None:
        """Show one of the traces, or hide it."""
        self.shown = self.shown | {name} if on else self.shown - {name}
        self.shown_changed.emit()

    def traces(self) -> dict[str, npt.NDArray[np.float64]]:
        """Return the traces to be drawn in ΔF/F, as far as they are known; empty without any."""
        if not self.movie.known:
            return {}
        movie, background = self.movie.values.T
        answer = self._answer
        # While a region is being repainted the two may be of different strokes.
        if answer is None or not _same_mask(answer.question.mask, self._read_mask):
            return relative_traces(movie, background, {})
        return relative_traces(movie, background, answer.modelled)

    def play_event(self, viewer: ViewerModel) -> None:
        """Play the next event of the selected place; nothing happens without one."""
        question = self._question()
        if question is None or self._activity.frames is None:
            return
        if self._answer is None or not _same_mask(self._answer.question.mask, question.mask):
            self._play_soon = weakref.ref(viewer)
            self._ask(question)
        elif len(self.events):
            self.player.play_next(viewer, self._activity.frames, self.events)
        else:
            show_info(f"No activity of “{self.name}” stands out: there is no event to play.")

    def _question(self) -> PlaceQuestion | None:
        """Return what there is to be asked; None without a selection or a movie that fits."""
        selection, read_out = self._inspecting.selection, self._inspecting.read_out
        if selection is None or read_out is None or not selection.mask.any():
            return None
        if not _fits(read_out.run, self._activity.movie):
            return None
        return PlaceQuestion(read_out.run, selection.mask)

    def _look(self) -> None:
        """Follow the selection: another place at once, the same one repainted once it rests."""
        question, now = self._question(), self._inspecting.selection
        if question is None or now is None or not self._wanted:
            if question is not None and self._is_played_soon(question):
                return
            self._play_soon = None
            if self.selection is not None or self._answer is not None:
                self._forget_place()
            return
        before, self.selection = self.selection, now
        if before is None or before.key != now.key:
            self._forget_place(now)
            self._ask(question)
            self._read_soon()
        elif not _same_mask(before.mask, now.mask):
            self._read_soon()
        elif self._asked is not None and self._asked.run is not question.run:
            self._ask(question)

    def _is_played_soon(self, question: PlaceQuestion) -> bool:
        """Return whether an event of the place is to be played, once its events are known."""
        asked = self._asked
        return (
            self._play_soon is not None
            and asked is not None
            and _same_mask(asked.mask, question.mask)
        )

    def _forget_place(self, selection: SelectedPlace | None = None) -> None:
        self.player.stop()
        self._read_soon.cancel()
        self._asking_place.forget()
        self.selection, self._answer, self._asked, self.failure = selection, None, None, ""
        self._read_from = self._read_mask = None
        self.movie.forget()

    def _ask(self, question: PlaceQuestion) -> None:
        self._asked = question
        self._asking_place.ask(question)

    def _read(self) -> None:
        question, movie = self._question(), self._activity.movie
        if question is None or movie is None or not self._wanted:
            return
        asked, self._read_from, self._read_mask = self._asked, movie, question.mask
        if asked is None or not _same_mask(asked.mask, question.mask):
            self._ask(question)
        # Grid, mean and noise are those of the run, whatever the penalty.
        make = partial(read_place, question.run, question.mask, movie.data)
        self.movie.read(make, movie.n_frames, 2)

    def _on_movie(self, _: Any) -> None:
        movie = self._activity.movie
        if movie is None or not same_frames(self._read_from, movie):
            self._forget_place()
        self._on_read_out()

    def _tell(self) -> None:
        self.changed.emit()

    def _on_read_out(self, *_: Any) -> None:
        self._look()
        self._look_at_drivers()
        self.changed.emit()

    def _look_at_drivers(self) -> None:
        question = self._raster_question() if self._wanted else None
        if question is None:
            self._asking_rows.forget()
            self._asked_raster, self.raster = None, None
        elif not question.same(self._asked_raster):
            self._asked_raster = question
            self._asking_rows.ask(question)
        # Names and the like may have changed where the rows have not.
        self.raster_changed.emit()

    def _raster_question(self) -> RasterQuestion | None:
        read_out = self._inspecting.read_out
        if read_out is None or not _fits(read_out.run, self._activity.movie):
            return None
        places = self._inspecting.places()
        if places.empty:
            return None
        listed = places[places["as_driver"] & ~places["hidden"]]
        keys = tuple((row.kind, int(row.label)) for row in listed.itertuples())
        return RasterQuestion(read_out.run, keys, read_out.question.regions) if keys else None

    def _receive(self, news: Any) -> None:
        match news:
            case PlaceAnswer():
                self._on_answer(news)
            case Raster() if self._asked_raster is not None:
                self.raster = news
                self.raster_changed.emit()
            case Failure():
                news.log()
                self.failure = news.sentence
                self.changed.emit()

    def _on_answer(self, news: PlaceAnswer) -> None:
        self._answer = news
        self.changed.emit()
        viewer, self._play_soon = self._play_soon and self._play_soon(), None
        if viewer is not None:
            self.play_event(viewer)


def _fits(run: Run, movie: Movie | None) -> bool:
    """Return whether a run may have been trained on the movie."""
    return movie is not None and tuple(run.record.movie.shape) == (movie.n_frames, *movie.shape)


def _same_mask(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_] | None) -> bool:
    return one is other or (other is not None and np.array_equal(one, other))

"""What is inspected in one viewer: the penalty, the selected place, the answer, the notes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from psygnal import Signal

from napari_sparsevar.widgets.inspecting.answers import (
    Answer,
    Direction,
    Gone,
    Influence,
    Noted,
    OtherWay,
    PlaceKind,
    Prepared,
    Question,
    ReadOut,
    SelectedPlace,
)
from napari_sparsevar.widgets.inspecting.worker import Inspector, reach_of, save_places
from napari_sparsevar.widgets.layers.regions import Regions
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest, Replacing
from napari_sparsevar.widgets.work.precedence import Precedence

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.analysis.fit.solution_path import SolutionPath
    from napari_sparsevar.analysis.maps.drivers import LabelImage
    from napari_sparsevar.readers.placement import Placement
    from napari_sparsevar.run.annotations import Annotations
    from napari_sparsevar.run.run import Run


class Inspecting:
    """The inspection of one viewer; docks watch it and can be closed and opened again.

    Attributes
    ----------
    run_changed, grew, noted, prepared, read_out_changed, selection_changed, answered, completed,
    direction_changed, notes_changed : psygnal.Signal
        Emitted in the main thread. ``grew`` when more is known of the run, ``noted`` when it is
        known what a person had added to it, ``prepared`` when the solution path is, ``answered``
        when the direction looked at is, ``completed`` when the other one is too.
    regions : Regions
    precedence : Precedence
        Of the answers over all that reads the movie.
    run : Run or None
        As it was trained; ``read_out.run`` is the same at the penalty chosen now.
    read_out : ReadOut or None
    selection : SelectedPlace or None
    answer : Answer or None
        Of the selection.
    notes : Annotations or None
    penalty : float
    lag : int or None
        Only this lag; all summed where None.
    direction : {"outgoing", "incoming"}
        Which of both maps is looked at.
    """

    run_changed = Signal(object)
    grew = Signal(object)
    noted = Signal()
    prepared = Signal()
    read_out_changed = Signal()
    selection_changed = Signal()
    answered = Signal()
    completed = Signal(str)
    direction_changed = Signal(str)
    notes_changed = Signal()

    def __init__(self, placement: Callable[[], Placement]) -> None:
        self._placement = placement
        self.regions = Regions()
        self.precedence = Precedence()
        self.run: Run | None = None
        self.solution_path: SolutionPath | None = None
        self.read_out: ReadOut | None = None
        self.selection: SelectedPlace | None = None
        self.answer: Answer | None = None
        self.notes: Annotations | None = None
        self.penalty = 0.0
        self.lag: int | None = None
        self.direction: Direction = "outgoing"
        self._places: tuple[ReadOut, Annotations | None, pd.DataFrame] | None = None
        self._names: dict[tuple[PlaceKind, int], str] = {}
        self._number = 0
        self._asked: Question | None = None
        self._awaited: tuple[PlaceKind, int] | None = None
        self._inspector: Inspector | None = None
        self._preparing = Replacing(self._receive, what="Reading the run")
        self._saving: Latest = Latest(
            lambda kept: save_places(*kept), self._receive, what="Keeping the notes"
        )
        self._asking: Latest = Latest(
            self._answers, self._receive, what="The inspection", precedence=self.precedence
        )
        self.regions.layer_changed.connect(self._on_region_layer)
        self.regions.said.connect(self._take_region_notes)
        self.regions.painted.connect(self._on_painted)
        self.regions.label_chosen.connect(self._on_label)

    @property
    def busy(self) -> bool:
        """Whether something is being computed or read."""
        return self._asking.busy or self._preparing.busy

    @property
    def kept_regions(self) -> LabelImage | None:
        """The regions that the run holds, (Y, X)."""
        return None if self.regions.kept is None else self.regions.kept[0]

    @property
    def influence(self) -> Influence | None:
        """What is looked at of the present answer; None while it is not known."""
        return None if self.answer is None else self.answer.influence.get(self.direction)

    def set_run(self, run: Run | None) -> None:
        """Inspect another run, or none."""
        self._asking.forget()
        self._preparing.drop()
        self.regions.set_run(None)
        self.run, self.solution_path, self.notes = run, None, None
        self.read_out = self.selection = self.answer = self.lag = None
        self._asked = None
        self._inspector = None if run is None else Inspector(run)
        self.penalty = 0.0 if run is None else float(run.penalty)
        self.run_changed.emit(run)
        self.selection_changed.emit()
        if self._inspector is not None:
            self._preparing.start(self._inspector.prepare)
            self._ask()

    def grow(self, run: Run) -> None:
        """Take what more is known of the run that is inspected; what is selected stays."""
        if self.run is not None:
            self.run, self._asked = run, None
            self._inspector = Inspector(run)
            self._inspector.solution_path = self.solution_path
            self.grew.emit(run)
            self._ask()

    def set_penalty(self, penalty: float) -> None:
        """Go elsewhere on the solution path."""
        if penalty != self.penalty and self.run is not None:
            self.penalty = penalty
            self._ask()

    def reset_penalty(self) -> None:
        """Go back to the penalty of the run."""
        if self.run is not None:
            self.set_penalty(float(self.run.penalty))

    def set_lag(self, lag: int | None) -> None:
        """Look at one lag, or at all of them together."""
        if lag != self.lag:
            self.lag = lag
            self._ask()

    def set_direction(self, direction: Direction) -> None:
        """Look at what the selection drives, or at what drives it."""
        if direction != self.direction:
            self.direction = direction
            self.direction_changed.emit(direction)

    def select(self, kind: PlaceKind, label: int) -> None:
        """Inspect a place; ignored where there is none of that kind and label."""
        if self.selection is not None and self.selection.key == (kind, label):
            return
        selection = self._found(kind, label)
        if selection is not None:
            self._select(selection)
            self._ask()

    def _found(self, kind: PlaceKind, label: int) -> SelectedPlace | None:
        """Return the place as it is; a region may have been painted a moment ago."""
        if self.read_out is None or self.run is None:
            return None
        if kind == "point":
            return self._point(label, self.run)
        image = self.regions.image() if kind == "region" else self._place_labels()
        if image is None or image.shape != self.run.results.grid.shape:
            return None
        mask = image == label
        rows, columns = np.nonzero(mask)
        if not rows.size:
            return None
        place = self.place(kind, label)
        y, x = (rows.mean(), columns.mean()) if place is None else (place["y"], place["x"])
        return SelectedPlace(kind, label, mask, float(y), float(x))

    def _point(self, label: int, run: Run) -> SelectedPlace | None:
        from napari_sparsevar.run.places import cell_around

        y, x = self._pixel(label)
        mask = cell_around(run, y, x)
        inside = 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]
        return SelectedPlace("point", label, mask, float(y), float(x)) if inside else None

    def _pixel(self, label: int) -> tuple[int, int]:
        """Return the pixel a point lies at."""
        assert self.run is not None
        width = self.run.results.grid.shape[1]
        return divmod(label - 1, width)

    def probe(self, y: int, x: int) -> None:
        """Inspect what lies at a pixel: a listed place, else what is around it; nothing outside."""
        if self.run is None:
            return
        height, width = self.run.results.grid.shape
        if not (0 <= y < height and 0 <= x < width):
            return
        key = self.key_at(y, x)
        place = None if key is None else self.place(*key)
        if key is not None and place is not None and not place["hidden"]:
            self.select(*key)
        else:
            self.select("point", y * width + x + 1)

    def _place_labels(self) -> LabelImage | None:
        """Return drivers and candidates at the present penalty."""
        return None if self.read_out is None else self.read_out.run.results.place_labels

    def select_soon(self, kind: PlaceKind, label: int) -> None:
        """Inspect a place as soon as it is known: it has only just been painted."""
        self._awaited = (kind, label)
        self.select(kind, label)

    def clear(self) -> None:
        """Inspect nothing."""
        if self.selection is not None:
            self._select(None)

    def select_next(self, step: int) -> None:
        """Inspect the next (1) or previous (-1) place that is not hidden, round and round."""
        places = listed(self.places())
        keys = [(row.kind, int(row.label)) for row in places.itertuples() if not row.hidden]
        if keys:
            now = None if self.selection is None else self.selection.key
            index = keys.index(now) + step if now in keys else min(step - 1, 0)
            self.select(*keys[index % len(keys)])

    def places(self) -> pd.DataFrame:
        """Return all places with ``name``, ``note``, ``hidden`` and ``as_driver``."""
        if self.read_out is None or self.run is None:
            import pandas as pd

            self._names = {}
            return pd.DataFrame()
        known = self._places
        if known is None or known[0] is not self.read_out or known[1] is not self.notes:
            # Many ask after each answer, and most of them for a single name.
            places = self._made_places(self.read_out, self.run)
            keys = zip(places["kind"], places["label"].astype(int), strict=True)
            self._names = dict(zip(keys, places["name"], strict=True))
            self._places = known = (self.read_out, self.notes, places)
        return known[2]

    def _made_places(self, read_out: ReadOut, run: Run) -> pd.DataFrame:
        from napari_sparsevar.run.annotations import Annotations
        from napari_sparsevar.run.places import noted_places

        return noted_places(read_out.places, self.notes or Annotations(), reach_of(run))

    def name_of(self, kind: PlaceKind, label: int) -> str:
        """Return what a person calls a place."""
        self.places()
        selection = self.selection
        if not label and selection is not None:
            # A driver that is none at this penalty has no number, and must not get that of another.
            return f"place at {self.position(selection.y, selection.x)}"
        if kind == "point":
            return self.position(*self._pixel(label))
        return self._names.get((kind, label), f"{kind} {label}")

    def position(self, y: float, x: float) -> str:
        """Return where a place lies, as the status bar of the viewer has it."""
        return self._placement().words(y, x)

    def key_at(self, y: int, x: int) -> tuple[PlaceKind, int] | None:
        """Return kind and label of the region or else driver at a pixel; None without any."""
        if self.read_out is None:
            return None
        images: dict[PlaceKind, LabelImage | None] = {
            "region": self.read_out.question.regions,
            "driver": self.read_out.run.results.drivers.labels,
            "candidate": self.read_out.run.results.candidates.labels,
        }
        for kind, image in images.items():
            if image is None or not (0 <= y < image.shape[0] and 0 <= x < image.shape[1]):
                continue
            if image[y, x]:
                return kind, int(image[y, x])
        return None

    def annotate(self, kind: PlaceKind, label: int, **changes: Any) -> None:
        """Change name, note, ``hidden`` or (of a region) ``driver`` of a place; kept in the run."""
        place = self.place(kind, label)
        if place is None or self.notes is None or self.run is None:
            return
        if kind == "region":
            self.regions.say(self.notes.with_region(label, **changes).regions)
            return
        where = float(place["y"]), float(place["x"])
        self.notes = self.notes.with_place(*where, reach_of(self.run), **changes)
        self._saving.ask((self.run.path, self.notes.places))
        self.notes_changed.emit()

    def place(self, kind: PlaceKind, label: int) -> pd.Series | None:
        """Return the row of ``places`` of that kind and label, or None."""
        places = self.places()
        if places.empty:
            return None
        same = places[(places["kind"] == kind) & (places["label"] == label)]
        return None if same.empty else same.iloc[0]

    def _select(self, selection: SelectedPlace | None) -> None:
        self.selection, self.answer = selection, None
        self._number += 1
        self._awaited = None
        self.selection_changed.emit()

    def _ask(self) -> None:
        if self.run is not None:
            regions = self.regions.image()
            if regions is not None and regions.shape != self.run.results.grid.shape:
                regions = None
            question = Question(
                self.penalty,
                regions,
                self.selection,
                self.lag,
                self._number,
                self.direction,
                self.regions.number,
            )
            if not question.same(self._asked):
                self._asked = question
                self._asking.ask(question)

    def _answers(self, question: Question) -> Any:
        assert self._inspector is not None
        return self._inspector.answer(question)

    def _receive(self, news: Any) -> None:
        match news:
            case tuple():
                for each in news:
                    self._receive(each)
            case Noted():
                self._on_noted(news)
            case Prepared():
                self._on_known(news)
            case ReadOut():
                self._on_read_out(news)
            case Answer():
                self._on_answer(news)
            case OtherWay():
                self._on_other_way(news)
            case Gone() if news.question.number == self._number:
                self.clear()
            case Failure():
                self._asked = None
                news.report()

    def _on_noted(self, news: Noted) -> None:
        self.notes = news.annotations
        kept = None if news.regions is None else (news.regions, news.annotations.regions)
        self.regions.set_run(self.run, kept)
        self._take_region_notes()
        for notice in news.notices:
            show_warning(notice)
        self.noted.emit()
        self.notes_changed.emit()

    def _on_known(self, news: Prepared) -> None:
        assert self._inspector is not None
        self._inspector.solution_path = self.solution_path = news.solution_path
        self.prepared.emit()
        # Again: with the path there are curves.
        self._asked = None
        self._ask()

    def _on_read_out(self, news: ReadOut) -> None:
        if news.question.painted_on != self.regions.number:
            return  # of labels that meant something else; the next is on its way
        self.read_out = news
        self.read_out_changed.emit()
        if self._awaited is not None:
            self.select(*self._awaited)

    def _on_answer(self, news: Answer) -> None:
        if self.selection is None or news.question.number != self._number:
            return
        moved = news.selection.key != self.selection.key
        self.selection, self.answer = news.selection, news
        if moved:
            self.selection_changed.emit()
        self.answered.emit()

    def _on_other_way(self, news: OtherWay) -> None:
        if self.answer is None or self.answer.question is not news.question:
            return
        influence = {**self.answer.influence, news.direction: news.influence}
        self.answer = replace(self.answer, influence=influence)
        self.completed.emit(news.direction)
        if news.direction == self.direction:
            # The person has turned round while it was computed.
            self.answered.emit()

    def _on_region_layer(self) -> None:
        """Take the regions of the layer before off the list: a label means something else now."""
        self._awaited = None
        if self.selection is not None and self.selection.kind == "region":
            self.clear()
        shown = self.read_out
        if shown is not None:
            others = shown.places[shown.places["kind"] != "region"]
            question = replace(shown.question, regions=None)
            self.read_out = replace(shown, question=question, places=others)
        self._take_region_notes()
        if shown is not None:
            self.read_out_changed.emit()
        self._ask()

    def _take_region_notes(self) -> None:
        said = dict(self.regions.notes)
        if self.notes is not None and self.notes.regions != said:
            self.notes = self.notes.of_regions(said)
            self.notes_changed.emit()

    def _on_painted(self) -> None:
        if self._awaited is not None:
            self.select(*self._awaited)
        self._ask()

    def _on_label(self, label: int) -> None:
        self.select_soon("region", label)


def listed(places: pd.DataFrame) -> pd.DataFrame:
    """Return places in the order of the list: candidates last."""
    if places.empty:
        return places
    return places.iloc[np.argsort(places["kind"] == "candidate", kind="stable")]

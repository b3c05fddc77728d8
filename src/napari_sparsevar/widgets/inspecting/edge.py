"""The edge a person has chosen: the selected place, one of its partners, and both over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from napari_sparsevar.widgets.inspecting.answers import Direction, PlaceKind
from napari_sparsevar.widgets.inspecting.state import Inspecting
from napari_sparsevar.widgets.inspecting.worker import reach_of
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Latest

if TYPE_CHECKING:
    import pandas as pd

    from napari_sparsevar.analysis.evidence.event_average import EventAverage
    from napari_sparsevar.run.run import Run

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class EdgeEnd:
    """Source or target of an edge.

    Parameters
    ----------
    mask : ndarray of bool, shape (Y, X)
    y, x : float
        Centre in pixels.
    key : (kind, label) or None
        The driver, candidate or painted region it is; None where it is none of these.
    """

    mask: Mask
    y: float
    x: float
    key: tuple[PlaceKind, int] | None


@dataclass(frozen=True, eq=False)
class Edge:
    """The selected place and a partner, in the direction looked at."""

    run: Run
    place: EdgeEnd
    partner: EdgeEnd
    direction: Direction

    @property
    def ends(self) -> tuple[EdgeEnd, EdgeEnd]:
        """Source and target."""
        outgoing = self.direction == "outgoing"
        return (self.place, self.partner) if outgoing else (self.partner, self.place)

    def same(self, other: Edge | None) -> bool:
        """Return whether the other has the same course of time: the penalty does not matter."""
        return other is not None and (
            self.run.results.latents is other.run.results.latents
            and self.direction == other.direction
            and np.array_equal(self.place.mask, other.place.mask)
            and np.array_equal(self.partner.mask, other.partner.mask)
        )


@dataclass(frozen=True, eq=False)
class EdgeAnswer:
    """Source and target over time.

    Parameters
    ----------
    edge : Edge
    source, target : ndarray, shape (T,)
        Activity in standard deviations; NaN in frames that were not used.
    events : ndarray of int
        Frames of the source's events.
    average : EventAverage or None
        Of what the target's own past does not foretell, around these events.
    """

    edge: Edge
    source: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    events: npt.NDArray[np.int64]
    average: EventAverage | None


class ChosenEdge:
    """The chosen edge of one viewer. Nothing is computed until somebody wants to see it.

    It ends with the selection and the direction, and follows the penalty as long as the partner
    is one.

    Attributes
    ----------
    changed : psygnal.Signal
        Another edge or none, or its answer is there.
    edge : Edge or None
    answer : EdgeAnswer or None
        Of this edge.
    failure : str
        Why there is no answer; empty where nothing failed.
    """

    changed = Signal()

    def __init__(self, inspecting: Inspecting) -> None:
        self._inspecting = inspecting
        self.edge: Edge | None = None
        self.answer: EdgeAnswer | None = None
        self.failure = ""
        self._asked: Edge | None = None
        self._wanted: set[str] = set()
        self._asking = Latest(self._calmly, self._receive, what="Reading source and target")
        inspecting.run_changed.connect(self.forget)
        inspecting.direction_changed.connect(self.forget)
        inspecting.selection_changed.connect(self._on_selection)
        inspecting.answered.connect(self._on_answered)
        inspecting.notes_changed.connect(self._tell)

    @property
    def busy(self) -> bool:
        """Whether the answer is being computed."""
        return self._asking.busy

    @property
    def names(self) -> tuple[str, str]:
        """What a person calls source and target."""
        assert self.edge is not None
        source, target = (place_name(self._inspecting, e.key, e.y, e.x) for e in self.edge.ends)
        return source, target

    def want(self, who: str, wanted: bool = True) -> None:
        """Take note of who wants to see the answer, and who does no more."""
        self._wanted = self._wanted | {who} if wanted else self._wanted - {who}
        if self._wanted:
            self._ask()
        elif self.answer is None or self.answer.edge is not self._asked:
            # An answer may be here before its thread has ended.
            self._asking.forget()
            self._asked = None

    def choose(self, partner: pd.Series) -> None:
        """Choose the edge between the selected place and a row of its partners."""
        self._drop()
        self._set(partner)

    def forget(self, *_: Any) -> None:
        """Choose none."""
        self._drop()
        if self.edge is not None:
            self.edge = None
            self.changed.emit()

    def row(self) -> int | None:
        """Return which row of the partners looked at it is, or None."""
        influence = self._inspecting.influence
        if self.edge is None or influence is None or influence.partners.empty:
            return None
        partner, partners = self.edge.partner, influence.partners
        away = np.hypot(partners["y"] - partner.y, partners["x"] - partner.x).to_numpy()
        return int(away.argmin()) if away.min() <= reach_of(self.edge.run) else None

    def _set(self, partner: pd.Series) -> None:
        selection, read_out = self._inspecting.selection, self._inspecting.read_out
        if selection is None or read_out is None or self._inspecting.answer is None:
            return
        place = EdgeEnd(selection.mask, selection.y, selection.x, selection.key)
        end = self._partner(partner)
        self.edge = Edge(read_out.run, place, end, self._inspecting.direction)
        self._ask()
        self.changed.emit()

    def _partner(self, row: pd.Series) -> EdgeEnd:
        y, x = float(row["y"]), float(row["x"])
        read_out = self._inspecting.read_out
        assert read_out is not None
        key = partner_key(self._inspecting, y, x)
        if key is not None:
            kind, label = key
            places = read_out.run.results.place_labels
            image = read_out.question.regions if kind == "region" else places
            assert image is not None
            return EdgeEnd(image == label, y, x, key)
        # The pixels of the one latent that the row is of.
        stride, shape = read_out.run.results.grid.stride, read_out.run.results.grid.shape
        rows, columns = np.ogrid[: shape[0], : shape[1]]
        mask = (np.abs(rows - y) <= stride / 2) & (np.abs(columns - x) <= stride / 2)
        return EdgeEnd(mask, y, x, None)

    def _on_selection(self) -> None:
        # A driver may only have another number at another penalty: then there is an answer.
        if self._inspecting.answer is None:
            self.forget()

    def _on_answered(self) -> None:
        """Follow place and partner to another penalty or another outline."""
        influence = self._inspecting.influence
        if self.edge is None or influence is None:
            return
        row = self.row()
        if row is None:
            self.forget()
        else:
            self._set(influence.partners.iloc[row])

    def _tell(self) -> None:
        if self.edge is not None:
            self.changed.emit()

    def _drop(self) -> None:
        self._asking.forget()
        self._asked, self.answer, self.failure = None, None, ""

    def _ask(self) -> None:
        """Ask where somebody wants to know; until there is an answer the last one stays."""
        if self.edge is not None and self._wanted and not self.edge.same(self._asked):
            self._asked, self.failure = self.edge, ""
            self._asking.ask(self.edge)

    def _calmly(self, edge: Edge) -> Iterator[Any]:
        """Answer when nobody waits for the inspection."""
        yield from self._inspecting.precedence.pauses()
        yield answer_edge(edge)

    def _receive(self, news: Any) -> None:
        match news:
            case EdgeAnswer():
                self.answer = news
                self.changed.emit()
            case Failure():
                news.log()
                self.failure = news.sentence
                self.changed.emit()


def partner_key(inspecting: Inspecting, y: float, x: float) -> tuple[PlaceKind, int] | None:
    """Return the driver, candidate or region that lies at a partner's position, or None.

    The selected place is none of its own partners, however large it was painted.
    """
    key, selection = inspecting.key_at(round(y), round(x)), inspecting.selection
    return None if selection is not None and key == selection.key else key


def place_name(
    inspecting: Inspecting, key: tuple[PlaceKind, int] | None, y: float, x: float
) -> str:
    """Return what a person calls a place: its position where it is none of the listed ones."""
    return inspecting.position(y, x) if key is None else inspecting.name_of(*key)


def answer_edge(edge: Edge) -> EdgeAnswer:
    """Return source and target over time, and the target around the source's events."""
    from napari_sparsevar.analysis.evidence.event_average import (
        EventWindow,
        event_average,
        source_events,
    )
    from napari_sparsevar.run.traces import place_series

    source, target = (place_series(edge.run, end.mask) for end in edge.ends)
    window = EventWindow.of(edge.run.fps)
    events = source_events(source.innovation, window.apart)
    average = event_average(target.innovation, events, window)
    return EdgeAnswer(edge, source.activity, target.activity, events, average)

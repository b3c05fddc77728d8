"""The timeline: activity over time, the inspected place, the current frame, windows marked."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
)
from superqt import QElidingLabel
from superqt.utils import qthrottled

from napari_sparsevar.comparison.windows import snap
from napari_sparsevar.widgets.inspecting.edge import EdgeAnswer
from napari_sparsevar.widgets.layers.frames import Frames
from napari_sparsevar.widgets.parts.boxes import in_column, in_row
from napari_sparsevar.widgets.parts.dock import Dock, prefer_area
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.timeline.edge_legend import EdgeLegend
from napari_sparsevar.widgets.timeline.known_lanes import unasked
from napari_sparsevar.widgets.timeline.lane_tools import LaneTools
from napari_sparsevar.widgets.timeline.plot import STANDARDISED, TimePlot
from napari_sparsevar.widgets.timeline.trace_switches import TraceSwitches
from napari_sparsevar.widgets.timeline.window_spans import WindowSpans
from napari_sparsevar.widgets.timeline.words import short_names, what_is_drawn
from napari_sparsevar.widgets.training.choices import HOW_TO_BEGIN
from napari_sparsevar.widgets.work.failure import refusals_shown

REDRAW_MS = 100
TITLE = "Timeline"


class Timeline(Dock):
    """Mean of the field, traces of places, drivers, windows and the frame slider on one axis."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        prefer_area(TITLE, "bottom")
        self._viewer = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._windows = self._session.comparing.windows
        self._activity = self._session.activity
        self._inspected = self._session.inspected
        self._edge = self._session.edge
        self.plot = TimePlot(self._viewer.theme)
        self.spans = WindowSpans(self._windows, self.plot.view, self)
        self.mark = _button("Mark window", "", checkable=True)
        self.remove = _button("Remove", "Remove the selected window.")
        self.whole = _button("Whole movie", "See all frames again.")
        self.tools = LaneTools(self._session.painted, self._session.beside, self._windows, self)
        self.switches = TraceSwitches(self._inspected.shown, self._viewer.theme)
        self.legend = EdgeLegend(self._viewer.theme)
        self._row_names: list[str] = []
        self.about = _words(QElidingLabel(), Qt.AlignmentFlag.AlignLeft)
        self.readout = QLabel()
        self.hint = _words(QLabel(), Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._redraw_soon = qthrottled(self.redraw, timeout=REDRAW_MS, leading=False)
        self._arrange()
        self._connect()
        self._restore()

    def _arrange(self) -> None:
        self.mark.setToolTip(
            "<qt>Drag on the timeline to mark a window; hold Shift to add another piece to the "
            "selected one. Windows and their edges can be dragged at any time.</qt>"
        )
        buttons = (self.mark, self.remove, self.whole, *self.tools.buttons)
        self.tools.listen_for_undo(self)
        bar = in_row(*buttons, self.switches, self.legend, (self.about, 1), self.readout)
        self.hint.setWordWrap(True)
        self._pages.addWidget(self.hint)
        self._pages.addWidget(self.plot)
        # An expanding policy keeps napari from adding empty space below the dock's content.
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        in_column(bar, (self._pages, 1), inside=self, margins=(6, 4, 6, 2), spacing=2)

    def _connect(self) -> None:
        self.mark.toggled.connect(self._on_mark)
        self.remove.clicked.connect(self._on_remove)
        self.whole.clicked.connect(self.plot.show_all)
        self.plot.cursor_moved.connect(self._go_to)
        self.plot.seen_changed.connect(self._on_seen)
        for view in (self.plot.view, self.plot.lanes.view):
            view.clicked.connect(self._go_to)
            view.marking_moved.connect(self._on_marking)
            view.marked.connect(self._on_marked)
        self.spans.clicked.connect(self._go_to)
        self.tools.painting.connect(self._on_painting)
        watch(self._windows.changed, self._on_windows, self)
        watch(self._windows.selection_changed, self._on_windows, self)
        watch(self._activity.frames_changed, self._on_frames, self)
        watch(self._activity.field.changed, self._on_traces, self)
        watch(self._activity.regions.changed, self._on_traces, self)
        watch(self._inspected.changed, self._on_traces, self)
        watch(self._inspected.shown_changed, self._on_traces, self)
        watch(self._inspected.raster_changed, self._on_raster, self)
        watch(self._session.inspecting.selection_changed, self._on_raster, self)
        watch(self._session.run_changed, self._on_lanes, self)
        watch(self._session.painted.changed, self._on_lanes, self)
        watch(self._session.beside.changed, self._on_lanes, self)
        watch(self._edge.changed, self._on_traces, self)
        self.switches.switched.connect(self._inspected.show)
        self.legend.closed.connect(self._edge.forget)
        self.plot.raster.clicked.connect(self._on_row)
        watch(self._viewer.dims.events.point, self._on_slider, self)
        watch(self._viewer.events.theme, self._on_theme, self)

    def _restore(self) -> None:
        self._activity.want()
        self._inspected.want()
        self._edge.want(TITLE)
        self._session.count_timelines(1)
        self.spans.set_text_colour(self.plot.text)
        self._on_frames(self._activity.frames)
        self._on_windows()

    @property
    def frames(self) -> Frames | None:
        """The time axis on show."""
        return self._activity.frames

    def redraw(self) -> None:
        """Draw every trace now, if anybody can see it; else it is done once somebody can."""
        if not self.isVisible():
            return
        inspects = self._inspected.selection is not None
        self.plot.set_field(self._activity.field)
        # One place at a time: painted regions come back when nothing is inspected.
        self.plot.set_regions([] if inspects else self._activity.region_traces())
        edge = self._edge_drawn()
        if edge is None:
            self.plot.set_inspected(self._inspected.traces(), self._inspected.shown)
            self.plot.set_events(self._inspected.events)
        else:
            curves = {"source": edge.source, "target": edge.target}
            self.plot.set_inspected(curves, curves.keys(), STANDARDISED)
            self.plot.set_events(edge.events)
            self.legend.set_names(*self._edge.names)
        self.switches.set_shown(self._inspected.shown)
        self._say()

    def _edge_drawn(self) -> EdgeAnswer | None:
        """Return the chosen edge where it is known and the movie is that of the run."""
        fits = self._inspected.selection is not None and not self._inspected.why_not
        return self._edge.answer if fits else None

    def _say(self) -> None:
        marking, painting = self.mark.isChecked(), self.tools.paint.isChecked()
        inspects = self._inspected.selection is not None
        edge = None if self._edge_drawn() is None else self._edge
        # All need the same room, and a stretch that is being marked comes first.
        drags = marking or painting
        self.tools.be_brief(inspects and not drags)
        self.switches.setVisible(inspects and edge is None and not drags)
        self.legend.setVisible(edge is not None and not drags)
        said = what_is_drawn(
            self._activity,
            self._inspected,
            edge,
            len(self.plot.left_out.frames),
            len(self.plot.painted.frames),
            marking=marking,
            painting=painting,
        )
        self.about.setText(said)
        self.about.setToolTip(said)
        self.hint.setText(self._activity.why_none or self._inspected.why_not or HOW_TO_BEGIN)

    def _on_raster(self) -> None:
        if not self.isVisible():
            return
        inspecting, raster = self._session.inspecting, self._inspected.raster
        selection = inspecting.selection
        keys = () if raster is None else raster.keys
        row = None
        if self._inspected.current_raster:
            row = keys.index(selection.key) if selection and selection.key in keys else None
            self._row_names = short_names(inspecting.places(), keys)
        first = raster is not None and not self.plot.raster.n_rows
        # Rows of another penalty keep their names until those of this one are there.
        self.plot.set_raster(raster, self._row_names, row)
        if first:
            self.ask_for_height()
        self._on_traces()

    def _on_row(self, row: int) -> None:
        raster = self._inspected.raster
        if raster is not None and self._inspected.current_raster:
            self._session.inspecting.select(*raster.keys[row])

    def _on_frames(self, frames: Frames | None) -> None:
        self._pages.setCurrentIndex(0 if frames is None else 1)
        for button in (self.mark, self.whole):
            button.setEnabled(frames is not None)
        self.about.setVisible(frames is not None)
        if frames is not None:
            self.plot.set_time(frames.n_frames, frames.fps)
            self.spans.set_n_frames(frames.n_frames)
            self._on_slider()
        self._on_lanes()
        self.redraw()

    def _on_lanes(self, *_: Any) -> None:
        painted, height = self._session.painted, self.plot.lanes.height
        self.plot.set_lanes(self.tools.look(self._session.run, self._activity.movie))
        fits = len(painted.bad) == len(self.tools.known.found)
        known = self.tools.known
        found = unasked(known, painted) if fits else known.found
        self.plot.left_out.set_frames(np.flatnonzero(found))
        self.plot.painted.set_frames(np.flatnonzero(painted.bad))
        if self.plot.lanes.height > height:
            self.ask_for_height()
        self._say()

    def _on_traces(self) -> None:
        self._redraw_soon()

    def _on_slider(self, *_: Any) -> None:
        if self.frames is not None and self.isVisible():
            frame = self.frames.shown(self._viewer)
            self.plot.set_frame(frame)
            self._say_frame(frame, self.frames.fps)

    def _say_frame(self, frame: int, fps: float | None) -> None:
        self.readout.setText(f"frame {frame:,}" + (f" · {frame / fps:.2f} s" if fps else ""))

    def _go_to(self, frame: float) -> None:
        if self.frames is not None:
            self.frames.show(self._viewer, frame)
            self._on_slider()

    def _on_seen(self, start: float, stop: float) -> None:
        self._windows.seen = (start, stop)

    def _on_mark(self, on: bool) -> None:
        if on:
            self.tools.paint.setChecked(False)
        self._on_dragging()

    def _on_painting(self, on: bool) -> None:
        if on:
            self.mark.setChecked(False)
        self.spans.hold_still(on)
        self.plot.cursor.setMovable(not on)
        self._on_dragging()

    def _on_dragging(self) -> None:
        on = self.mark.isChecked() or self.tools.paint.isChecked()
        shape = Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor
        for view in (self.plot.view, self.plot.lanes.view):
            view.marking = on
            view.setCursor(shape)
        self._say()

    def _on_marking(self, first: float, last: float) -> None:
        start, stop = self._piece(first, last)
        self.plot.set_draft((start, stop))
        fps = self.frames.fps if self.frames else None
        seconds = f" · {start / fps:.2f} to {stop / fps:.2f} s" if fps else ""
        self.readout.setText(f"frames {start:,} to {stop:,}{seconds}")

    def _on_marked(self, first: float, last: float, another_piece: bool) -> None:
        self.plot.set_draft(None)
        piece = self._piece(first, last)
        if self.tools.paint.isChecked():
            self.tools.mark(*piece, bad=not another_piece)
            self._on_slider()
            return
        selected = self._windows.selected
        with refusals_shown():
            if another_piece and selected is not None:
                pieces = self._windows[selected].pieces
                self._windows.replace(selected, [*pieces, piece])
            else:
                self._windows.add([piece])
        self._on_slider()

    def _piece(self, first: float, last: float) -> tuple[int, int]:
        n_frames = self.frames.n_frames if self.frames else 1
        start = min(max(snap(first), 0), n_frames - 1)
        return start, min(max(snap(last), start + 1), n_frames)

    def _on_remove(self) -> None:
        if self._windows.selected is not None:
            self._windows.remove(self._windows.selected)

    def _on_windows(self, *_: Any) -> None:
        self.spans.draw()
        self.remove.setVisible(self._windows.selected is not None)

    def _on_theme(self, event: Any) -> None:
        self.plot.set_theme(event.value)
        self.switches.set_theme(event.value)
        self.legend.set_theme(event.value)
        self.spans.set_text_colour(self.plot.text)

    def showEvent(self, event: Any) -> None:
        """Catch up with what has happened while nobody could see it."""
        super().showEvent(event)
        self._on_raster()
        self.redraw()
        self._on_slider()

    def give_up(self) -> None:
        """Give back what the viewer lent."""
        self._session.count_timelines(-1)
        self._inspected.want(self._session.timelines > 0)
        self._edge.want(TITLE, self._session.timelines > 0)


def open_timeline(viewer: ViewerModel) -> Timeline:
    """Open the timeline across the bottom, or return the one there is."""
    for widget in viewer.window.dock_widgets.values():
        if isinstance(widget, Timeline):
            return widget
    timeline = Timeline(viewer)
    # The name the Plugins menu gives it, so that the menu knows it is open.
    viewer.window.add_dock_widget(timeline, name=f"{TITLE} (SparseVAR)", area="bottom")
    return timeline


def _button(text: str, tooltip: str, *, checkable: bool = False) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(checkable)
    button.setToolTip(f"<qt>{tooltip}</qt>")
    return button


def _words(label: QLabel, alignment: Qt.AlignmentFlag) -> QLabel:
    label.setAlignment(alignment | Qt.AlignmentFlag.AlignVCenter)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label

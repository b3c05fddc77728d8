"""The Compare dock: windows of time, the question, the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtWidgets import QPushButton, QWidget

from napari_sparsevar.comparison.windows import check_windows
from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.comparing.layers import go_to_edge, go_to_place
from napari_sparsevar.widgets.comparing.options import CompareOptions
from napari_sparsevar.widgets.comparing.result import CompareResult
from napari_sparsevar.widgets.comparing.windows_table import WindowsTable
from napari_sparsevar.widgets.comparing.worker import CompareRequest
from napari_sparsevar.widgets.parts.boxes import MARGINS, FittingScroll, boxed, in_column
from napari_sparsevar.widgets.parts.dock import NO_RUN, Dock
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.timeline_dock import open_timeline
from napari_sparsevar.widgets.train_dock import TrainDock
from napari_sparsevar.widgets.work.panel import WorkPanel

if TYPE_CHECKING:
    import pandas as pd

NO_WINDOWS = "Mark two windows on the timeline, or add them here."


class CompareDock(Dock):
    """Windows and question above, the answer below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer: ViewerModel = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._comparing = self._session.comparing
        self.timeline = QPushButton("Open the timeline")
        self.windows = WindowsTable(self._comparing.windows)
        self.options = CompareOptions(self._comparing.windows)
        self.panel = WorkPanel(self._comparing, begin="Compare")
        self.result = CompareResult(self._comparing, self._viewer.theme)
        self._arrange()
        self._connect()
        self.windows.set_frames(self._session.activity.frames)
        self._on_timelines(self._session.timelines > 0)
        self._on_state(self._comparing.state)
        self.lie_beside(TrainDock)

    def _arrange(self) -> None:
        asked = in_column(self.timeline, self.windows, self.options, margins=(0, 0, 6, 0))
        self.question = boxed(asked)
        scroll = FittingScroll(self.question, minimum_height=120)
        # Where there is no answer yet, the room below stays empty.
        rest = QWidget()
        parts = (scroll, self.panel, (self.result, 100), (rest, 1))
        in_column(*parts, inside=self, margins=MARGINS, spacing=8)
        self.timeline.setToolTip(
            "<qt>Shows the activity over time below the movie; windows are marked there by "
            "dragging.</qt>"
        )
        self.setMinimumWidth(320)

    def _connect(self) -> None:
        comparing = self._comparing
        self.timeline.clicked.connect(self._open_timeline)
        self.panel.begin_button.clicked.connect(self.compare)
        self.result.layers.clicked.connect(self._session.show_comparison)
        self.result.edges.chosen.connect(self._go_to_edge)
        self.result.places.chosen.connect(self._go_to_place)
        watch(comparing.state_changed, self._on_state, self)
        watch(comparing.windows.changed, self._tell_what_is_missing, self)
        watch(self._session.run_changed, self._tell_what_is_missing, self)
        watch(self._session.timelines_changed, self._on_timelines, self)
        watch(self._session.activity.frames_changed, self.windows.set_frames, self.windows)
        watch(self._viewer.events.theme, self._on_theme, self)

    def compare(self) -> None:
        """Start a comparison with what the dock shows, as the button does."""
        try:
            self._comparing.start(self._request())
        except UserError as error:
            self._comparing.refuse(error)

    def _request(self) -> CompareRequest:
        if self._session.run is None:
            raise UserError(NO_RUN)
        windows = tuple(self._comparing.windows)
        frames = self._session.activity.frames
        if frames is not None:
            check_windows(windows, frames.n_frames)
        return CompareRequest(self._session.run, windows, self.options.options())

    def _on_state(self, state: str) -> None:
        self.question.setEnabled(state == "idle")
        self._tell_what_is_missing()

    def _tell_what_is_missing(self, *_: Any) -> None:
        missing = None
        if self._session.run is None:
            missing = NO_RUN
        elif len(self._comparing.windows) < 2:
            missing = NO_WINDOWS
        self.panel.set_obstacle(missing)

    def _go_to_edge(self, edge: pd.Series) -> None:
        go_to_edge(self._viewer, edge, self._session.placement())

    def _go_to_place(self, place: pd.Series) -> None:
        go_to_place(self._viewer, place, self._session.placement())

    def _on_timelines(self, some: bool) -> None:
        self.timeline.setHidden(some)

    def _open_timeline(self) -> None:
        open_timeline(self._viewer)

    def _on_theme(self, event: Any) -> None:
        self.result.null_plot.set_theme(event.value)

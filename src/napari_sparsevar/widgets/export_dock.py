"""The Export dock: a figure as it will look, and results for other programs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtWidgets import QTabWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.compare_dock import CompareDock
from napari_sparsevar.widgets.drivers_dock import DriversDock
from napari_sparsevar.widgets.export_requests import (
    chosen_words,
    figure_request,
    results_request,
)
from napari_sparsevar.widgets.exporting.figure import HAVE_MAP, ExportFigure
from napari_sparsevar.widgets.exporting.results import ExportResults
from napari_sparsevar.widgets.exporting.worker import (
    CURRENT_VIEW,
    FigureRequest,
    copy_stream,
    figure_stream,
    results_stream,
)
from napari_sparsevar.widgets.parts.boxes import MARGINS, FittingScroll, in_column, wrapped_label
from napari_sparsevar.widgets.parts.dock import NO_RUN, Dock
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.train_dock import TrainDock
from napari_sparsevar.widgets.work.panel import WorkPanel

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run


class ExportDock(Dock):
    """Figure and results as tabs, progress below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer: ViewerModel = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._exporting = self._session.exporting
        self.figure = ExportFigure(self._figure_request)
        self.results = ExportResults()
        self.panel = WorkPanel(self._exporting, end="Cancel", ending="Cancelling…")
        self.tabs = QTabWidget()
        self.about = wrapped_label()
        self._arrange()
        self._connect()
        self._on_run(self._session.run)
        self.lie_beside(TrainDock, DriversDock, CompareDock)

    def _arrange(self) -> None:
        self.tabs.addTab(self.figure, "Figure")
        self.tabs.addTab(FittingScroll(self.results, minimum_height=120), "Results")
        in_column(self.about, (self.tabs, 1), self.panel, inside=self, margins=MARGINS, spacing=8)
        self.setMinimumWidth(320)

    def _connect(self) -> None:
        session, refresh = self._session, self._on_shown
        self.figure.save.clicked.connect(self.save_figure)
        self.figure.copy.clicked.connect(self.copy_figure)
        self.results.export.clicked.connect(self.export_results)
        watch(self._exporting.state_changed, self._on_state, self)
        watch(self._exporting.written, self._on_written, self)
        watch(session.run_changed, self._on_run, self)
        for signal in (
            session.inspecting.read_out_changed,
            session.inspecting.selection_changed,
            session.inspecting.answered,
            session.inspecting.notes_changed,
            session.comparing.shown_changed,
        ):
            watch(signal, refresh, self)
        camera, dims = self._viewer.scene.camera, self._viewer.dims
        canvas = self._viewer.canvas
        for emitter in (
            camera.events.zoom,
            camera.events.center,
            canvas.events.size,
            dims.events.current_step,
        ):
            watch(emitter, self._on_view, self)
        # Those of the list and of every layer in it.
        watch(self._viewer.layers.events, self._on_layers, self)
        watch(self._viewer.events.theme, self._on_view, self)

    def save_figure(self) -> None:
        """Ask where the figure should go and write it, as the button does."""
        try:
            request = self.figure.request(self.figure.dpi.value)
            path = self.figure.ask_for_path(self._folder())
        except UserError as error:
            self._exporting.refuse(error)
            return
        if path is not None:
            # Whoever chose a file that is there has been asked by the system.
            self._exporting.start(partial(figure_stream, request, path, path.exists()))

    def copy_figure(self) -> None:
        """Put the figure on the clipboard, as the button does."""
        try:
            request = self.figure.request(self.figure.dpi.value)
        except UserError as error:
            self._exporting.refuse(error)
            return
        self._exporting.start(partial(copy_stream, request))

    def export_results(self) -> None:
        """Write what is ticked into the folder, as the button does."""
        try:
            request = results_request(
                self._session,
                self.results.folder.path(),
                self.results.chosen,
                self.results.session_start(),
            )
        except UserError as error:
            self._exporting.refuse(error)
            return
        self._exporting.start(partial(results_stream, request))

    def _figure_request(
        self, kind: str, width_mm: float, dpi: float, as_in_viewer: bool
    ) -> FigureRequest:
        return figure_request(self._viewer, self._session, kind, width_mm, dpi, as_in_viewer)

    def _folder(self) -> Path:
        """Return where figures go: beside the last one, or beside the run."""
        if self._exporting.last_folder is not None:
            return self._exporting.last_folder
        run = self._session.run
        return Path.home() if run is None else Path(run.path).absolute().parent

    def _on_run(self, run: Run | None) -> None:
        self.results.propose(run)
        self.results.about.setText("" if run is not None else NO_RUN)
        self._on_state(self._exporting.state)
        self._on_shown()

    def _on_state(self, state: str) -> None:
        idle = state == "idle"
        self.figure.set_idle(idle)
        self.results.set_state(idle=idle, has_run=self._session.run is not None)

    def _on_written(self, path: Path) -> None:
        self.results.propose(self._session.run)

    def _on_shown(self, *_: Any) -> None:
        self.about.setText(chosen_words(self._session))
        self.about.setVisible(bool(self.about.text()))
        self.figure.preview.refresh()

    def _on_view(self, *_: Any) -> None:
        if self.figure.chosen == CURRENT_VIEW:
            self.figure.preview.refresh()

    def _on_layers(self, event: Any) -> None:
        coloured = self.figure.chosen in HAVE_MAP and self.figure.as_in_viewer.value
        if coloured and event.type in ("contrast_limits", "colormap", "gamma"):
            self.figure.preview.refresh()
        self._on_view()

"""The Cells dock: bring the cells you have, fit them, see who drives whom."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QSplitter, QTabWidget, QWidget

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.cells.matrix import MatrixPanel
from napari_sparsevar.widgets.cells.pair import PairPanel
from napari_sparsevar.widgets.cells.saving import SaveButton
from napari_sparsevar.widgets.cells.settings import CellSettings
from napari_sparsevar.widgets.cells.source import CellSource
from napari_sparsevar.widgets.cells.table import CellActions
from napari_sparsevar.widgets.cells.traces import TracesPanel
from napari_sparsevar.widgets.compare_dock import CompareDock
from napari_sparsevar.widgets.drivers_dock import DriversDock
from napari_sparsevar.widgets.layers.clicking import on_click
from napari_sparsevar.widgets.parts.boxes import (
    MARGINS,
    FittingScroll,
    boxed,
    in_column,
    in_row,
    wrapped_label,
)
from napari_sparsevar.widgets.parts.dock import Dock
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.train_dock import TrainDock
from napari_sparsevar.widgets.work.panel import WorkPanel

if TYPE_CHECKING:
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_sparsevar.cells.cell_fit import CellFit

GRAPH_TIP = (
    "Arrows between cells, of edges beyond chance: those of the chosen cell, of all where none is "
    "chosen. Orange raises, blue lowers."
)
FIT, AGAIN = "Fit cells", "Fit again"
CHANGED = "Cells were changed since: press Fit again."


class CellsDock(Dock):
    """Where cells come from and the fit above; table, matrix and traces; the chosen pair below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer: ViewerModel = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._brought = self._session.cells
        self.source = CellSource(self._session, self._viewer)
        self.settings = CellSettings(self._session)
        self.panel = WorkPanel(self._brought, begin=FIT)
        self.headline = wrapped_label()
        self.notes = wrapped_label()
        self.cells = CellActions(self._brought)
        self.matrix = MatrixPanel(self._brought, self._viewer.theme)
        self.traces = TracesPanel(self._brought, self._viewer.theme)
        self.pair = PairPanel(self._brought, self._viewer.theme)
        self.tabs = QTabWidget()
        self.graph = QCheckBox("Graph")
        self.save = SaveButton(self._brought)
        self._below = QSplitter(Qt.Orientation.Vertical)
        self._rest = QWidget()
        self._click = on_click(self._on_canvas)
        self._arrange()
        self._connect()
        self._restore()
        self.lie_beside(TrainDock, DriversDock, CompareDock)

    def _arrange(self) -> None:
        for title, page in (
            ("Cells", self.cells),
            ("Matrix", self.matrix),
            ("Traces", self.traces),
        ):
            self.tabs.addTab(page, title)
        self.tabs.setDocumentMode(True)
        self.graph.setToolTip(f"<qt>{GRAPH_TIP}</qt>")
        self._below.addWidget(self.tabs)
        self._below.addWidget(self.pair)
        self._below.setChildrenCollapsible(False)
        self._below.setStretchFactor(0, 3)
        self._below.setStretchFactor(1, 2)
        asked = boxed(in_column(self.source, self.settings, margins=(0, 0, 6, 0), spacing=5))
        self.said = FittingScroll(boxed(in_column(self.headline, self.notes)), minimum_height=36)
        parts = FittingScroll(asked, minimum_height=60), self.panel, self.said
        last = in_row(self.graph, None, self.save)
        in_column(
            *parts,
            (self._below, 100),
            (self._rest, 1),
            last,
            inside=self,
            margins=MARGINS,
            spacing=6,
        )
        self.setMinimumWidth(350)
        self.setAcceptDrops(True)

    def _connect(self) -> None:
        brought = self._brought
        self.panel.begin_button.clicked.connect(self.fit)
        self.graph.toggled.connect(self._session.cell_layers.show_graph)
        self.cells.table.itemSelectionChanged.connect(self._point_out)
        self.matrix.plot.field_clicked.connect(self._point_out)
        self.pair.pair_chosen.connect(self._point_out)
        for part in (self.traces, self.pair):
            part.frame_clicked.connect(self._go_to_frame)
        for signal in (brought.cells_changed, brought.edits_changed, brought.fit_changed):
            watch(signal, self._tell, self)
        watch(brought.state_changed, self._tell, self)
        watch(self._viewer.dims.events.current_step, self._follow_frame, self)
        watch(brought.fit_changed, self._follow_frame, self)
        watch(self._viewer.events.theme, self._on_theme, self)
        self._viewer.mouse_drag_callbacks.append(self._click)

    def _restore(self) -> None:
        self.graph.setChecked(self._session.cell_layers.graph_wanted)
        self._tell()
        self._follow_frame()

    def fit(self) -> None:
        """Start a fit with what the dock shows, as the button does."""
        try:
            self._brought.start(self.settings.request())
        except UserError as error:
            self._brought.refuse(error)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Take files that are dropped here."""
        if event is not None and _dropped(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Open what was dropped as cells."""
        path = None if event is None else _dropped(event)
        if event is not None and path is not None:
            event.acceptProposedAction()
            self._brought.open(path)

    def _tell(self, *_: Any) -> None:
        brought = self._brought
        some, fit = brought.given is not None, brought.fit
        self._below.setVisible(some)
        self._rest.setVisible(not some)
        self.settings.setVisible(some)
        self.panel.setVisible(some or brought.report.sentence != "")
        self.panel.begin_button.setText(FIT if fit is None else AGAIN)
        self.headline.setText("" if fit is None else f"<b>{_sentence(fit)}</b>")
        notes = [] if fit is None else [_advice(fit), *(f"⚠ {note}" for note in fit.notes)]
        if brought.outdated:
            notes.insert(0, CHANGED)
        self.notes.setText("<br>".join(filter(None, notes)))
        self.notes.setVisible(bool(self.notes.text()))
        self.said.setVisible(fit is not None)
        self.graph.setVisible(some)
        self.graph.setEnabled(fit is not None and fit.positions is not None)
        self.save.setVisible(some)

    def _point_out(self, *_: Any) -> None:
        self._session.cell_layers.point_out(*self._brought.chosen)

    def _on_canvas(self, position: Any) -> None:
        cell = self._session.cell_layers.cell_at(position)
        if cell is not None:
            self._brought.choose(cell)

    def _follow_frame(self, *_: Any) -> None:
        frame = float(self._viewer.dims.current_step[0]) if self._in_step() else None
        for plot in (self.traces.plot, self.pair.traces):
            plot.set_cursor(frame)

    def _go_to_frame(self, frame: float) -> None:
        if self._in_step():
            self._viewer.dims.set_current_step(0, round(frame))

    def _in_step(self) -> bool:
        """Whether the movie that is shown has the frames of the traces."""
        layer, fit = self._session.movie_layer, self._brought.fit
        return layer is not None and fit is not None and layer.data.shape[0] == len(fit.good)

    def _on_theme(self, event: Any) -> None:
        for plot in (self.matrix.plot, self.traces.plot, self.pair.lags, self.pair.traces):
            plot.set_theme(event.value)

    def give_up(self) -> None:
        """Give back what the viewer lent."""
        if self._click in self._viewer.mouse_drag_callbacks:
            self._viewer.mouse_drag_callbacks.remove(self._click)


def _sentence(fit: CellFit) -> str:
    from napari_sparsevar.cells.words import sentence

    return sentence(fit).replace("<=", "≤")


def _advice(fit: CellFit) -> str:
    from napari_sparsevar.cells.words import advice

    return advice(fit)


def _dropped(event: QDropEvent) -> Path | None:
    """Return the one file or folder that is dropped."""
    mime = event.mimeData()
    urls = [] if mime is None else [url for url in mime.urls() if url.isLocalFile()]
    return Path(urls[0].toLocalFile()) if len(urls) == 1 else None

"""The Drivers dock: how sparse, which places, what they drive and what drives them."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QToolButton,
)

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.widgets.compare_dock import CompareDock
from napari_sparsevar.widgets.inspecting.answers import PlaceKind, SelectedPlace
from napari_sparsevar.widgets.inspecting.driver_table import DriverTable
from napari_sparsevar.widgets.inspecting.events import EventsPanel
from napari_sparsevar.widgets.inspecting.keys import InspectKeys, help_text
from napari_sparsevar.widgets.inspecting.model_movies import TITLES, MovieKind
from napari_sparsevar.widgets.inspecting.partners import PartnersPanel
from napari_sparsevar.widgets.inspecting.path_plots import CriterionPlot, CurvesPlot
from napari_sparsevar.widgets.inspecting.place_actions import PlaceActions
from napari_sparsevar.widgets.inspecting.sparsity_panel import SparsityPanel
from napari_sparsevar.widgets.layers.sight import Pixel, bring_into_sight, point_out
from napari_sparsevar.widgets.parts.boxes import MARGINS, boxed, in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.dock import Dock
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.verdict_panel import VerdictPanel
from napari_sparsevar.widgets.session import get_session, plain_viewer
from napari_sparsevar.widgets.timeline_dock import open_timeline
from napari_sparsevar.widgets.train_dock import TrainDock
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    import pandas as pd
    from qtpy.QtGui import QResizeEvent

    from napari_sparsevar.run.run import Run

NOTHING_YET = (
    "Nothing to inspect yet.\n\nTrain a network (Plugins ▸ SparseVAR ▸ Train), or open a run: drag "
    "its folder onto the viewer."
)

ANYWHERE = "Click anywhere on the field, or paint a region, to inspect any place."

ARROWS = (
    "From and to the partners of the selected place; the strongest of the whole field where "
    "nothing is selected. Those that are not beyond chance (p above 0.05, or not tested) are thin "
    "and pale."
)


class DriversDock(Dock):
    """Verdict and sparsity above, places in the middle, partners and the path below."""

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        self._viewer: ViewerModel = plain_viewer(napari_viewer)
        self._session = get_session(self._viewer)
        self._inspecting = self._session.inspecting
        self.verdict = VerdictPanel()
        self.sparsity = SparsityPanel(self._inspecting)
        self.table = DriverTable(self._inspecting)
        self.actions_bar = PlaceActions(self._session, self._viewer, self.table)
        self.partners = PartnersPanel(self._inspecting, self._session.edge)
        self.events = EventsPanel(self._session.edge, self._viewer.theme)
        self.criterion = CriterionPlot(self._inspecting, self._viewer.theme)
        self.curves = CurvesPlot(self._inspecting, self._viewer.theme)
        self.selected = wrapped_label()
        self.none = wrapped_label(NOTHING_YET)
        self.arrows = QCheckBox("Arrows")
        self.movies: dict[MovieKind, QPushButton] = {}
        self.timeline = QPushButton("Timeline")
        self.help = QToolButton()
        self.tabs = QTabWidget()
        self._pages = QStackedWidget()
        self.keys = InspectKeys(self._session, self._viewer)
        self._arrange()
        self._connect()
        self._restore()
        self.lie_beside(TrainDock, CompareDock)

    def _arrange(self) -> None:
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tabs.addTab(self.partners, "Partners")
        self.tabs.addTab(self.events, "Events")
        self.tabs.addTab(self.criterion, "Criterion")
        self.tabs.addTab(self.curves, "Path")
        self.tabs.setDocumentMode(True)
        split = QSplitter(Qt.Orientation.Vertical)
        self.table.setMinimumHeight(70)
        split.addWidget(boxed(in_column((self.table, 1), self.actions_bar, spacing=4)))
        selected = in_row((self.selected, 1), self.arrows, spacing=6)
        split.addWidget(boxed(in_column(selected, (self.tabs, 1), spacing=2)))
        split.setChildrenCollapsible(False)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 4)
        parts = self.verdict, self.sparsity, (split, 1), self._views()
        self._pages.addWidget(self.none)
        self._page = boxed(in_column(*parts, spacing=6))
        self._pages.addWidget(self._page)
        in_column((self._pages, 1), inside=self, margins=MARGINS)
        self.setMinimumWidth(350)

    def _views(self) -> QHBoxLayout:
        for kind, title in TITLES.items():
            button = QPushButton(title.split()[0].capitalize())
            button.setCheckable(True)
            button.setToolTip(f"<qt>Show the {title}: frames are decoded as you scrub.</qt>")
            button.clicked.connect(self._movie_toggler(kind))
            self.movies[kind] = button
        self.arrows.setToolTip(f"<qt>{ARROWS}</qt>")
        self.timeline.setToolTip("<qt>Traces of the selected place and activity of drivers.</qt>")
        self.help.setText("Keys")
        self.help.setToolTip(help_text())
        wide = [(button, 1) for button in (*self.movies.values(), self.timeline)]
        return in_row(*wide, self.help, spacing=4)

    def _connect(self) -> None:
        inspecting = self._inspecting
        self.table.chosen.connect(self._on_chosen)
        self.partners.table.chosen.connect(self._session.edge.choose)
        self.partners.table.chosen.connect(self._on_partner)
        self.criterion.moved.connect(self._on_line)
        self.curves.moved.connect(self._on_line)
        self.arrows.toggled.connect(self._session.inspect_layers.arrows.show)
        watch(self._session.inspect_layers.arrows.changed, self._on_arrows, self)
        self.timeline.clicked.connect(self._open_timeline)
        self.help.clicked.connect(self._show_help)
        watch(inspecting.run_changed, self._on_run, self)
        watch(self._session.run_grew, self._judge, self)
        watch(inspecting.selection_changed, self._say_selected, self)
        watch(inspecting.answered, self._say_selected, self)
        watch(inspecting.read_out_changed, self._say_selected, self)
        watch(inspecting.notes_changed, self._say_selected, self)
        watch(self._session.timelines_changed, self._on_timelines, self)
        watch(self._viewer.layers.events.removed, self._on_layers, self)
        watch(self._viewer.events.theme, self._on_theme, self)

    def _restore(self) -> None:
        self._on_run(self._inspecting.run)
        self._on_arrows(self._session.inspect_layers.arrows.asked_for)
        self._on_timelines(self._session.timelines > 0)
        self._session.count_drivers_docks(1)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the height anew."""
        super().resizeEvent(event)
        own = self.verdict.minimumSizeHint().height()
        self.verdict.leave_room(self.height(), self._page.minimumSizeHint().height() - own)

    def _on_run(self, run: Run | None) -> None:
        self._pages.setCurrentIndex(0 if run is None else 1)
        self._judge(run)
        self._say_selected()
        self._on_layers()

    def _judge(self, run: Run | None) -> None:
        if run is None:
            self.verdict.tell(None)
        else:
            self.verdict.tell(run.verdict, run.record.notices)

    def _say_selected(self) -> None:
        selection, shown = self._inspecting.selection, self._inspecting.read_out
        if selection is not None:
            words = self._said_of(selection)
        elif shown is not None and not (shown.places["kind"] == "driver").any():
            words = ANYWHERE  # why there is no driver, the verdict says
        else:
            words = f"Click a driver to see what it drives. {ANYWHERE}"
        self.selected.setText(words)

    def _said_of(self, selection: SelectedPlace) -> str:
        """Return name and evidence of what is selected."""
        place = self._inspecting.place(*selection.key)
        strength, p_value = selection.strength, selection.p_adjusted
        if place is not None:
            strength, p_value = float(place["strength"]), float(place["p_adjusted"])
        words = f"<b>{escape(self._inspecting.name_of(*selection.key))}</b>"
        if not math.isnan(strength):
            effect = "silences others · " if strength < 0 else ""
            words += f" · {effect}strength {abs(strength):.2f} · p {p_value_text(p_value)}"
        return words

    def _on_chosen(self, kind: PlaceKind, label: int) -> None:
        self._inspecting.select(kind, label)
        selection = self._inspecting.selection
        if selection is not None:
            self._point_out((selection.y, selection.x))

    def _on_partner(self, partner: pd.Series) -> None:
        selection = self._inspecting.selection
        if selection is not None:
            there = float(partner["y"]), float(partner["x"])
            self._point_out(there, (selection.y, selection.x))

    def _point_out(self, place: Pixel, *others: Pixel) -> None:
        """Show where a place is, and others with it; the view moves only where it has to."""
        placement = self._session.placement()
        bring_into_sight(self._viewer, place, placement)
        point_out(self._viewer, (place, *others), placement)

    def _on_line(self, penalty: float) -> None:
        path = self._inspecting.solution_path
        if path is not None:
            self._inspecting.set_penalty(min(max(penalty, path.least), path.largest))

    def _movie_toggler(self, kind: MovieKind) -> Any:
        def toggle(on: bool) -> None:
            with refusals_shown():
                if on:
                    self._session.model_movies.show(kind, self._session.movie_layer)
                else:
                    self._session.model_movies.hide(kind)
            self._on_layers()

        return toggle

    def _on_layers(self, *_: Any) -> None:
        for kind, button in self.movies.items():
            layer = self._session.model_movies.layer(kind)
            button.setChecked(layer is not None and layer.visible)

    def _on_arrows(self, asked_for: bool) -> None:
        self.arrows.setChecked(asked_for)

    def _on_timelines(self, some: bool) -> None:
        self.timeline.setEnabled(not some)

    def _open_timeline(self) -> None:
        open_timeline(self._viewer)

    def _show_help(self) -> None:
        from qtpy.QtWidgets import QToolTip

        below = self.help.mapToGlobal(self.help.rect().bottomLeft())
        QToolTip.showText(below, help_text(), self.help)

    def _on_theme(self, event: Any) -> None:
        for plot in (self.criterion, self.curves, self.events.plot):
            plot.set_theme(event.value)

    def give_up(self) -> None:
        """Give back what the viewer lent."""
        self.keys.release()
        self._session.count_drivers_docks(-1)

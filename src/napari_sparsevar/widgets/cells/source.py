"""Where cells come from: a file, a folder, a layer, or what lies beside the movie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QInputDialog,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from napari_sparsevar.cells.cells import Cells
from napari_sparsevar.cells.fit_folder import is_fit_directory
from napari_sparsevar.cells.preparing import TRACE_WORDS
from napari_sparsevar.errors import UserError
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.cells.worker import Asked
from napari_sparsevar.widgets.layers.movies import movie_of
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.parts.boxes import in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.table import there
from napari_sparsevar.widgets.work.failure import refusals_shown

if TYPE_CHECKING:
    from napari_sparsevar.run.run import Run
    from napari_sparsevar.widgets.session import Session

NO_CELLS = (
    "Bring the cells you have: a suite2p folder, CaImAn, NWB, Cellpose or ImageJ outlines, a label "
    "image, or a table of traces. Open… or drop a file here. Without any, find them in the movie."
)
DETECT = "Find cells in this movie"
DETECT_TIP = (
    "Places as wide as a cell that are bright or busy, and active by themselves. Not every cell is "
    "found, and now and then one that is none: look at them, exclude and merge in the table."
)
WIDTH_TIP = "How wide a cell is, in pixels of the movie; at 0 it is guessed."
MOST_CHOICES = 40
"""Entries of a menu; what a dialog asks is longer."""

_QUESTIONS = {
    "variable": "Which one?",
    "cells_in": "Where are the cells?",
    "kind": "What are the traces?",
}


class CellSource(QWidget):
    """A button that opens, what is at hand, and an offer of what lies beside the movie."""

    def __init__(self, session: Session, viewer: ViewerModel) -> None:
        super().__init__()
        self._session, self._viewer = session, viewer
        self._brought: BroughtCells = session.cells
        self._offered: Path | None = None
        self.open = QToolButton()
        self.menu = QMenu(self)
        self.said = wrapped_label()
        self.offer = QPushButton()
        self.detect = QPushButton(DETECT)
        self.diameter = QDoubleSpinBox()
        self._arrange()
        self.menu.aboutToShow.connect(self.list_sources)
        self.offer.clicked.connect(self._take_offer)
        self.detect.clicked.connect(self._detect)
        watch(self._brought.cells_changed, self.describe, self)
        watch(self._brought.asked, self.ask, self)
        watch(session.movie_layer_changed, self._look_beside, self)
        watch(session.run_changed, self._look_beside, self)
        self._look_beside()

    def _arrange(self) -> None:
        self.open.setText("Open…")
        self.open.setMenu(self.menu)
        self.open.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.open.setToolTip("<qt>Cells of another program, of a layer, or a fit you kept.</qt>")
        self.detect.setToolTip(f"<qt>{DETECT_TIP}</qt>")
        first = in_row((self.said, 1), self.open)
        self.diameter.setRange(0.0, 100.0)
        self.diameter.setDecimals(1)
        self.diameter.setSpecialValueText("any width")
        self.diameter.setSuffix(" px wide")
        self.diameter.setToolTip(f"<qt>{WIDTH_TIP}</qt>")
        self._finding = QWidget()
        in_row((self.detect, 1), self.diameter, inside=self._finding)
        in_column(first, self.offer, self._finding, inside=self, spacing=4)

    def describe(self, *_: Any) -> None:
        """Say what cells are at hand."""
        cells = self._brought.given
        self.said.setText(NO_CELLS if cells is None else description(cells))
        self.offer.setVisible(cells is None and self._offered is not None)
        self._finding.setVisible(cells is None and self._session.movie_layer is not None)

    def list_sources(self) -> None:
        """List files, layers and what lies beside the movie, as they are now."""
        self.menu.clear()
        self._entry("File…", self._open_file)
        self._entry("Folder (suite2p, a fit you kept)…", self._open_folder)
        if self._session.movie_layer is not None:
            self._entry(DETECT, self._detect)
        layers = [layer for layer in reversed(list(self._viewer.layers)) if holds_cells(layer)]
        if layers:
            there(self.menu.addSection("Layers"))
        for layer in layers[:MOST_CHOICES]:
            self._entry(f"“{layer.name}”", partial(self._take_layer, layer))
        found = self._beside()
        if found:
            there(self.menu.addSection("Beside the movie, or in its run"))
        for path in found[:MOST_CHOICES]:
            self._entry(_short(path), partial(self._brought.open, path))

    def ask(self, question: Asked) -> None:
        """Have the person say what a file leaves open."""
        setting, choices = question.needed.setting, list(question.needed.choices)
        title = _QUESTIONS.get(setting, "Which one?")
        chosen, taken = QInputDialog.getItem(self, title, str(question.needed), choices, 0, False)
        if taken:
            answer: dict[str, Any] = {setting: chosen}
            self._brought.open(question.path, replace(question.given, **answer))

    def _entry(self, text: str, act: Callable[[], object]) -> None:
        action = there(self.menu.addAction(text))
        action.triggered.connect(lambda *_: act())

    def _open_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Cells or traces", self._start())
        if name:
            self._brought.open(Path(name))

    def _open_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of cells", self._start())
        if name:
            self._brought.open(Path(name))

    def _take_layer(self, layer: Layer) -> None:
        from napari_sparsevar.cells.memory import cells_in_memory

        with refusals_shown():
            self._brought.take(cells_in_memory(layer))

    def _take_offer(self) -> None:
        if self._offered is not None:
            self._brought.open(self._offered)

    def _detect(self) -> None:
        layer = self._session.movie_layer
        with refusals_shown():
            if layer is not None:
                self._brought.detect(movie_of(layer), self.diameter.value() or None)

    def _look_beside(self, *_: Any) -> None:
        found = self._beside()
        self._offered = found[0] if found else None
        if found:
            self.offer.setText(f"Use {_short(found[0])}, found beside the movie or in its run")
            self.offer.setToolTip(f"<qt>{found[0]}</qt>")
        self.describe()

    def _beside(self) -> list[Path]:
        return [*_fits_of(self._session.run), *_found_beside(self._movie_path())]

    def _movie_path(self) -> Path | None:
        layer = self._session.movie_layer
        named = None if layer is None else layer.metadata.get(METADATA_KEY, {}).get("source")
        return None if named is None else Path(named)

    def _start(self) -> str:
        source = self._movie_path()
        return "" if source is None else str(source.parent)


def _found_beside(movie: Path | None) -> list[Path]:
    """Return what suite2p and CaImAn left beside a movie."""
    if movie is None:
        return []
    from napari_sparsevar.cells.finding import find_cells  # as slow as opening the movie was

    try:
        return [each.path for each in find_cells(movie)]
    except UserError:  # nobody asked for them: a folder that cannot be listed offers nothing
        return []


def _fits_of(run: Run | None) -> list[Path]:
    """Return the fits of cells that came with the training of a run, or were made in it."""
    if run is None:
        return []
    from napari_sparsevar.run.store import CELLS, FOUND_CELLS  # as slow as opening the run was

    return [run.path / name for name in (CELLS, FOUND_CELLS) if is_fit_directory(run.path / name)]


def description(cells: Cells) -> str:
    """Return in one line what cells came, and what of them is known."""
    where = "" if cells.source is None else f"{cells.source.name}: "
    known = [TRACE_WORDS[kind] for kind in cells.traces]
    if cells.footprints is not None:
        known.insert(0, "outlines")
    elif cells.positions is not None:
        known.insert(0, "positions")
    length = "" if cells.n_frames is None else f", {cells.n_frames:,} frames"
    rate = "" if cells.fps is None else f" at {cells.fps:g} Hz"
    plural = "s" * (len(cells) != 1)
    return f"{where}{len(cells):,} cell{plural} with {', '.join(known)}{length}{rate}"


def holds_cells(layer: Layer) -> bool:
    """Whether a layer of a person's own can be cells: outlines drawn or painted."""
    # With frames as well, which is what napari's own buttons make beside a movie.
    whole = not getattr(layer, "multiscale", False)
    return isinstance(layer, Labels | Shapes) and whole and kind_of(layer) in (None, "regions")


def _short(path: Path) -> str:
    return "/".join(path.parts[-2:])

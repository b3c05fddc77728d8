"""A fit of cells kept, to be opened again, written for other programs, or drawn for print."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari.utils.notifications import show_info
from qtpy.QtWidgets import QFileDialog, QMenu, QToolButton

from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.cells.worker import REPORT, drawing_stream, writing_stream
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.new_folder import free
from napari_sparsevar.widgets.parts.table import there
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.latest import Replacing

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit
    from napari_sparsevar.export.cells.everything import CellsAs

WAYS: dict[str, tuple[CellsAs, ...]] = {
    "Keep the fit, to be opened again…": (),
    "CSV: matrices, tables, traces…": ("csv",),
    "NPY: matrices and traces…": ("npy",),
    "Parquet…": ("parquet",),
    "GraphML for Gephi, Cytoscape, networkx…": ("graphml",),
    "NWB…": ("nwb",),
}

PICTURES = {
    "Figure of the matrix…": "matrix",
    "Figure of the graph…": "graph",
    "Figure of the traces…": "traces",
    "Report, one page…": REPORT,
}
FIGURES, PAGE = "Figures (*.svg *.pdf *.png)", "Page (*.html)"


class SaveButton(QToolButton):
    """A menu of what a fit can be written as; writing is done in the background."""

    def __init__(self, brought: BroughtCells) -> None:
        super().__init__()
        self._brought = brought
        self.setText("Save…")
        self.setToolTip("<qt>Keep the fit, write it for other programs, or draw it.</qt>")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        for words, formats in WAYS.items():
            action = there(menu.addAction(words))
            action.triggered.connect(partial(self._save, formats))
        there(menu.addSection("For print"))
        for words, kind in PICTURES.items():
            action = there(menu.addAction(words))
            action.triggered.connect(partial(self._draw, kind))
        self.setMenu(menu)
        self._writing = Replacing(self._receive, what="Saving the cells")
        watch(brought.fit_changed, self._on_fit, self)
        self._on_fit()

    @property
    def busy(self) -> bool:
        """Whether something is being written."""
        return self._writing.busy

    def _on_fit(self) -> None:
        self.setEnabled(self._brought.fit is not None)

    def _save(self, formats: tuple[CellsAs, ...], *_: Any) -> None:
        fit = self._brought.fit
        if fit is None:
            return
        parent = QFileDialog.getExistingDirectory(self, "In which folder?", _start(fit))
        if parent:
            stem = f"cells-{formats[0]}" if formats else "cells-fit"
            folder = free(Path(parent) / stem)
            self._writing.start(partial(writing_stream, fit, folder, formats))

    def _draw(self, kind: str, *_: Any) -> None:
        fit = self._brought.fit
        if fit is None:
            return
        ending, offered = (".html", PAGE) if kind == REPORT else (".svg", FIGURES)
        proposed = str(Path(_start(fit)) / f"cells-{kind}{ending}")
        written = QFileDialog.getSaveFileName(self, "Where to?", proposed, offered)[0]
        if written:
            path = Path(written)
            path = path if path.suffix else path.with_suffix(ending)
            self._writing.start(partial(drawing_stream, fit, path, kind))

    def _receive(self, news: Any) -> None:
        if isinstance(news, Failure):
            news.report()
        elif isinstance(news, str):
            show_info(news)


def _start(fit: CellFit) -> str:
    source = fit.cells.source
    return "" if source is None else str(Path(source).parent)

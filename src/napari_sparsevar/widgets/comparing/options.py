"""What a comparison is asked: which pairs, at what level, with how many draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QSpinBox, QVBoxLayout, QWidget
from superqt import QCollapsible

from napari_sparsevar.widgets.comparing.windows import Windows
from napari_sparsevar.widgets.comparing.worker import library_options
from napari_sparsevar.widgets.parts.form import NarrowComboBox, NumberBox, form_rows, row_label
from napari_sparsevar.widgets.parts.lifetime import watch

if TYPE_CHECKING:
    from napari_sparsevar.comparison.options import ComparisonOptions

LEVEL, DRAWS, SEED = 0.05, 1000, 0


class CompareOptions(QWidget):
    """A choice of pairs, and three numbers folded away.

    Parameters
    ----------
    windows : Windows
        Their labels can be chosen as the baseline.
    """

    def __init__(self, windows: Windows, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._windows = windows
        self.pairs = NarrowComboBox()
        self.level = NumberBox()
        self.draws = QSpinBox()
        self.seed = QSpinBox()
        self._arrange()
        watch(windows.changed, self.show_labels, self)
        self.show_labels()

    def options(self) -> ComparisonOptions:
        """Return ``ComparisonOptions``."""
        return library_options(
            draws=self.draws.value(),
            level=self.level.value(),
            seed=self.seed.value(),
            # Two windows make one pair, whichever was the baseline of more.
            baseline=self.pairs.currentData() if len(self._windows) > 2 else None,
        )

    def show_labels(self) -> None:
        """Offer the windows there are, keeping the choice."""
        chosen = self.pairs.currentData()
        self.pairs.clear()
        self.pairs.addItem("all pairs", None)
        for window in self._windows:
            self.pairs.addItem(f"each against {window.label}", window.label)
        self.pairs.setCurrentIndex(max(self.pairs.findData(chosen), 0) if chosen else 0)
        self._pairs_row.setVisible(len(self._windows) > 2)

    def _arrange(self) -> None:
        self.level.setRange(0.001, 0.5)
        self.level.setDecimals(3)
        self.level.setSingleStep(0.01)
        self.level.setValue(LEVEL)
        self.draws.setRange(99, 100_000)
        self.draws.setSingleStep(500)
        self.draws.setValue(DRAWS)
        self.seed.setRange(0, 2**31 - 1)
        self.seed.setValue(SEED)
        rows = form_rows()
        for title, editor, tooltip in (
            ("Level", self.level, "Adjusted p-values up to this count as a change."),
            ("Draws", self.draws, "Of the null distribution; the least p-value is 1/(1 + draws)."),
            ("Seed", self.seed, "The same seed draws the same null distribution."),
        ):
            editor.setToolTip(f"<qt>{tooltip}</qt>")
            rows.addRow(row_label(title), editor)
        self._pairs_row = QWidget()
        choice = form_rows()
        choice.addRow(row_label("Compare"), self.pairs)
        self._pairs_row.setLayout(choice)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._pairs_row)
        layout.addWidget(_fold(rows))


def _fold(rows: Any) -> QCollapsible:
    fold = QCollapsible("Advanced", expandedIcon="▾", collapsedIcon="▸")
    fold.setDuration(120)
    inner = QWidget()
    inner.setLayout(rows)
    fold.setContent(inner)
    layout = fold.layout()
    assert layout is not None
    layout.setContentsMargins(0, 0, 0, 0)
    fold.collapse(animate=False)
    return fold

"""What a comparison found: words, edges, places, null distribution, pairs; the earlier ones."""

from __future__ import annotations

from datetime import datetime

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QLabel,
    QPushButton,
    QSizePolicy,
    QTabWidget,
    QWidget,
)

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison, ComparisonSet
from napari_sparsevar.comparison.sentence import sentence
from napari_sparsevar.widgets.comparing.layers import has_layers
from napari_sparsevar.widgets.comparing.null_plot import NullPlot
from napari_sparsevar.widgets.comparing.state import Comparing
from napari_sparsevar.widgets.comparing.tables import EdgesTable, PairsMatrix, PlacesTable
from napari_sparsevar.widgets.parts.boxes import (
    FittingScroll,
    boxed,
    in_column,
    in_row,
    wrapped_label,
)
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch

BY_CHANCE = "Without a difference, what the map shows may well be chance."


class CompareResult(QWidget):
    """A view of the comparison being looked at."""

    def __init__(self, comparing: Comparing, theme: str) -> None:
        super().__init__()
        self._comparing = comparing
        self._pair: Comparison | None = None
        self.earlier = narrow(QComboBox())
        self.sentence = _selectable()
        self.others = _selectable()
        self.null_plot = NullPlot(theme)
        self.edges = EdgesTable()
        self.places = PlacesTable()
        self.matrix = PairsMatrix()
        self.layers = QPushButton("Show layers")
        self.take_windows = QPushButton("Mark its windows")
        self.tabs = QTabWidget()
        self._arrange()
        self._connect()
        self.show_sets()

    def _arrange(self) -> None:
        self.earlier.setToolTip("<qt>Comparisons of this run, the newest first.</qt>")
        self.layers.setToolTip(
            "<qt>Lay the difference map and the changed edges over the movie, again.</qt>"
        )
        self.take_windows.setToolTip("<qt>Put the windows of this comparison on the timeline.</qt>")
        self.tabs.addTab(self.matrix, "All pairs")
        self.tabs.addTab(self.edges, "Changed edges")
        self.tabs.addTab(self.places, "Changed places")
        # Short, so that all four tabs fit into a dock.
        null = self.tabs.addTab(self.null_plot, "Null")
        self.tabs.setTabToolTip(null, "<qt>Null distribution of the test of dynamics.</qt>")
        self.tabs.setTabVisible(self.tabs.indexOf(self.matrix), False)
        self.tabs.setCurrentWidget(self.edges)
        self.tabs.setDocumentMode(True)
        words = FittingScroll(boxed(in_column(self.sentence, self.others)), minimum_height=56)
        buttons = in_row(self.layers, self.take_windows)
        in_column(self.earlier, words, (self.tabs, 1), buttons, inside=self, spacing=5)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def _connect(self) -> None:
        self.earlier.currentIndexChanged.connect(self._on_earlier)
        self.take_windows.clicked.connect(self._on_take_windows)
        self.matrix.pair_chosen.connect(self._comparing.show_pair)
        watch(self._comparing.sets_changed, self.show_sets, self)
        watch(self._comparing.shown_changed, self.show_pair, self)

    def show_sets(self) -> None:
        """List the comparisons of the run again."""
        with QSignalBlocker(self.earlier):
            self.earlier.clear()
            for found in reversed(self._comparing.sets):
                self.earlier.addItem(_title(found), found.name)
        self.show_pair()

    def show_pair(self) -> None:
        """Show the pair of windows being looked at."""
        shown, looked_at = self._comparing.shown, self._comparing.pair
        self.setVisible(looked_at is not None)
        pair, adjusted = looked_at or (None, None)
        run = self._comparing.run
        with QSignalBlocker(self.earlier):
            self.earlier.setCurrentIndex(self._index_of(shown))
        several = shown is not None and len(shown.windows) > 2
        self.matrix.show_set(shown if several else None)
        self.matrix.show_pair(pair)
        self.edges.show_pair(pair, None if run is None else run.fps)
        self.places.show_pair(pair)
        self._offer_matrix(several)
        self._leave_empty_table(pair)
        self.null_plot.show_test(None if pair is None else pair.dynamics)
        if pair is not None:
            self.sentence.setText(sentence(pair, adjusted if several else None))
            said = [other_tests(pair)]
            if has_layers(pair) and not self._comparing.differs:
                said.append(BY_CHANCE)
            self.others.setText("\n".join(said))
            self.layers.setEnabled(has_layers(pair))

    def _offer_matrix(self, several: bool) -> None:
        index = self.tabs.indexOf(self.matrix)
        if several != self.tabs.isTabVisible(index):
            self.tabs.setTabVisible(index, several)
            self.tabs.setCurrentWidget(self.matrix if several else self.edges)

    def _leave_empty_table(self, pair: Comparison | None) -> None:
        """Show the places of a new pair where no edge changed, and the other way round."""
        if pair is self._pair:
            return
        self._pair = pair
        for empty, other in ((self.edges, self.places), (self.places, self.edges)):
            if self.tabs.currentWidget() is empty and empty.empty and not other.empty:
                self.tabs.setCurrentWidget(other)
                return

    def _index_of(self, shown: ComparisonSet | None) -> int:
        sets = list(reversed(self._comparing.sets))
        return next((index for index, found in enumerate(sets) if found is shown), -1)

    def _on_earlier(self, index: int) -> None:
        sets = list(reversed(self._comparing.sets))
        if 0 <= index < len(sets):
            self._comparing.show_set(sets[index])

    def _on_take_windows(self) -> None:
        if self._comparing.shown is not None:
            self._comparing.windows.set_all(self._comparing.shown.windows)


def other_tests(pair: Comparison) -> str:
    """Return the test of anything and the prediction in one line each."""
    a, b, anything = pair.a.label, pair.b.label, pair.anything
    there, back = (
        f"{loss.value:.3f} [{loss.low:.3f}, {loss.high:.3f}]"
        for loss in pair.prediction.loss_pixels
    )
    return (
        f"Anything at all: p = {p_value_text(anything.p_value)}, most in the {anything.what}.\n"
        f"The model of {a} explains {b} worse than held-out {a} by {there} of the variance, "
        f"that of {b} explains {a} worse than held-out {b} by {back}."
    )


def _title(found: ComparisonSet) -> str:
    labels = ", ".join(window.label for window in found.windows)
    try:
        when = datetime.fromisoformat(found.created).astimezone().strftime("%d %b %Y %H:%M:%S")
    except ValueError:
        when = found.created
    return f"{labels} · {when}"


def _selectable() -> QLabel:
    label = wrapped_label()
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse
        | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label

"""Who drives whom as a picture: a row a driver, a column a follower."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from qtpy.QtCore import QRectF, Qt, Signal
from qtpy.QtGui import QStandardItemModel
from qtpy.QtWidgets import QComboBox, QGraphicsRectItem, QWidget

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.cells.ordering import CellOrder, order_of_cells
from napari_sparsevar.figures.colours import FAINT, SIGNED_COLOURS
from napari_sparsevar.figures.pooling import pooled
from napari_sparsevar.widgets.cells.state import BroughtCells
from napari_sparsevar.widgets.parts.boxes import in_column, in_row, wrapped_label
from napari_sparsevar.widgets.parts.fields import narrow
from napari_sparsevar.widgets.parts.lifetime import watch
from napari_sparsevar.widgets.parts.plot import STRONGEST, Plot, shortened
from napari_sparsevar.widgets.parts.table import there

if TYPE_CHECKING:
    from napari_sparsevar.cells.cell_fit import CellFit, MatrixKind

    BoolArray = npt.NDArray[np.bool_]
    FloatArray = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.intp]

KINDS: dict[str, MatrixKind] = {
    "Estimate": "estimate",
    "Score": "score",
    "Coefficient": "coefficient",
}
KIND_TIP = (
    "Estimate: debiased, summed over lags. Score: how many standard deviations of chance. "
    "Coefficient: what the lasso keeps."
)
ORDERS: dict[str, CellOrder] = {
    "Clusters": "cluster",
    "Position": "position",
    "Names": "name",
}
FAMILY, DISCOVERY, ALL = f"p ≤ {LEVEL:g}", f"FDR ≤ {LEVEL:g}", "All, pale"
LEVEL_TIP = (
    "p: adjusted for all pairs and lags, so that any field is there by chance in one recording of "
    "twenty. FDR: of the fields shown, one in twenty is. All: those not beyond chance are pale."
)

_RAISES, _LOWERS = np.array(SIGNED_COLOURS[3]), np.array(SIGNED_COLOURS[1])
LEAST_DOT_PX = 2.0
"""A smaller field is not seen: neighbours then share one."""
TEXT_PX = 13
"""Room that a name needs."""
MOST_LETTERS = 12


class Picture(NamedTuple):
    """A matrix as it is shown.

    Attributes
    ----------
    values : ndarray, shape (n, n)
    beyond : ndarray of bool, shape (n, n)
        Which of them are beyond chance.
    order : ndarray of int, shape (n,)
        Which cell of the fit each row and column is.
    names : sequence of str
        In that order.
    """

    values: FloatArray
    beyond: BoolArray
    order: Numbers
    names: Sequence[str]


def picture_of(
    fit: CellFit, kind: MatrixKind, how: CellOrder, level: str, shown: BoolArray
) -> Picture:
    """Return the matrix of a fit in an order.

    Parameters
    ----------
    fit : CellFit
    kind : {"estimate", "coefficient", "score"}
    how : {"cluster", "position", "name"}
    level : str
        ``DISCOVERY`` goes by the false discovery rate, all else by the family-wise p.
    shown : ndarray of bool, shape (n,)
        Which cells.
    """
    values = fit.matrix(kind)
    p_values = fit.matrix("p_fdr" if level == DISCOVERY else "p_adjusted")
    beyond = np.nan_to_num(p_values, nan=1.0) <= LEVEL
    order = order_of_cells(how, fit.names, np.where(beyond, values, 0.0), fit.positions)
    order = order[shown[order]]
    square = np.ix_(order, order)
    return Picture(values[square], beyond[square], order, [fit.names[cell] for cell in order])


def coloured(picture: Picture, light: bool, *, rest: bool) -> npt.NDArray[np.uint8]:
    """Return colours of a matrix, (n, n, 4): orange raises, blue lowers, nothing where masked.

    Parameters
    ----------
    picture : Picture
    light : bool
        Whether it is shown on a light ground.
    rest : bool
        Whether what is not beyond chance is shown, pale.
    """
    values = np.where(picture.beyond | rest, picture.values, 0.0)
    share = np.sqrt(np.clip(np.abs(values) / max(top_of(picture), 1e-12), 0.0, 1.0))
    ends = np.where(values[..., None] > 0, _RAISES, _LOWERS)
    bright = ends if light else ends + (1.0 - ends) * 0.35 * share[..., None]
    opacity = share * np.where(picture.beyond, 1.0, FAINT)
    return np.asarray(255 * np.concatenate([bright, opacity[..., None]], axis=-1), np.uint8)


def shared_fields(picture: Picture, each: int) -> Picture:
    """Return a picture with one field for ``each`` x ``each``: of those beyond chance the largest.

    A screen has fewer pixels than a thousand cells have pairs.
    """
    above_chance = np.where(picture.beyond, np.abs(picture.values).max(initial=0.0) + 1.0, 0.0)
    rank = np.abs(picture.values) + above_chance
    values, beyond = pooled(rank, each, picture.values, picture.beyond)
    return Picture(values, beyond, picture.order[::each], picture.names[::each])


def top_of(picture: Picture) -> float:
    """Return the value of the fullest colour: the largest beyond chance, else the largest."""
    sure = np.abs(picture.values[picture.beyond])
    return float(sure.max() if sure.size else np.abs(picture.values).max(initial=0.0))


class MatrixView(pg.ViewBox):
    """Says which field is under a click; the wheel looks closer."""

    clicked = Signal(float, float)

    def __init__(self) -> None:
        super().__init__(enableMenu=False, invertY=True)
        self.setDefaultPadding(0.0)

    def mouseClickEvent(self, event: Any) -> None:
        """Report the place of a click of the left button."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            at = self.mapToView(event.pos())
            self.clicked.emit(float(at.y()), float(at.x()))


class MatrixPlot(Plot):
    """The picture, names where there is room, a frame round the chosen pair."""

    field_clicked = Signal(int, int)

    def __init__(self, theme: str) -> None:
        self.matrix_view = MatrixView()
        super().__init__(self.matrix_view, "drives", "is driven")
        self.image = pg.ImageItem(axisOrder="row-major")
        self.frame = QGraphicsRectItem()
        self.border = QGraphicsRectItem()
        for item in (self.image, self.border, self.frame):
            self.view.addItem(item, ignoreBounds=True)
        self.picture: Picture | None = None
        self.chosen: tuple[int, int] | None = None
        self.matrix_view.clicked.connect(self._on_click)
        self.view.sigRangeChanged.connect(self._on_range)
        self._each = 1
        self.set_theme(theme)

    def show_picture(self, picture: Picture | None, *, rest: bool) -> None:
        """Draw a matrix."""
        other = self.picture is None or picture is None or len(picture.order) != self.size_shown
        self.picture, self._rest = picture, rest
        self._draw()
        if picture is not None and other:
            n = len(picture.order)
            self.border.setRect(QRectF(0, 0, n, n))
            self.view.setLimits(xMin=-0.5, xMax=n + 0.5, yMin=-0.5, yMax=n + 0.5)
            self.view.setRange(QRectF(0, 0, n, n), padding=0.0)
        self._name()

    @property
    def size_shown(self) -> int:
        """Number of rows."""
        return 0 if self.picture is None else len(self.picture.order)

    def frame_pair(self, pair: tuple[int, int] | None) -> None:
        """Draw a frame round a field, given by cells of the fit; or none."""
        self.chosen = pair
        rows = {} if self.picture is None else {c: r for r, c in enumerate(self.picture.order)}
        inside = pair is not None and pair[0] in rows and pair[1] in rows
        self.frame.setVisible(inside)
        if pair is not None and inside:
            self.frame.setRect(QRectF(rows[pair[1]], rows[pair[0]], 1, 1))

    def set_theme(self, theme: str) -> None:
        """Take the colours of a napari theme."""
        super().set_theme(theme)
        strongest = pg.mkPen(STRONGEST[self.is_light], width=2)
        strongest.setCosmetic(True)
        thin = pg.mkPen(self.text, width=1)
        thin.setCosmetic(True)
        self.frame.setPen(strongest)
        self.border.setPen(thin)
        if getattr(self, "picture", None) is not None:
            self._draw()

    def _draw(self) -> None:
        picture = self.picture
        self.image.setVisible(picture is not None)
        self.border.setVisible(picture is not None)
        if picture is not None:
            self._each = self._fields_a_pixel()
            shown = shared_fields(picture, self._each)
            colours = coloured(shown, self.is_light, rest=self._rest)
            self.image.setImage(colours, autoLevels=False, levels=None)
            side = len(shown.values) * self._each
            self.image.setRect(QRectF(0, 0, side, side))
        self.frame_pair(self.chosen)

    def _fields_a_pixel(self) -> int:
        """Return how many rows share a dot of the screen that can be seen."""
        (left, right), (top, bottom) = self.view.viewRange()
        dots = max(min(self.view.width(), self.view.height()) / LEAST_DOT_PX, 1.0)
        shown = min(max(right - left, bottom - top), self.size_shown)
        return max(1, int(np.ceil(shown / dots)))

    def _on_range(self, *_: Any) -> None:
        if self.picture is not None and self._fields_a_pixel() != self._each:
            self._draw()
        self._name()

    def _name(self, *_: Any) -> None:
        names = [] if self.picture is None else self.picture.names
        (left, right), (top, bottom) = self.view.viewRange()
        ends = (
            (self.left, top, bottom, self.view.height(), TEXT_PX),
            (self.bottom, left, right, self.view.width(), 7 * _longest(names)),
        )
        for axis, low, high, pixels, needed in ends:
            every = max(1, int(np.ceil((high - low) * needed / max(pixels, 1))))
            axis.setTicks(
                [
                    [
                        (row + 0.5, shortened(names[row], MOST_LETTERS))
                        for row in range(0, len(names), every)
                    ]
                ]
            )
            axis.setStyle(tickLength=0)

    def _on_click(self, y: float, x: float) -> None:
        if self.picture is None:
            return
        n = self.size_shown
        if 0 <= y < n and 0 <= x < n:
            order = self.picture.order
            self.field_clicked.emit(int(order[int(y)]), int(order[int(x)]))


class MatrixPanel(QWidget):
    """What is shown and in which order above, the picture, and what its colours mean."""

    def __init__(self, brought: BroughtCells, theme: str) -> None:
        super().__init__()
        self._brought = brought
        self._drawn: object = None
        self.kind, self.order, self.level = (narrow(QComboBox()) for _ in range(3))
        self.plot = MatrixPlot(theme)
        self.said = wrapped_label()
        self._arrange()
        for box in (self.kind, self.order, self.level):
            box.currentIndexChanged.connect(self.refresh)
        self.plot.field_clicked.connect(self._on_field)
        watch(brought.fit_changed, self.refresh, self)
        watch(brought.edits_changed, self.refresh, self)
        watch(brought.chosen_changed, self._mark, self)

    def _arrange(self) -> None:
        self.kind.addItems(list(KINDS))
        self.kind.setToolTip(f"<qt>{KIND_TIP}</qt>")
        self.order.addItems(list(ORDERS))
        self.order.setToolTip("<qt>In which order cells stand, the same in rows and columns.</qt>")
        self.level.addItems([FAMILY, DISCOVERY, ALL])
        self.level.setToolTip(f"<qt>{LEVEL_TIP}</qt>")
        boxes = in_row((self.kind, 1), (self.order, 1), (self.level, 1), spacing=4)
        in_column(boxes, (self.plot, 1), self.said, inside=self, margins=(0, 4, 0, 0), spacing=4)

    def refresh(self, *_: Any) -> None:
        """Draw the matrix as it is asked for, where anybody sees it."""
        if not self.isVisible():
            return
        brought = self._brought
        fit, hidden = brought.fit, brought.edits.hidden
        asked = fit, hidden, *(box.currentText() for box in (self.kind, self.order, self.level))
        if asked == self._drawn:
            return
        self._drawn = asked
        self._offer_positions(fit is not None and fit.positions is not None)
        if fit is None:
            self.plot.show_picture(None, rest=False)
            self.said.setText("Fit the cells to see who drives whom.")
            return
        shown = ~np.isin(brought.fitted, list(hidden))
        kind, how = KINDS[self.kind.currentText()], ORDERS[self.order.currentText()]
        picture = picture_of(fit, kind, how, self.level.currentText(), shown)
        self.plot.show_picture(picture, rest=self.level.currentText() == ALL)
        self.said.setText(self._words(picture))
        self._mark()

    def _words(self, picture: Picture) -> str:
        number = int(picture.beyond.sum())
        if not number:
            return "No pair is beyond chance at this level."
        pairs = f"{number} pair{'s' * (number != 1)} beyond chance"
        top = top_of(picture)
        return f"{pairs}. Orange raises, blue lowers; the fullest colour is {top:.2g}."

    def _offer_positions(self, known: bool) -> None:
        row = list(ORDERS).index("Position")
        model = self.order.model()
        assert isinstance(model, QStandardItemModel)
        there(model.item(row)).setEnabled(known)
        if not known and self.order.currentIndex() == row:
            self.order.setCurrentIndex(0)

    def _mark(self, *_: Any) -> None:
        first, second = (self._brought.place_in_fit(cell) for cell in self._brought.chosen)
        pair = None if first is None or second is None else (first, second)
        self.plot.frame_pair(pair)

    def _on_field(self, source: int, target: int) -> None:
        fitted = self._brought.fitted
        self._brought.choose(int(fitted[source]), int(fitted[target]) if source != target else None)

    def showEvent(self, event: Any) -> None:
        """Draw what is to be seen."""
        super().showEvent(event)
        self.refresh()


def _longest(names: Sequence[str]) -> int:
    return min(max(map(len, names), default=1), MOST_LETTERS) + 1

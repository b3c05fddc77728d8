"""Fields of forms: magicgui widgets in rows that line up and fit a narrow dock."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from magicgui.types import FileDialogMode
from magicgui.widgets import ComboBox, Container, FileEdit, FloatSpinBox, Widget
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QSizePolicy,
    QWidget,
)
from superqt import QCollapsible

from napari_sparsevar.widgets.parts.table import there

LABEL_WIDTH = 122
Box = TypeVar("Box", bound=QWidget)


class Rows(Container[Widget]):
    """A label and a field in each row; the rows of all parts line up."""

    def __init__(self, *fields: Widget) -> None:
        super().__init__(widgets=fields)
        self.margins = (0, 0, 0, 0)
        self.native.layout().setSpacing(5)
        for field in fields:
            field.native.setAccessibleName(field.label)
        for child in self.native.findChildren(QWidget):
            if isinstance(child, QComboBox | QAbstractSpinBox):
                narrow(child)
        self.native.installEventFilter(_LineUp(self))


class Choice(ComboBox):
    """A combo box whose choices come and go; what is chosen stays, whatever it is called now."""

    def reset_choices(self, *_: Any) -> None:
        """List the choices again. Says nothing, even if what was chosen is gone."""
        chosen = self.value
        with self.changed.blocked():
            # magicgui goes by the texts: it forgets what is renamed, and appends what is new.
            self.native.clear()
            super().reset_choices()
            if chosen in self.choices:
                self.value = chosen


def file_field(label: str, words: str) -> FileEdit:
    """Return a field for a file that is there."""
    mode = FileDialogMode.EXISTING_FILE
    return slim(FileEdit(mode=mode, label=label, tooltip=tooltip(words)))


def path_in(field: FileEdit) -> Path | None:
    """Return the path that is written in a field, None where there is none."""
    written = field.line_edit.value.strip()
    return Path(written).expanduser() if written else None


def slim(field: FileEdit) -> FileEdit:
    """Let a field for a path fit a narrow dock."""
    field.line_edit.min_width = 60
    field.choose_btn.text = "…"
    field.choose_btn.native.setFixedWidth(28)
    return field


def number(
    low: float, high: float, *, decimals: int = 0, unit: str = "", unset: str = "", **options: Any
) -> FloatSpinBox:
    """Return a box for a number, whole where it has no decimals.

    magicgui's box for whole numbers shows no unit.

    Parameters
    ----------
    low, high : float
        Limits.
    decimals : int
        Digits behind the point.
    unit : str
        Shown behind the number.
    unset : str
        Shown in place of the least number.
    **options
        Of ``FloatSpinBox``.
    """
    value = options.pop("value", low)
    box = FloatSpinBox(**options)
    box.native.setDecimals(decimals)
    box.native.setKeyboardTracking(False)
    box.range = low, high
    box.value = value
    set_unit(box, unit)
    box.native.setSpecialValueText(unset)
    return box


def set_unit(field: Widget, unit: str) -> None:
    """Show a unit behind a number: "1 frame", not "1 frames"."""
    box = field.native
    if box.property("unit") is None:
        box.valueChanged.connect(partial(_show_unit, box))
    box.setProperty("unit", unit)
    _show_unit(box, box.value())


def _show_unit(box: QDoubleSpinBox, value: float) -> None:
    unit = box.property("unit")
    box.setSuffix(unit and f" {unit.removesuffix('s') if value == 1 else unit}")


def narrow(box: Box) -> Box:
    """Fit a box into a narrow dock that scrolls; a combo box cuts long entries off."""
    if isinstance(box, QComboBox):
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
    if box.minimumWidth() == 0:
        box.setMinimumWidth(60)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    box.installEventFilter(_IgnoreWheel(box))
    return box


def tooltip(text: str) -> str:
    """Return a text that wraps; plain text would make one very long line."""
    return f"<qt>{text}</qt>"


def folded(content: QWidget, title: str = "Advanced") -> QCollapsible:
    """Return a widget that is folded away under a title."""
    # Plain triangles: they exist in every font and follow the theme's text colour.
    fold = QCollapsible(title, expandedIcon="▾", collapsedIcon="▸")
    fold.setDuration(120)
    fold.setContent(content)
    there(fold.layout()).setContentsMargins(0, 0, 0, 0)
    fold.collapse(animate=False)
    return fold


class _LineUp(QObject):
    """Gives the labels of rows one width, whatever the font."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows.native)
        fields = [field.native for field in rows]
        labels = rows.native.findChildren(QLabel)
        self._labels = [label for label in labels if label not in fields]
        self._line_up()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        restyled = (QEvent.Type.StyleChange, QEvent.Type.LayoutRequest)
        if event is not None and event.type() in restyled:
            self._line_up()
        return False

    def _line_up(self) -> None:
        width = max([LABEL_WIDTH, *(label.sizeHint().width() for label in self._labels)])
        for label in self._labels:
            label.setMinimumWidth(width)


class _IgnoreWheel(QObject):
    """Leaves the wheel to the scroll area: a value must not change under a passing mouse."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        event.ignore()
        return True

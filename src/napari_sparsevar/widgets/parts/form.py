"""A form made from a pydantic model: titles become labels, descriptions tooltips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types as limits
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)
from superqt import QCollapsible

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str, ...]
INT_MAX = 2**31 - 1
LABEL_WIDTH = 122


class ConfigForm(QWidget):
    """Widgets for every field of a model, nested models included.

    Fields whose ``json_schema_extra["group"]`` is ``advanced`` are folded away.

    Parameters
    ----------
    config : pydantic.BaseModel
        Fields and first values.
    """

    edited = Signal()

    def __init__(self, config: BaseModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._type = type(config)
        self._editors: dict[Path, Any] = {}
        self._shown: dict[Path, Any] = {}
        self._quiet = False
        basic, advanced = form_rows(), form_rows()
        for path, field in _fields(self._type):
            rows = advanced if _extra(field).get("group") == "advanced" else basic
            self._add(rows, path, field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(basic)
        layout.addWidget(self._fold(advanced))
        self.set_config(config)

    def config(self) -> BaseModel:
        """Return the values of the form as a new model.

        Raises
        ------
        pydantic.ValidationError
            If the model refuses a combination of values.
        """
        values: dict[str, Any] = {}
        for path, editor in self._editors.items():
            inner = values
            for name in path[:-1]:
                inner = inner.setdefault(name, {})
            inner[path[-1]] = self._value(path, editor)
        return self._type.model_validate(values)

    def set_config(self, config: BaseModel) -> None:
        """Show the values of a model of the same type."""
        self._quiet = True
        for path, editor in self._editors.items():
            value: Any = config
            for name in path:
                value = getattr(value, name)
            _show(editor, value)
            # A spin box rounds; an untouched field gives back exactly what was set.
            self._shown[path] = (_read(editor), value)
        self._quiet = False

    def editor(self, *path: str) -> QWidget:
        """Return the widget of a field, for example ``editor("model", "lags")``."""
        editor: QWidget = self._editors[path]
        return editor

    def set_unit(self, unit: str, *path: str) -> None:
        """Show another unit behind the number of a field."""
        editor = self._editors[path]
        editor.setProperty("unit", unit)
        _set_unit(editor, editor.value())

    def _value(self, path: Path, editor: QWidget) -> Any:
        shown, exact = self._shown[path]
        value = _read(editor)
        return exact if value == shown else value

    def _add(self, rows: QFormLayout, path: Path, field: FieldInfo) -> None:
        editor = _editor(field)
        label = row_label(field.title or path[-1])
        for widget in (label, editor):
            widget.setToolTip(_tooltip(field))
        label.setBuddy(editor)
        _changed(editor).connect(self._on_edited)
        rows.addRow(label, editor)
        self._editors[path] = editor

    def _fold(self, rows: QFormLayout) -> QCollapsible:
        # Plain triangles: they exist in every font and follow the theme's text colour.
        fold = QCollapsible("Advanced", self, expandedIcon="▾", collapsedIcon="▸")
        fold.setDuration(120)
        inner = QWidget()
        inner.setLayout(rows)
        fold.setContent(inner)
        layout = fold.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        fold.collapse(animate=False)
        return fold

    def _on_edited(self, *_: Any) -> None:
        if not self._quiet:
            self.edited.emit()


class _NoWheel:
    """Leave the wheel to the scroll area: a value must not change under a passing mouse."""

    def wheelEvent(self, event: Any) -> None:
        event.ignore()


class _SpinBox(_NoWheel, QSpinBox):
    pass


class NumberBox(_NoWheel, QDoubleSpinBox):
    """A box for a real number, free of the wheel."""


class _AutoBox(NumberBox):
    """A box for a number that may be left to the program: its least value reads "auto"."""

    def __init__(self, low: float, high: float, decimals: int, typical: float) -> None:
        super().__init__()
        self._typical = typical
        self.setDecimals(decimals)
        self.setRange(low - 10.0**-decimals, high)
        self.setSpecialValueText("auto")

    def stepBy(self, steps: int) -> None:
        # The way up from "auto" begins at a usual number, not at the least possible one.
        if steps > 0 and self.read() == "auto":
            self.setValue(self._typical)
        else:
            super().stepBy(steps)

    def read(self) -> float | str:
        """Return the number or "auto"."""
        return "auto" if self.value() == self.minimum() else self.value()

    def show_value(self, value: float | str) -> None:
        """Show a number or "auto"."""
        self.setValue(self.minimum() if value == "auto" else float(value))


class NarrowComboBox(_NoWheel, QComboBox):
    """A combo box that may be narrower than its longest entry, so that docks stay narrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: D102 - Qt's name
        return QSize(60, super().minimumSizeHint().height())


def row_label(text: str) -> QLabel:
    """Return the label of a row; one width, so that the rows of all parts line up."""
    label = QLabel(text)
    label.setMinimumWidth(LABEL_WIDTH)
    return label


def form_rows() -> QFormLayout:
    """Return an empty form whose editors fill the width."""
    rows = QFormLayout()
    rows.setContentsMargins(0, 0, 0, 0)
    rows.setVerticalSpacing(5)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    return rows


def _fields(model: type[BaseModel], prefix: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, (*prefix, name))
        else:
            yield (*prefix, name), field


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}


def _tooltip(field: FieldInfo) -> str:
    # Rich text wraps; plain text would make one very long line.
    return f"<qt>{field.description or ''}</qt>"


def _editor(field: FieldInfo) -> Any:
    kind = field.annotation
    if get_origin(kind) is Literal:
        combo = NarrowComboBox()
        for choice in get_args(kind):
            combo.addItem(str(choice), choice)
        return combo
    if kind is bool:
        return QCheckBox()
    if kind is int:
        return _int_editor(field)
    if kind is float:
        return _float_editor(field)
    number = _number_or_auto(field)
    if number is not None:
        return _auto_editor(field, *number)
    raise TypeError(f"The form has no editor for {kind}; add one to config_form.py.")


def _number_or_auto(field: FieldInfo) -> tuple[type, FieldInfo] | None:
    """Return the number's type and limits where a field is a number or "auto"."""
    if get_origin(field.annotation) not in (Union, UnionType):
        return None
    choices = list(get_args(field.annotation))
    if Literal["auto"] not in choices or len(choices) != 2:
        return None
    choices.remove(Literal["auto"])
    kind, *rest = get_args(choices[0]) or (choices[0],)
    limited = FieldInfo.from_annotation(choices[0]) if rest else field
    return (kind, limited) if kind in (int, float) else None


def _auto_editor(field: FieldInfo, kind: type, limited: FieldInfo) -> Any:
    decimals = 0 if kind is int else 1
    low, high = _bounds(limited, step=10.0**-decimals)
    editor = _AutoBox(max(low, -1e9), min(high, 1e9), decimals, _extra(field).get("typical", low))
    return _finish(editor, field)


def _int_editor(field: FieldInfo) -> Any:
    low, high = _bounds(field, step=1)
    editor = _SpinBox()
    editor.setRange(int(max(low, -INT_MAX)), int(min(high, INT_MAX)))
    return _finish(editor, field)


def _float_editor(field: FieldInfo) -> Any:
    default = abs(field.default) if isinstance(field.default, float) else 1.0
    decimals = 2 if default == 0 else max(2, 2 - math.floor(math.log10(default)))
    low, high = _bounds(field, step=10.0**-decimals)
    editor = NumberBox()
    editor.setDecimals(decimals)
    editor.setRange(max(low, -1e9), min(high, 1e9))
    return _finish(editor, field)


def _finish(editor: Any, field: FieldInfo) -> Any:
    unit = _extra(field).get("unit")
    if unit:
        editor.setProperty("unit", unit)
        editor.valueChanged.connect(lambda value: _set_unit(editor, value))
        _set_unit(editor, editor.value())
    editor.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
    editor.setKeyboardTracking(False)
    editor.setMinimumWidth(60)
    editor.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return editor


def _set_unit(editor: Any, value: float) -> None:
    unit = editor.property("unit")
    # "1 frame", not "1 frames".
    editor.setSuffix(f" {unit.removesuffix('s') if value == 1 else unit}")


def _bounds(field: FieldInfo, step: float) -> tuple[float, float]:
    low, high = -math.inf, math.inf
    for limit in field.metadata:
        match limit:
            case limits.Ge(ge=int() | float() as least):
                low = float(least)
            case limits.Gt(gt=int() | float() as least):
                low = float(least) + step
            case limits.Le(le=int() | float() as most):
                high = float(most)
            case limits.Lt(lt=int() | float() as most):
                high = float(most) - step
    return low, high


def _read(editor: Any) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    if isinstance(editor, _AutoBox):
        return editor.read()
    return editor.isChecked() if isinstance(editor, QCheckBox) else editor.value()


def _show(editor: Any, value: Any) -> None:
    if isinstance(editor, QComboBox):
        editor.setCurrentIndex(editor.findData(value))
    elif isinstance(editor, QCheckBox):
        editor.setChecked(value)
    elif isinstance(editor, _AutoBox):
        editor.show_value(value)
    else:
        editor.setValue(value)


def _changed(editor: Any) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentIndexChanged
    return editor.toggled if isinstance(editor, QCheckBox) else editor.valueChanged

"""A form made from a pydantic model: titles become labels, descriptions tooltips."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import reduce
from typing import Any, Generic, TypeVar, cast

from magicgui.backends._qtpy.widgets import QBaseRangedWidget
from magicgui.widgets import create_widget
from magicgui.widgets.bases import RangedWidget, ValueWidget
from pydantic import BaseModel
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QDoubleSpinBox, QWidget

from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.fields import Rows, folded, number, set_unit, tooltip

Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str, ...]
Schema = dict[str, Any]
"""What pydantic's JSON schema says of a field: its title, description, type and limits."""

_NUMBERS = ("integer", "number")
_LARGEST = 2**31 - 1


class ConfigForm(QWidget, Generic[Model]):
    """A magicgui widget for every field of a model, nested models included.

    Fields whose ``json_schema_extra["group"]`` is ``advanced`` are folded away.
    """

    edited = Signal()

    def __init__(self, config: Model) -> None:
        super().__init__()
        self._type = type(config)
        self._shown: dict[Key, Any] = {}
        schemas = dict(_schemas(self._type))
        self._fields = {key: _field(key[-1], schema) for key, schema in schemas.items()}
        groups: dict[str, list[ValueWidget[Any]]] = {"basic": [], "advanced": []}
        for key, field in self._fields.items():
            groups[schemas[key].get("group", "basic")].append(field)
            field.changed.connect(self._on_changed)
        in_column(
            Rows(*groups["basic"]).native, folded(Rows(*groups["advanced"]).native), inside=self
        )
        self.set_config(config)

    def config(self) -> Model:
        """Return the values of the form as a new model.

        Raises
        ------
        pydantic.ValidationError
            If the model refuses a combination of values.
        """
        values: dict[str, Any] = {}
        for key, field in self._fields.items():
            inner = values
            for name in key[:-1]:
                inner = inner.setdefault(name, {})
            shown, exact = self._shown[key]
            inner[key[-1]] = exact if field.value == shown else field.value
        return self._type.model_validate(values)

    def set_config(self, config: Model) -> None:
        """Show the values of a model of the same type."""
        for key, field in self._fields.items():
            value = reduce(getattr, key, config)
            with field.changed.blocked():
                field.value = _within(field, value)
            # A spin box rounds; an untouched field gives back exactly what was set.
            self._shown[key] = (field.value, value)

    def field(self, *key: str) -> ValueWidget[Any]:
        """Return the widget of a field, for example ``field("model", "lags")``."""
        return self._fields[key]

    def set_unit(self, unit: str, *key: str) -> None:
        """Show another unit behind the number of a field."""
        set_unit(self._fields[key], unit)

    def _on_changed(self, *_: Any) -> None:
        self.edited.emit()


class AutoBox(RangedWidget[Any]):
    """A box for a number that may be left to the program: its least value reads "auto".

    Parameters
    ----------
    low, high : float
        Limits of the number.
    decimals : int
        Digits behind the point.
    typical : float
        Where the way up from "auto" begins.
    **options
        Of ``RangedWidget``.
    """

    def __init__(
        self, low: float, high: float, decimals: int, typical: float, **options: Any
    ) -> None:
        super().__init__(widget_type=_AutoBackend, **options)
        self.native.setDecimals(decimals)
        self.native.setKeyboardTracking(False)
        self.native.setSpecialValueText("auto")
        self.native.typical = typical
        self.range = low - 10.0**-decimals, high

    def get_value(self) -> float | str:
        """Return the number or "auto"."""
        value = super().get_value()
        return "auto" if value == self.min else float(value)

    def set_value(self, value: float | str) -> None:
        """Show a number or "auto"."""
        super().set_value(self.min if value == "auto" else value)


class _AutoSpinBox(QDoubleSpinBox):
    typical = 0.0

    def stepBy(self, steps: int) -> None:
        # The way up from "auto" begins at a usual number, not at the least possible one.
        if steps > 0 and self.value() == self.minimum():
            self.setValue(self.typical)
        else:
            super().stepBy(steps)


class _AutoBackend(QBaseRangedWidget):
    """What magicgui asks for where it is given a Qt widget of ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__(_AutoSpinBox, **options)


def _schemas(model: type[BaseModel], outer: Key = ()) -> Iterator[tuple[Key, Schema]]:
    properties = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _schemas(kind, (*outer, name))
        else:
            yield (*outer, name), {"annotation": kind, **properties[name]}


def _field(name: str, schema: Schema) -> ValueWidget[Any]:
    words = {"tooltip": tooltip(schema.get("description", ""))}
    named = {"name": name, "label": schema["title"]}
    numbers = [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") in _NUMBERS]
    if not numbers:
        # Choices, a box to tick: magicgui knows from the type.
        field = create_widget(annotation=schema["annotation"], options=words, **named)
        return cast(ValueWidget[Any], field)
    [limited] = numbers
    auto = limited is not schema
    decimals = 0 if limited["type"] == "integer" else 1 if auto else _decimals(schema["default"])
    low, high = _limits(limited, 10.0**-decimals)
    if auto:
        box: RangedWidget[Any] = AutoBox(low, high, decimals, schema["typical"], **words, **named)
    else:
        box = number(low, high, decimals=decimals, **words, **named)
    set_unit(box, schema.get("unit", ""))
    return box


def _decimals(default: float) -> int:
    """Return digits enough for the default value, with two more to change it by."""
    return 2 if default == 0 else max(2, 2 - math.floor(math.log10(abs(default))))


def _limits(schema: Schema, step: float) -> tuple[float, float]:
    low = schema.get("minimum", schema.get("exclusiveMinimum", -_LARGEST) + step)
    high = schema.get("maximum", schema.get("exclusiveMaximum", _LARGEST) - step)
    return low, high


def _within(field: ValueWidget[Any], value: Any) -> Any:
    """Return the value a field can show: a number may lie closer to a limit than its decimals."""
    if isinstance(field, RangedWidget) and value != "auto":
        return min(max(value, field.min), field.max)
    return value

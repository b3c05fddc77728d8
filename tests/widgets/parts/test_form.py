"""The form shows every field of the model and gives back what it shows."""

from typing import Literal

import pytest
from magicgui.widgets import CheckBox, ComboBox
from pydantic import BaseModel, ConfigDict, Field
from qtpy.QtWidgets import QCheckBox, QLabel
from superqt import QCollapsible

from napari_sparsevar.training.config import PRESETS, TrainConfig
from napari_sparsevar.widgets.parts.form import ConfigForm


class Inner(BaseModel):
    width: int = Field(4, ge=1, le=8, title="Width", json_schema_extra={"unit": "px"})


class Outer(BaseModel):
    model_config = ConfigDict(frozen=True)
    kind: Literal["a", "b"] = Field("a", title="Kind", description="Which kind.")
    on: bool = Field(True, title="On", json_schema_extra={"group": "advanced"})
    rate: float = Field(3e-3, gt=0.0, lt=1.0, title="Rate")
    inner: Inner = Inner()


@pytest.fixture
def form(qtbot):
    form = ConfigForm(Outer())
    qtbot.addWidget(form)
    return form


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_come_back_exactly(qtbot, name):
    form = ConfigForm(TrainConfig())
    qtbot.addWidget(form)
    config = TrainConfig.from_preset(name)
    form.set_config(config)
    assert form.config() == config


def test_values_beyond_the_decimals_come_back_exactly(form):
    config = Outer(rate=0.00123456789)
    form.set_config(config)
    assert form.config() == config


def test_values_closer_to_a_limit_than_the_decimals_come_back_exactly(form):
    config = Outer(rate=1e-9)
    form.set_config(config)
    assert form.config() == config


def test_edits_come_back_nested(form):
    form.field("inner", "width").value = 7
    form.field("kind").value = "b"
    form.field("on").value = False
    form.field("rate").value = 0.5
    assert form.config() == Outer(kind="b", on=False, rate=0.5, inner=Inner(width=7))


def test_widgets_follow_the_types_and_limits(form):
    assert isinstance(form.field("kind"), ComboBox)
    assert form.field("kind").choices == ("a", "b")
    assert isinstance(form.field("on"), CheckBox)
    width, rate = form.field("inner", "width"), form.field("rate")
    assert (*width.range, width.native.suffix()) == (1, 8, " px")
    assert 0 < rate.min < rate.max < 1


def test_titles_and_descriptions_are_shown(form):
    named = {
        child.text(): child for kind in (QLabel, QCheckBox) for child in form.findChildren(kind)
    }
    assert {"Kind", "On", "Rate", "Width"} <= set(named)
    assert "Which kind." in named["Kind"].toolTip()
    assert "Which kind." in form.field("kind").tooltip


def test_advanced_fields_are_folded_away(form):
    fold = form.findChild(QCollapsible)
    assert not fold.isExpanded()
    assert fold.isAncestorOf(form.field("on").native)
    assert not fold.isAncestorOf(form.field("kind").native)


def test_only_a_person_makes_an_edit(qtbot, form):
    with qtbot.assertNotEmitted(form.edited):
        form.set_config(Outer(kind="b"))
    with qtbot.waitSignal(form.edited, timeout=1000):
        form.field("inner", "width").value = 8


def test_a_type_without_a_widget_is_refused(qtbot):
    class Strange(BaseModel):
        what: dict = Field(default_factory=dict)

    with pytest.raises(ValueError, match="No widget found"):
        ConfigForm(Strange())


def test_unit_is_singular_beside_one(qtbot):
    form = ConfigForm(TrainConfig())
    qtbot.addWidget(form)
    lags = form.field("model", "lags")
    lags.value = 1
    assert lags.native.text() == "1 frame"
    lags.value = 2
    assert lags.native.text() == "2 frames"


def test_a_number_may_be_left_to_the_program(qtbot):
    form = ConfigForm(TrainConfig())
    qtbot.addWidget(form)
    diameter = form.field("model", "cell_diameter")
    assert diameter.native.text() == diameter.value == "auto"
    diameter.native.stepUp()
    form.set_unit("µm", "model", "cell_diameter")
    assert diameter.native.text() == "6.5 µm"
    form.field("model", "stride").value = 5
    assert (form.config().model.cell_diameter, form.config().model.stride) == (6.5, 5)
    diameter.native.setValue(diameter.native.minimum())
    assert form.config().model.cell_diameter == "auto"

"""The form shows every field of the model and gives back what it shows."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from qtpy.QtWidgets import QCheckBox, QComboBox, QLabel
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


def test_edits_come_back_nested(form):
    form.editor("inner", "width").setValue(7)
    form.editor("kind").setCurrentIndex(1)
    form.editor("on").setChecked(False)
    form.editor("rate").setValue(0.5)
    assert form.config() == Outer(kind="b", on=False, rate=0.5, inner=Inner(width=7))


def test_editors_follow_the_types_and_bounds(form):
    assert isinstance(form.editor("kind"), QComboBox)
    assert isinstance(form.editor("on"), QCheckBox)
    width, rate = form.editor("inner", "width"), form.editor("rate")
    assert (width.minimum(), width.maximum(), width.suffix()) == (1, 8, " px")
    assert 0 < rate.minimum() < rate.maximum() < 1


def test_titles_and_descriptions_are_shown(form):
    labels = {label.text(): label for label in form.findChildren(QLabel)}
    assert {"Kind", "On", "Rate", "Width"} <= set(labels)
    assert "Which kind." in labels["Kind"].toolTip()


def test_advanced_fields_are_folded_away(form):
    fold = form.findChild(QCollapsible)
    assert not fold.isExpanded()
    assert fold.isAncestorOf(form.editor("on"))
    assert not fold.isAncestorOf(form.editor("kind"))


def test_only_a_person_makes_an_edit(qtbot, form):
    with qtbot.assertNotEmitted(form.edited):
        form.set_config(Outer(kind="b"))
    with qtbot.waitSignal(form.edited, timeout=1000):
        form.editor("inner", "width").setValue(8)


def test_a_type_without_editor_is_refused(qtbot):
    class Strange(BaseModel):
        what: dict = Field(default_factory=dict)

    with pytest.raises(TypeError, match="no editor"):
        ConfigForm(Strange())


def test_unit_is_singular_beside_one(qtbot):
    form = ConfigForm(TrainConfig())
    qtbot.addWidget(form)
    lags = form.editor("model", "lags")
    lags.setValue(1)
    assert lags.text() == "1 frame"
    lags.setValue(2)
    assert lags.text() == "2 frames"


def test_a_number_may_be_left_to_the_program(qtbot):
    form = ConfigForm(TrainConfig())
    qtbot.addWidget(form)
    diameter = form.editor("model", "cell_diameter")
    assert diameter.text() == "auto"
    diameter.stepUp()
    form.set_unit("µm", "model", "cell_diameter")
    assert diameter.text() == "6.5 µm"
    form.editor("model", "stride").setValue(5)
    assert (form.config().model.cell_diameter, form.config().model.stride) == (6.5, 5)
    diameter.setValue(diameter.minimum())
    assert form.config().model.cell_diameter == "auto"

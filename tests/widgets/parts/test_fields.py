"""Fields line up, stay as they are under a passing mouse, and keep what was chosen."""

import pytest
from magicgui.widgets import CheckBox, ComboBox, LineEdit
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QLabel

from napari_sparsevar.widgets.parts.fields import LABEL_WIDTH, Choice, Rows, number


@pytest.fixture
def shown(qtbot):
    def show(*fields):
        rows = Rows(*fields)
        qtbot.addWidget(rows.native)
        rows.native.show()
        qtbot.waitExposed(rows.native)
        return rows

    return show


def test_the_wheel_is_left_to_what_scrolls(shown):
    fields = [number(0, 9, value=5), ComboBox(choices=["a", "b", "c"], value="b")]
    rows = shown(*fields)
    for field in rows:
        turn = QWheelEvent(
            QPointF(5, 5),
            field.native.mapToGlobal(QPointF(5, 5)),
            QPoint(0, 120),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field.native, turn)
    assert [field.value for field in fields] == [5, "b"]


@pytest.mark.parametrize("last", ["Short", "A label that is wider than the others are"])
def test_labels_have_one_width(qtbot, shown, last):
    rows = shown(number(0, 9, label="Number"), CheckBox(text="Tick"), LineEdit(label=last))
    labels = rows.native.findChildren(QLabel)
    qtbot.waitUntil(lambda: len({label.width() for label in labels}) == 1, timeout=5000)
    assert all(label.width() >= max(LABEL_WIDTH, label.sizeHint().width()) for label in labels)


def test_a_row_can_be_hidden(shown):
    rows = shown(number(0, 9, name="one", label="One"), number(0, 9, label="Two"))
    rows.one.visible = False
    assert [label.text() for label in rows.native.findChildren(QLabel) if label.isVisible()] == [
        "Two"
    ]


def test_what_is_chosen_stays_under_another_name_and_in_another_order(qtbot):
    choices = [("a", 1), ("b", 2), ("c", 3)]
    box = Choice(choices=lambda _: choices)
    qtbot.addWidget(box.native)
    said = []
    box.changed.connect(said.append)
    box.value = 2
    choices[:] = [("z", 3), ("b2", 2), ("a", 1)]
    box.reset_choices()
    assert (box.value, box.current_choice, box.choices) == (2, "b2", (3, 2, 1))
    choices[:] = [("z", 3)]
    box.reset_choices()
    assert box.value == 3
    assert said == [2]
    choices[:] = []
    box.reset_choices()
    assert (box.value, len(box)) == (None, 0)


def test_the_least_number_may_have_a_name(qtbot):
    box = number(0, 100, decimals=2, unit="Hz", unset="unknown")
    qtbot.addWidget(box.native)
    assert box.native.text() == "unknown"
    box.value = 30
    assert box.native.text() == "30.00 Hz"

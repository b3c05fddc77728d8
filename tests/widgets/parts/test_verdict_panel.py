"""What a person reads of the worth of a run in the docks, and what to know of its movie."""

from dataclasses import replace
from pathlib import Path

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel

from made_runs import made_full_run
from napari_sparsevar.widgets.parts.boxes import boxed, in_column
from napari_sparsevar.widgets.parts.verdict_panel import VerdictPanel

WARNINGS = ("The frame rate is unknown.", "Cells look about <7 pixels wide.")


@pytest.fixture
def verdict():
    """A verdict with everything in it."""
    found = made_full_run(Path("run"), (33, 34), 60).verdict
    return replace(found, limits=("The field of view moves.", "Too short."))


@pytest.fixture
def panel(qtbot):
    inside = []

    def shown(**options):
        panel = VerdictPanel(**options)
        inside.append(boxed(in_column(panel, None)))
        qtbot.addWidget(inside[0])
        inside[0].resize(300, 600)
        inside[0].show()
        return panel

    return shown


def words(panel):
    labels = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    return " ".join(label.text() for label in labels)


def test_everything_is_said_and_a_limit_has_a_sign(panel, verdict):
    panel = panel()
    panel.tell(verdict)
    for sentence in verdict.sentences():
        assert sentence in words(panel)
    assert f"<b>{verdict.headline}</b>" in words(panel)
    assert words(panel).count("⚠") == len(verdict.limits)
    assert not panel.fold.isVisible()


def test_a_dock_with_little_room_says_the_headline_and_what_to_do(panel, verdict):
    panel = panel(brief=True)
    panel.tell(verdict, WARNINGS)
    assert verdict.headline in words(panel)
    assert verdict.advice in words(panel)
    assert verdict.findings[0] not in words(panel)
    assert "⚠" not in words(panel)
    assert "The frame rate is unknown." in words(panel)


def test_warnings_are_counted_folded_away_and_unfolded(panel, verdict):
    panel = panel()
    panel.tell(verdict, (*WARNINGS, WARNINGS[0]))
    assert panel.fold.text() == "▸ 2 warnings about the movie"
    assert "frame rate" not in words(panel)
    QTest.mouseClick(panel.fold, Qt.MouseButton.LeftButton)
    assert panel.fold.text() == "▾ 2 warnings about the movie"
    assert "&lt;7 pixels" in words(panel)
    panel.tell(verdict, WARNINGS[:1])
    assert panel.fold.text() == "▾ 1 warning about the movie"
    panel.tell(verdict)
    assert not panel.fold.isVisible()
    assert not panel.warnings.isVisible()


def test_where_there_is_nothing_to_say_it_takes_no_room(panel):
    panel = panel()
    assert panel.isHidden()
    panel.tell(None, WARNINGS)  # of a training of which nothing is known yet
    assert panel.isVisible()
    assert "2 warnings" in panel.fold.text()
    assert panel.headline.isHidden()
    panel.tell(None)
    assert panel.isHidden()


def test_long_words_scroll_between_headline_and_advice(panel, verdict, qtbot):
    """On 300 pixels nothing is cut off at the sides; headline and advice stay in sight."""
    panel = panel()
    panel.tell(verdict, ["One long warning after the other. " * 8] * 3)
    panel.fold.click()
    panel.leave_room(400)
    qtbot.wait(50)
    assert 60 < panel.lines.height() <= 100
    assert panel.minimumSizeHint().width() <= 300
    assert panel.lines.verticalScrollBar().maximum() > 0
    assert panel.lines.widget().width() <= panel.lines.viewport().width()
    for label in (panel.headline, panel.advice):
        assert label.height() >= label.heightForWidth(label.width())
        assert panel.rect().contains(label.geometry())


def test_where_all_else_needs_the_height_only_headline_and_advice_are_left(panel, verdict, qtbot):
    panel = panel()
    panel.tell(verdict, ["A warning."])
    panel.leave_room(400, others=330)
    assert panel.lines.isHidden()
    panel.tell(verdict, ["Another warning."])
    assert panel.lines.isHidden()
    assert panel.headline.isVisible()
    assert panel.advice.isVisible()
    panel.leave_room(800, others=330)
    assert panel.lines.isVisible()

"""The dock fits its window: nothing cut off, no blank gap, however much there is to say."""

import pytest
from superqt import QCollapsible

from napari_sparsevar.widgets.parts.boxes import FittingScroll
from napari_sparsevar.widgets.session import get_session
from napari_sparsevar.widgets.work.one_work import Report

LONG = "0.14% of all pixel values pile up from 53,650 on, in 749 of 16,384 pixels. " * 3


@pytest.fixture
def resize(qtbot, viewer, dock):
    def resized(width, height):
        viewer.window._qt_window.show()
        viewer.window.resize(width, height)
        qtbot.wait(200)
        return viewer.window._qt_window

    return resized


def scroll_of(dock):
    area = dock.settings.parent().parent().parent()
    assert isinstance(area, FittingScroll)
    return area


def test_the_plot_gets_the_spare_room(dock, resize):
    dock.guide.close_button.click()
    resize(1400, 1000)
    area = scroll_of(dock)
    assert area.verticalScrollBar().maximum() == 0
    assert area.height() - area.widget().minimumSizeHint().height() < 60
    assert dock.loss_plot.height() > 400
    dock.form.findChild(QCollapsible).expand(animate=False)
    before = area.height()
    resize(1400, 990)
    assert area.height() > before


def test_long_notices_do_not_make_the_window_taller_than_a_laptop(viewer, dock, resize):
    resize(1366, 768)
    get_session(viewer).training._tell(Report("Finished.", 1.0, None, None, (LONG, "Second.")))
    assert resize(1366, 760).height() == 760
    assert dock.minimumSizeHint().height() <= 560
    # Every word can be reached.
    words = dock.verdict.lines.widget()
    assert words.height() >= words.heightForWidth(words.width())


def test_words_take_no_room_while_there_are_none(viewer, dock, resize):
    resize(1366, 768)
    assert dock.panel.words.isHidden()
    get_session(viewer).training._tell(Report("Preparing…"))
    assert not dock.panel.words.isHidden()

"""A window that grew while docks lay below each other fits its screen again."""

from qtpy.QtWidgets import QMainWindow

from napari_sparsevar.widgets.parts.dock import fit_screen


def test_a_window_taller_than_its_screen_is_made_as_tall_as_it(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setGeometry(0, 0, 400, 5000)
    fit_screen(window)
    assert window.frameGeometry().bottom() <= window.screen().availableGeometry().bottom() + 1
    assert window.width() == 400


def test_a_window_that_fits_stays_as_it_is(qtbot):
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setGeometry(10, 10, 400, 300)
    fit_screen(window)
    assert (window.width(), window.height()) == (400, 300)

"""The first-run guide: what is done is ticked, and who has seen it never sees it again."""

import pytest
from napari import settings
from npe2 import PluginManifest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_sparsevar.widgets.parts.preferences import preferred
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


def steps(dock):
    """Mark and title of every step, and what is said at the next."""
    rows = dock.guide._rows
    said = [sentence.text() for _, sentence in rows if sentence.isEnabled()]
    return [title.text() for title, _ in rows], said


def test_the_way_from_nothing_to_the_drivers(
    viewer, dock, add_movie, open_dock, fake_train, until_idle
):
    assert steps(dock) == (
        ["▸ Open", "· Check", "· Train", "· Inspect"],
        ["Drag a movie onto the viewer."],
    )
    add_movie(viewer)
    dock.form.field("model", "cell_diameter").value = 12.0
    assert steps(dock)[0] == ["✓ Open", "✓ Check", "▸ Train", "· Inspect"]
    dock.panel.begin_button.click()
    until_idle(get_session(viewer).training)
    assert steps(dock) == (
        ["✓ Open", "✓ Check", "✓ Train", "▸ Inspect"],
        ["Press Show drivers."],
    )
    drivers = open_dock("Drivers")
    assert steps(dock) == (["✓ Open", "✓ Check", "✓ Train", "✓ Inspect"], [])
    drivers.give_up()
    assert steps(dock)[0][-1] == "▸ Inspect"


def test_what_the_movie_does_not_say_is_asked_for(viewer, dock, movie_data):
    viewer.add_image(movie_data, name="bare")
    dock.form.field("model", "cell_diameter").value = 12.0
    assert steps(dock)[1] == ["Give frame rate, pixel size."]
    dock.movie_choice.units.fps.value = 30
    assert steps(dock)[1] == ["Give pixel size."]
    dock.movie_choice.units.pixel_size_um.value = 1.5
    assert steps(dock)[0][1] == "✓ Check"


def test_a_guess_of_the_cell_size_is_enough(viewer, dock, add_movie, qtbot):
    add_movie(viewer)
    dock.look._on_news(None)
    assert steps(dock)[1] == ["Give cell size."]
    dock.look._on_news(7.5)
    assert steps(dock)[0][1] == "✓ Check"
    qtbot.waitUntil(lambda: not dock.look._guessing.busy, timeout=20_000)


@pytest.mark.windowless(False)
def test_closed_it_stays_closed_until_it_is_asked_for(viewer, dock, npe2pm, repository, qtbot):
    npe2pm.register(PluginManifest.from_file(repository / "napari.yaml"))
    settings._clear_plugin_settings_cache()
    viewer.window._qt_window.show()
    assert dock.guide.isVisible()
    QTest.mouseClick(dock.guide.close_button, Qt.MouseButton.LeftButton)
    assert dock.guide.isHidden()
    assert not dock.guide_button.isChecked()
    settings._clear_plugin_settings_cache()  # the next session
    viewer.window.remove_dock_widget(dock)
    _, again = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Train")
    assert again.guide.isHidden()
    qtbot.waitUntil(again.guide_button.isVisible)
    QTest.mouseClick(again.guide_button, Qt.MouseButton.LeftButton)
    assert again.guide.isVisible()
    assert preferred("training", "guide", None) is True


@pytest.mark.windowless(False)
def test_train_stays_in_sight_on_a_laptop(viewer, dock, add_movie, qtbot):
    add_movie(viewer)
    window = viewer.window._qt_window
    window.show()
    viewer.window.resize(1366, 768)
    qtbot.wait(200)
    button = dock.panel.begin_button
    assert dock.guide.isVisible()
    assert not button.visibleRegion().isEmpty()
    assert button.mapTo(window, button.rect().bottomLeft()).y() < window.height()

"""What a person does with the Train dock, from the first look to the overlays."""

import numpy as np
import pytest
from napari.layers import Labels

from napari_sparsevar.training.config import TrainConfig
from napari_sparsevar.training.events import Failed, Notice
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def training(viewer):
    return get_session(viewer).training


def names(dock):
    box = dock.movie_choice.box.native
    return [box.itemText(index) for index in range(box.count())]


def test_first_look_says_what_to_do(dock):
    assert "Open Sample" in dock.movie_choice.about.text()
    assert not dock.panel.begin_button.isEnabled()
    assert names(dock) == []


def test_a_movie_can_be_trained_on(viewer, dock, add_movie, home):
    add_movie(viewer)
    assert names(dock) == ["movie"]
    assert dock.movie_choice.about.text() == "60 frames of 16 × 20 px, 10 Hz, 2 µm pixels."
    assert dock.panel.begin_button.isEnabled()
    assert dock.run_folder.path() == home / "sparsevar-runs" / "movie-1"


def test_list_follows_the_layers(viewer, dock, add_movie):
    first, second = add_movie(viewer), add_movie(viewer, name="other")
    viewer.add_points(np.zeros((1, 3)))
    first.name = "renamed"
    assert names(dock) == ["renamed", "other"]
    viewer.layers.remove(first)
    assert names(dock) == ["other"]
    assert dock.movie_choice.layer is second


@pytest.mark.windowless(False)
def test_selecting_a_layer_chooses_it(viewer, dock, add_movie):
    first, second = add_movie(viewer), add_movie(viewer, name="other")
    viewer.layers.selection.active = first
    assert dock.movie_choice.layer is first
    viewer.layers.selection.active = second
    assert dock.movie_choice.layer is second


def test_2d_image_is_refused_in_words(viewer, dock):
    viewer.add_image(np.zeros((8, 8)), name="still")
    assert names(dock) == []
    assert "“still” is a single 2-D image" in dock.movie_choice.about.text()
    assert not dock.panel.begin_button.isEnabled()


def test_rgb_image_is_refused_in_words(viewer, dock):
    viewer.add_image(np.zeros((12, 8, 8, 3), np.uint8), rgb=True, name="photo")
    assert names(dock) == []
    assert "“photo” is a colour (RGB) image" in dock.movie_choice.about.text()


def test_4d_stack_gives_a_slice_or_a_sentence(viewer, dock, movie_data):
    viewer.add_image(np.stack([movie_data] * 3, axis=1), name="stack")
    movie, said = dock.movie_choice.movie, dock.movie_choice.about.text()
    if movie is None:
        assert said.endswith(".")
        assert not dock.panel.begin_button.isEnabled()
    else:
        assert movie.data.ndim == 3
        assert movie.notes
        assert all(note in said for note in movie.notes)


def test_4d_stack_of_one_channel_is_a_movie(viewer, dock, movie_data):
    viewer.add_image(movie_data[:, None], name="stack")
    assert dock.movie_choice.movie.data.shape == movie_data.shape


def test_preset_sets_the_form_and_an_edit_makes_it_custom(dock):
    dock.preset.value = "fast"
    assert dock.form.config() == TrainConfig.from_preset("fast")
    dock.form.field("seed").value = 7
    assert dock.preset.value == "custom"
    dock.preset.value = "fast"
    assert dock.form.config() == TrainConfig.from_preset("fast")


@pytest.mark.windowless(False)
def test_training_lays_the_maps_over_the_movie(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    movie = add_movie(viewer)
    dock.panel.begin_button.click()
    assert training.state == "training"
    assert not dock.settings.isEnabled()
    until_idle(training)
    contribution, numbers, drivers = viewer.layers[1:]
    for layer in (contribution, numbers, drivers):
        assert tuple(layer.scale) == tuple(movie.scale[-2:])
        assert tuple(layer.translate) == tuple(movie.translate[-2:])
        assert [str(u) for u in layer.units] == [str(u) for u in movie.units[-2:]]
    assert contribution.blending == "translucent_no_depth"
    assert isinstance(drivers, Labels)
    assert {"index", "strength", "stability"} <= set(drivers.features.columns)
    assert viewer.layers.selection.active is contribution
    assert "Finished after 20 steps" in dock.panel.sentence.text()
    assert "saturated" in dock.verdict.warnings.text()
    assert get_session(viewer).run.verdict.headline in dock.verdict.headline.text()
    assert dock.settings.isEnabled()
    assert dock.panel.begin_button.isEnabled()


def test_settings_are_frozen_before_the_start(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    add_movie(viewer)
    dock.preset.value = "fast"
    dock.form.field("seed").value = 3
    dock.panel.begin_button.click()
    dock.form.field("seed").value = 9
    until_idle(training)
    assert fake_train.requests[0].config == TrainConfig.from_preset("fast", seed=3)
    assert fake_train.requests[0].device == "auto"


def test_pause_and_continue(qtbot, viewer, dock, add_movie, fake_train, until_idle, training):
    fake_train.steps = 100
    add_movie(viewer)
    dock.panel.begin_button.click()
    dock.panel.pause_button.click()
    qtbot.waitUntil(lambda: training.state == "paused", timeout=5000)
    assert dock.panel.pause_button.text() == "Continue"
    assert "Paused after step" in dock.panel.sentence.text()
    dock.panel.pause_button.click()
    qtbot.waitUntil(lambda: training.state == "training", timeout=5000)
    dock.panel.end_button.click()
    assert training.state == "stopping"
    assert dock.panel.end_button.text() == "Stopping…"
    until_idle(training)
    assert "Stopped after" in dock.panel.sentence.text()
    assert len(viewer.layers) == 4


def test_stop_while_paused(qtbot, viewer, dock, add_movie, fake_train, until_idle, training):
    fake_train.steps = 100
    add_movie(viewer)
    dock.panel.begin_button.click()
    dock.panel.pause_button.click()
    qtbot.waitUntil(lambda: training.state == "paused", timeout=5000)
    dock.panel.end_button.click()
    until_idle(training)
    assert "Stopped after" in dock.panel.sentence.text()


def test_stop_before_the_first_step_leaves_nothing(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    fake_train.leaves_run = False
    add_movie(viewer)
    dock.panel.begin_button.click()
    until_idle(training)
    assert "nothing was kept" in dock.panel.sentence.text()
    assert len(viewer.layers) == 1


def test_failure_is_shown_and_the_dock_is_ready_again(
    viewer, dock, add_movie, fake_train, until_idle, training, monkeypatch
):
    shown = []
    monkeypatch.setattr("napari_sparsevar.widgets.work.failure.show_error", shown.append)
    fake_train.failure = Failed("The movie is constant; record another one.")
    add_movie(viewer)
    dock.panel.begin_button.click()
    until_idle(training)
    assert shown == ["The movie is constant; record another one."]
    assert dock.panel.sentence.text() == shown[0]
    assert dock.panel.begin_button.isEnabled()
    assert len(viewer.layers) == 1


def test_two_trainings_keep_both_results(viewer, dock, add_movie, fake_train, until_idle, training):
    add_movie(viewer)
    for _ in range(2):
        dock.panel.begin_button.click()
        until_idle(training)
    assert len({layer.name for layer in viewer.layers}) == 7
    assert [layer.visible for layer in viewer.layers] == [True, *[False] * 3, *[True] * 3]
    assert len({request.out for request in fake_train.requests}) == 2


def test_existing_run_folder_is_refused(viewer, dock, add_movie, fake_train, home, training):
    add_movie(viewer)
    dock.run_folder.value = home
    dock.panel.begin_button.click()
    assert training.state == "idle"
    assert "exists already" in dock.panel.sentence.text()
    assert fake_train.requests == []


def test_run_goes_next_to_the_file(viewer, dock, movie_data, tmp_path):
    import tifffile

    path = tmp_path / "mouse 1.tif"
    tifffile.imwrite(path, movie_data, photometric="minisblack")
    viewer.open(path, plugin="napari-sparsevar")
    assert dock.run_folder.path().parent == tmp_path
    assert dock.run_folder.path().name == "mouse-1-run-1"


def test_pixels_put_in_the_place_of_the_files_are_what_is_trained_on(
    viewer, dock, movie_data, tmp_path, fake_train, until_idle, training
):
    import tifffile

    path = tmp_path / "raw.tif"
    tifffile.imwrite(path, movie_data, photometric="minisblack", metadata=None)
    [layer] = viewer.open(path, plugin="napari-sparsevar")
    layer.scale, layer.units = (1 / 30, 1.5, 1.5), ("s", "um", "um")
    assert dock.movie_choice.movie.source == path
    layer.data = np.asarray(layer.data) - movie_data.mean(0)
    assert "not what is in the file raw.tif" in dock.movie_choice.about.text()
    dock.panel.begin_button.click()
    until_idle(training)
    trained_on = fake_train.requests[-1].movie
    np.testing.assert_array_equal(trained_on.data, layer.data)
    # A run of it must not look for itself in the file.
    assert trained_on.source is None
    assert (trained_on.fps, trained_on.pixel_size_um) == (pytest.approx(30), 1.5)


@pytest.mark.windowless(False)
def test_dock_fits_a_laptop(dock):
    assert dock.minimumSizeHint().height() <= 560
    assert dock.minimumSizeHint().width() <= 330


@pytest.mark.windowless(False)
def test_dock_is_in_the_menus(dock):
    from npe2 import PluginManager

    manager = PluginManager.instance()
    commands = [item.command for item in manager.iter_menu("napari/layers/classify")]
    assert "napari-sparsevar.train" in commands


def test_maps_can_be_made_again_from_the_run(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    movie = add_movie(viewer)
    assert dock.panel.show_button.isHidden()
    dock.panel.begin_button.click()
    until_idle(training)
    names = [layer.name for layer in viewer.layers]
    for layer in viewer.layers[1:]:
        viewer.layers.remove(layer)
    movie.translate = (0, 1, 2)
    dock.panel.show_button.click()
    assert [layer.name for layer in viewer.layers] == names
    # Where the movie lies now, not where it lay when the training began.
    assert tuple(viewer.layers[1].translate) == (1, 2)
    dock.panel.show_button.click()
    assert [layer.name for layer in viewer.layers] == names


def test_maps_can_be_made_again_without_the_movie(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    add_movie(viewer)
    dock.panel.begin_button.click()
    until_idle(training)
    viewer.layers.clear()
    dock.panel.show_button.click()
    assert [tuple(layer.translate) for layer in viewer.layers] == 3 * [(10, 30)]


@pytest.mark.windowless(False)
def test_a_dock_opened_after_the_run_offers_its_maps(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    add_movie(viewer)
    dock.panel.begin_button.click()
    until_idle(training)
    viewer.window.remove_dock_widget(dock)
    _, again = viewer.window.add_plugin_dock_widget("napari-sparsevar", "Train")
    assert not again.panel.show_button.isHidden()


def test_a_very_long_name_can_be_read_and_trained(viewer, dock, add_movie, home):
    layer = add_movie(viewer, name="µ very long name " * 20)
    assert layer.name in dock.movie_choice.box.tooltip
    layer.name = "µ even longer name " * 20
    assert layer.name in dock.movie_choice.box.tooltip
    folder = dock.run_folder.path()
    assert len(folder.name.encode()) < 200
    folder.mkdir(parents=True)


def test_the_verdict_of_an_older_run_does_not_stand_below_a_new_training(
    viewer, dock, add_movie, fake_train, until_idle, training
):
    """All warnings of the training are there, and stay; the words are of the run they are of."""
    said = dock.verdict
    add_movie(viewer)
    dock.panel.begin_button.click()
    until_idle(training)
    assert not said.headline.isHidden()
    fake_train.step_seconds = 0.02
    dock.panel.begin_button.click()
    assert said.headline.isHidden()
    for number in range(5):
        training._receive(Notice(f"Warning {number}."))
    until_idle(training)
    assert not said.headline.isHidden()
    for number in range(5):
        assert f"Warning {number}." in said.warnings.text()
    assert "saturated" in said.warnings.text()

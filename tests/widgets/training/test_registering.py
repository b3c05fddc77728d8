"""Where the field of view moves the Train dock says so, and holds it still on a click."""

import numpy as np
import pytest
import tifffile

import napari_sparsevar as sv
from napari_sparsevar.readers.movies import movie_layer, read_movie
from napari_sparsevar.widgets.layers.movies import movie_of

pytestmark = pytest.mark.windowless


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    frames = np.asarray(sv.simulate_movie(400, (64, 64), seed=1)[0].data)
    rolled = [np.roll(each, (number // 40) % 5 * 2 - 4, 0) for number, each in enumerate(frames)]
    path = tmp_path_factory.mktemp("moving") / "movie.tif"
    tifffile.imwrite(path, np.stack(rolled), metadata=None)
    return path


def opened(viewer, path):
    (layer,) = read_movie(str(path))
    return viewer.add_image(layer[0], **layer[1])


def remarked(dock, qtbot):
    qtbot.waitUntil(lambda: not dock.motion.isHidden(), timeout=20_000)
    assert "moves by up to" in dock.motion.words.text()
    return dock.motion


def ended(remark, qtbot):
    qtbot.waitUntil(lambda: remark.work.state == "idle", timeout=60_000)


def test_a_click_opens_it_held_still(viewer, dock, qtbot, moving):
    layer = opened(viewer, moving)
    remark = remarked(dock, qtbot)
    remark.panel.begin_button.click()
    ended(remark, qtbot)
    assert [each.name for each in viewer.layers] == ["movie", "movie registered"]
    assert not layer.visible
    still = dock.movie_choice.movie
    assert dock.movie_choice.layer is viewer.layers[1]
    assert still.registered is not None
    assert still.source == moving
    assert "Registered" in dock.movie_choice.about.text()
    expected = sv.register(sv.open_movie(moving)).data.compute()
    np.testing.assert_array_equal(np.asarray(viewer.layers[1].data), expected)
    np.testing.assert_array_equal(movie_of(viewer.layers[1]).data.compute(), expected)
    qtbot.waitUntil(lambda: not dock.look._guessing.busy, timeout=20_000)
    assert remark.isHidden()
    plot = dock.registration
    assert not plot.isHidden()
    assert plot.fold.isExpanded()
    _, rows = plot.lines["y"].getData()
    np.testing.assert_allclose(rows[20:380:40], np.arange(9) % 5 * 2 - 4, atol=0.3)
    before, after = (plot.lines[name].getData()[1].mean() for name in ("before", "after"))
    assert f"from {before:.2f} to {after:.2f}" in dock.movie_choice.about.text()
    assert f"{still.registered.shifts.crispness:.2f} times" in plot.words.text()
    dock.movie_choice.choose(layer)
    assert plot.isHidden()
    dock.movie_choice.choose(viewer.layers[1])
    assert not plot.isHidden()


def test_parts_move_by_themselves_on_another_click(viewer, dock, qtbot, moving):
    opened(viewer, moving)
    remark = remarked(dock, qtbot)
    remark.in_parts.click()
    assert not remark.in_parts.isEnabled()
    ended(remark, qtbot)
    still = dock.movie_choice.movie
    assert still.registered.shifts.kind == "piecewise"


def test_cancelled_the_movie_is_as_it_was(viewer, dock, qtbot, moving):
    opened(viewer, moving)
    remark = remarked(dock, qtbot)
    remark.panel.begin_button.click()
    assert not remark.panel.begin_button.isEnabled()
    remark.panel.end_button.click()
    ended(remark, qtbot)
    assert [each.name for each in viewer.layers] == ["movie"]
    assert "as it was" in remark.work.report.sentence
    assert remark.panel.begin_button.isEnabled()


def test_of_a_movie_that_lies_still_nothing_is_said(viewer, dock, qtbot, add_movie):
    add_movie(viewer)
    qtbot.waitUntil(lambda: not dock.look._guessing.busy, timeout=20_000)
    assert dock.motion.isHidden()


def test_pixels_put_in_the_place_of_a_registered_movie_are_taken(viewer, dock, moving):
    data, options, _ = movie_layer(sv.register(sv.open_movie(moving)))
    layer = viewer.add_image(data, **options)
    layer.data = np.zeros((400, 64, 64), np.float32)
    assert movie_of(layer).registered is None


def trained(dock, qtbot):
    training = dock._session.training
    dock.form.set_config(
        sv.TrainConfig(
            steps=3, chunk_frames=32, chunks=4, crop=32, model=sv.ModelConfig(stride=4, width=4)
        )
    )
    dock.preset.value = "custom"
    dock.panel.begin_button.click()
    qtbot.waitUntil(lambda: training.path is not None, timeout=60_000)
    training.stop()
    qtbot.waitUntil(lambda: training.state == "idle", timeout=60_000)
    return sv.load_run(training.path)


def test_train_holds_it_still_and_shows_what_it_trains_on(viewer, dock, qtbot, moving, tmp_path):
    layer = opened(viewer, moving)
    above = viewer.add_points(np.zeros((1, 3)), name="mine")
    layer.translate = (0.0, 5.0, 7.0)
    remarked(dock, qtbot)
    dock.run_folder.value = tmp_path / "run"
    run = trained(dock, qtbot)
    assert run.record.movie.registered == "rigid"
    names = [each.name for each in viewer.layers]
    made = viewer.layers["movie registered"]
    assert names.index("movie") + 1 == names.index(made.name) < names.index("mine")
    assert not layer.visible
    assert viewer.layers.selection.active is not layer
    assert above in viewer.layers
    assert dock.movie_choice.layer is made is dock._session.movie_layer
    np.testing.assert_allclose(made.translate, layer.translate)
    maps = [each for each in viewer.layers if each.ndim == 2]
    assert maps
    for each in maps:
        np.testing.assert_allclose(each.translate, (5.0, 7.0))


def test_train_leaves_it_as_it_moves_where_asked(viewer, dock, qtbot, moving, tmp_path):
    opened(viewer, moving)
    remarked(dock, qtbot).before_training.value = False
    dock.run_folder.value = tmp_path / "run"
    run = trained(dock, qtbot)
    assert run.record.movie.registered == ""
    assert "movie registered" not in [each.name for each in viewer.layers]


def test_a_layer_that_is_taken_away_meanwhile_does_not_come_back(viewer, dock, qtbot, moving):
    """Its training goes on."""
    layer, session = opened(viewer, moving), dock._session
    session._trained_layer = lambda: layer
    still = sv.register(sv.open_movie(moving))
    viewer.layers.remove(layer)
    session.training.held_still.emit(still)
    assert not viewer.layers

"""Several planes in the viewer: stacks with a slider, while the run lies in one field."""

from dataclasses import asdict, replace

import numpy as np
import pytest
import tifffile
from napari.layers import Image

from made_comparisons import made_folder
from made_runs import made_full_run
from napari_sparsevar.movie import open_movie
from napari_sparsevar.movie.stack import Stack
from napari_sparsevar.readers.movies import movie_layer, read_movie
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.run.annotations import read_regions
from napari_sparsevar.widgets.layers.movies import describe, field_of, is_stack, movie_of
from napari_sparsevar.widgets.layers.regions import Regions
from napari_sparsevar.widgets.layers.sight import bring_into_sight

pytestmark = pytest.mark.windowless

STACK = Stack((1, 3), 3, 3.0, (33, 34), 20)
FRAMES = np.random.default_rng(0).integers(0, 900, (30, 2, 33, 34)).astype(np.uint16)
SECOND = STACK.pitch
"""The first column of the second plane in the field."""


@pytest.fixture
def path(tmp_path):
    tifffile.imwrite(tmp_path / "volumes.ome.tif", FRAMES, ome=True, metadata={"axes": "TZYX"})
    return tmp_path / "volumes.ome.tif"


@pytest.fixture
def stacked_run(tmp_path):
    """A run with a driver in each of two planes."""
    labels = np.zeros(STACK.field, np.int32)
    labels[4:9, 4:9] = 1
    labels[24:28, SECOND + 24 : SECOND + 28] = 2
    run = made_full_run(made_folder(tmp_path / "full-run"), STACK.field, 60, labels=labels)
    movie = run.record.movie.model_copy(update={"stack": STACK})
    return replace(run, record=run.record.model_copy(update={"movie": movie}))


@pytest.fixture
def session(viewer, stacked_run, open_run, until_inspected):
    frames = np.random.default_rng(0).normal(100, 10, (60, 2, 33, 34)).astype(np.float32)
    movie = replace(
        open_movie(frames, axes="TZYX", planes="all", fps=15.0, pixel_size_um=2.0), stack=STACK
    )
    movie = replace(
        movie,
        data=movie.data[..., : STACK.field[1]],
        choice=replace(movie.choice, planes=STACK.planes),
    )
    data, meta, _ = movie_layer(movie)
    assert data.shape == (60, 2, 33, 34)
    viewer.add_image(data, **meta)
    found = open_run(viewer, stacked_run)
    until_inspected(found.inspecting)
    return found


def test_a_file_of_planes_opens_as_one_above_its_planes(path):
    layers = read_movie(str(path))
    names = [meta["name"] for _, meta, _ in layers]
    assert names == ["volumes plane 2", "volumes plane 1", "volumes planes"]
    assert [meta.get("visible", True) for _, meta, _ in layers] == [False, False, True]
    for plane, (data, meta, _) in zip((1, 0), layers, strict=False):  # where it lies in the stack
        assert (data.shape, meta["translate"][1]) == ((30, 1, 33, 34), plane)
        movie = movie_of(Image(data, **meta))
        assert (movie.stack, movie.choice.plane, movie.shape) == (None, plane + 1, (33, 34))
        np.testing.assert_array_equal(movie.data, FRAMES[:, plane])
    data, meta, _ = layers[-1]
    np.testing.assert_array_equal(np.asarray(data), FRAMES)
    layer = Image(data, **meta)
    assert is_stack(layer)
    assert field_of(layer) == (2, 33, 34)
    movie = movie_of(layer)
    assert asdict(movie.choice)["planes"] == (1, 2)
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES)
    assert "33 × 34 px, 2 planes as one run" in describe(movie)


def test_what_a_layer_of_planes_shows_is_taken_where_it_was_changed(path):
    data, meta, _ = read_movie(str(path))[-1]
    movie = movie_of(Image(np.asarray(data) + 1, **meta))
    assert movie.source is None
    np.testing.assert_array_equal(movie.stack.unfolded(movie.data.compute()), FRAMES + 1)


def test_layers_of_an_inspection_are_stacks(session, viewer, until_inspected):
    session.inspecting.select("driver", 2)
    until_inspected(session.inspecting)
    for kind in ("contribution", "drivers", "influence outgoing", "influence incoming"):
        assert session.inspect_layers.layer(kind).data.shape == (2, 33, 34)
    features = session.inspect_layers.layer("drivers").features.set_index("index")
    assert features.loc[2, ["plane", "y", "x"]].tolist() == [3, 25.5, 25.5]  # as in its plane
    labels = session.inspect_layers.layer("drivers").data
    assert labels[0, 6, 6] == 1
    assert labels[1, 25, 25] == 2
    image = session.inspecting.answer.influence["outgoing"].image
    np.testing.assert_array_equal(
        session.inspect_layers.layer("influence outgoing").data, STACK.unfolded(image)
    )
    session.inspect_layers.arrows.show(True)
    arrows = [layer for layer in viewer.layers if layer.name.startswith(("strongest", "influence"))]
    assert arrows
    assert all(layer.data.shape[1:] == (2, 3) for layer in arrows)


def test_a_click_finds_what_lies_in_the_plane_that_is_shown(session, viewer):
    clicks, inspecting = session._clicks, session.inspecting
    viewer.dims.set_point(1, 1.0)
    clicks.click((0.0, 1.0, 25 * 2.0, 25 * 2.0))
    assert inspecting.selection.key == ("driver", 2)
    inspecting.clear()
    viewer.dims.set_point(1, 0.0)
    clicks.click((0.0, 0.0, 25 * 2.0, 25 * 2.0))
    assert inspecting.selection is None
    clicks.probing = True
    clicks.click((0.0, 1.0, 10 * 2.0, 8 * 2.0))
    assert inspecting.selection.kind == "point"
    assert (inspecting.selection.y, inspecting.selection.x) == (10, SECOND + 8)
    assert inspecting.position(10, SECOND + 8).endswith("µm, plane 3")
    inspecting.clear()
    clicks.click((0.0, 1.0, 10 * 2.0, 40 * 2.0))  # beside the plane, in the gap
    assert inspecting.selection is None


def test_a_region_is_painted_in_a_plane_and_known_in_the_field(session, until_inspected, qtbot):
    session.painting.new_region()
    layer = session.inspecting.regions.layer
    assert layer.data.shape == (2, 33, 34)
    layer.data_setitem((np.array([1, 1]), np.array([5, 6]), np.array([7, 7])), 1)
    painted = session.inspecting.regions.image()
    assert painted.shape == STACK.field
    assert np.argwhere(painted).tolist() == [[5, SECOND + 7], [6, SECOND + 7]]
    session.inspecting.select("region", 1)
    until_inspected(session.inspecting)
    assert session.inspecting.selection.key == ("region", 1)
    session.painting.copy(session.inspecting.selection.mask)
    assert layer.data[1, 5, 7] == 2
    file = session.run.path / "regions.tif"
    qtbot.waitUntil(lambda: file.exists() and tifffile.imread(file).max() == 2, timeout=20_000)
    assert tifffile.imread(file).shape == (2, 33, 34)
    kept = read_regions(session.run.path, STACK.field, STACK)
    np.testing.assert_array_equal(kept.image, session.inspecting.regions.image())


def test_bringing_a_place_into_sight_moves_the_slider_of_planes(session, viewer):
    viewer.dims.set_point(viewer.dims.ndim - 3, 0.0)
    bring_into_sight(viewer, (5.0, SECOND + 3.0), session.placement())
    assert viewer.dims.point[-3] == 1.0


def test_a_place_comes_back_from_the_world():
    where = Placement((2.0, 2.0), (10.0, 20.0), ("um", "um"), STACK)
    for place in ((3, 5), (7, SECOND + 11)):
        point = where.points(place)
        world = where.world(place)
        assert where.pixel((0.0, point[0], *world)) == place
    assert where.pixel((0.0, 5.0, 16.0, 30.0))[1] == -1
    assert Regions().image() is None

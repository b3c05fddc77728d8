"""Cells over the movie: coloured by what they drive, found under a click, joined by arrows."""

import numpy as np
import pytest

from napari_sparsevar.widgets.cells.layers import CELLS, GRAPH, rimmed
from napari_sparsevar.widgets.layers.overlays import kind_of

pytestmark = pytest.mark.windowless


@pytest.fixture
def layers(session, brought):
    return session.cell_layers


def seen(layer, cell):
    """Colour of the rim of a cell."""
    return np.asarray(layer.colormap.color_dict[cell + 1])


def test_a_driver_is_orange_and_who_drives_nobody_pale(layers, brought):
    layer = layers.layer(CELLS)
    red, _, blue, opacity = seen(layer, 1)
    assert red > blue
    assert opacity > 0.9
    for cell in (0, 2, 3):
        red, _, blue, opacity = seen(layer, cell)
        assert red < blue
        assert opacity <= 0.7


def test_a_click_finds_the_cell_that_is_shown(layers, brought, middle):
    pixel = brought.given.pixel_size_um
    for cell in range(5):
        assert layers.cell_at(tuple(middle(cell) * pixel)) == cell
    assert layers.cell_at((0.0, 0.0)) is None
    brought.change(brought.edits.merge([0, 2]).hide([3]))
    assert layers.cell_at(tuple(middle(2) * pixel)) == 0
    assert layers.cell_at(tuple(middle(3) * pixel)) is None


def test_cells_lie_where_their_movie_lies(viewer, session, fit):
    movie = np.zeros((30, 6, 20), np.float32)
    viewer.add_image(movie, scale=(0.1, 3.0, 3.0), translate=(0.0, 5.0, 7.0))
    session.cells.take(fit.cells)
    layer = session.cell_layers.layer(CELLS)
    np.testing.assert_allclose(layer.scale, (3.0, 3.0))
    np.testing.assert_allclose(layer.translate, (5.0, 7.0))
    assert session.movie_layer is not None


def test_arrows_are_the_edges_beyond_chance_of_the_chosen_cell(layers, brought, middle):
    layers.show_graph(True)
    graph = layers.layer(GRAPH)
    starts = {tuple(start) for start in np.asarray(graph.data)[:, 0]}
    ends = {tuple(np.round(arrow.sum(axis=0), 3)) for arrow in np.asarray(graph.data)}
    np.testing.assert_allclose(sorted(starts), [brought.given.centres[1]])
    np.testing.assert_allclose(sorted(ends), brought.given.centres[[2, 3]], atol=1e-3)
    brought.choose(2)
    assert len(layers.layer(GRAPH).data) == 1
    brought.choose(0)
    assert not layers.layer(GRAPH).visible
    layers.show_graph(False)
    brought.choose(None)
    assert not layers.layer(GRAPH).visible


def test_hidden_cells_have_no_colour_and_no_arrow(layers, brought):
    layers.show_graph(True)
    brought.change(brought.edits.hide([2]))
    assert 3 not in layers.layer(CELLS).colormap.color_dict
    assert len(layers.layer(GRAPH).data) == 1


def test_cells_without_outlines_are_points(viewer, session, fit):
    from dataclasses import replace

    places = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, 0.0], [5.0, 6.0], [7.0, 8.0]])
    session.cells.take(replace(fit.cells, footprints=None, shape=None, positions=places))
    layer = session.cell_layers.layer(CELLS)
    assert kind_of(layer) == CELLS
    np.testing.assert_allclose(layer.data, places[[0, 1, 3, 4]])
    assert list(layer.features["name"]) == ["a", "b & c", "12", "still"]


def test_other_cells_take_the_place_of_the_layer(viewer, layers, brought, fit):
    brought.take(fit.cells.take(np.array([0, 1])))
    found = [layer for layer in viewer.layers if kind_of(layer) == CELLS]
    assert len(found) == 1
    assert set(np.unique(found[0].data)) <= {0, 1, 2, 3, 4}


def test_a_rim_is_where_another_label_begins():
    labels = np.zeros((7, 9), np.int32)
    labels[1:6, 1:5], labels[1:6, 5:8] = 1, 2
    found = rimmed(labels, 2)
    np.testing.assert_array_equal(np.where(found > 2, found - 2, found), labels)
    np.testing.assert_array_equal(
        np.argwhere(found == 3), np.argwhere(labels == 1)[[5, 6, 9, 10, 13, 14]]
    )
    assert (found == 4).sum() == 3

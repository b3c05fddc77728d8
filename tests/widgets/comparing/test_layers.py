"""Layers of a comparison lie where the movie lies, and are replaced, never stacked."""

import numpy as np
import pytest
from napari.layers import Image, Vectors

from made_comparisons import GRID, made_set
from napari_sparsevar.comparison.options import ComparisonOptions
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.readers.layers import METADATA_KEY
from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.comparing.layers import (
    CHOSEN,
    DIVERGING,
    changed_edges,
    changed_places,
    go_to_edge,
    go_to_place,
    kind_of,
)
from napari_sparsevar.widgets.comparing.worker import CompareRequest

pytestmark = pytest.mark.windowless

WINDOWS = (Window("A", ((0, 20),)), Window("B", ((30, 50),)))


@pytest.fixture
def session(viewer, add_movie, run, open_run, fake_compare):
    return open_run(viewer, run)


@pytest.fixture
def compare(session, run, until_compared):
    def compare_(windows=WINDOWS):
        session.comparing.start(CompareRequest(run, windows, ComparisonOptions()))
        until_compared(session.comparing)

    return compare_


def ours(viewer):
    return [layer for layer in viewer.layers if kind_of(layer) in ("difference", "changed edges")]


def test_a_map_and_arrows_with_the_scale_of_the_run(viewer, session, compare, run):
    compare()
    image, arrows = ours(viewer)
    assert isinstance(image, Image)
    assert isinstance(arrows, Vectors)
    for layer in (image, arrows):
        assert tuple(layer.scale) == run.scale
        assert tuple(map(str, layer.units)) == ("micrometer", "micrometer")
        assert layer.metadata[METADATA_KEY]["run"] == str(run.path)
        assert layer.metadata[METADATA_KEY]["comparison"] == session.comparing.shown.name
    assert image.name == "difference B − A"


def test_layers_lie_where_the_maps_lie(viewer, run, open_run, fake_compare, until_compared):
    session = open_run(viewer, run, Placement((0.5, 0.5), (7.0, 9.0), ("um", "um")))
    session.comparing.start(CompareRequest(run, WINDOWS, ComparisonOptions()))
    until_compared(session.comparing)
    for layer in ours(viewer):
        assert tuple(layer.scale) == (0.5, 0.5)
        assert tuple(layer.translate) == (7.0, 9.0)


def test_the_map_is_symmetric_about_zero_and_adds_nothing_there(viewer, compare):
    compare()
    image = ours(viewer)[0]
    low, high = image.contrast_limits
    assert low == -high
    assert high == pytest.approx(np.abs(image.data).max())
    np.testing.assert_allclose(DIVERGING.map(np.array([0.5]))[0, :3], 0, atol=1e-6)
    assert image.blending == "additive"


def test_arrows_go_from_source_to_target_in_the_colour_of_their_sign(viewer, session, compare):
    compare()
    arrows = ours(viewer)[1]
    edges = changed_edges(session.comparing.pair[0])
    assert len(arrows.data) == len(edges) == 4
    np.testing.assert_allclose(arrows.data[:, 0], edges[["source_y", "source_x"]])
    np.testing.assert_allclose(arrows.data.sum(axis=1), edges[["target_y", "target_x"]])
    signs = {tuple(colour): set() for colour in arrows.edge_color}
    for colour, change in zip(arrows.edge_color, edges["change"], strict=True):
        signs[tuple(colour)].add(change > 0)
    assert all(len(sign) == 1 for sign in signs.values())
    assert len(signs) == edges["change"].gt(0).nunique()
    np.testing.assert_allclose(arrows.features["p_adjusted"], edges["p_adjusted"])


@pytest.mark.windowless(False)
def test_a_second_comparison_replaces_the_layers_of_the_first(viewer, session, compare):
    compare()
    before = len(viewer.layers)
    compare((WINDOWS[0], Window("C", ((52, 58),))))
    assert len(viewer.layers) == before
    assert [layer.name for layer in ours(viewer)] == ["difference C − A", "changed edges C − A"]
    session.show_comparison()
    assert len(viewer.layers) == before


def test_the_contribution_map_does_not_shine_through(viewer, compare):
    compare()
    (contribution,) = [layer for layer in viewer.layers if kind_of(layer) == "contribution"]
    assert not contribution.visible


@pytest.mark.windowless(False)
def test_where_nothing_changed_there_are_no_layers(viewer, session, compare, fake_compare):
    compare()
    fake_compare.changed = 0
    compare()
    assert ours(viewer) == []
    assert [kind_of(layer) for layer in viewer.layers] == [
        "contribution",
        "driver names",
        "drivers",
    ]


def test_without_a_difference_layers_are_shown_only_if_asked_for(
    viewer, session, compare, fake_compare
):
    compare()
    fake_compare.adjusted = 0.3
    compare()
    assert ours(viewer) == []
    session.show_comparison()
    assert len(ours(viewer)) == 2
    session.comparing.show_set(session.comparing.sets[0])
    assert len(ours(viewer)) == 2
    session.comparing.show_set(session.comparing.sets[1])
    assert ours(viewer) == []


def test_showing_the_maps_again_leaves_the_comparison(viewer, session, compare):
    compare()
    session.show_run()
    assert len(ours(viewer)) == 2
    assert len(viewer.layers) == 5


def test_going_to_an_edge_centres_it_and_marks_its_arrow_alone(viewer, session, compare):
    compare()
    edges = changed_edges(session.comparing.pair[0])
    go_to_edge(viewer, edges.iloc[2], session.placement())
    middle = [
        (edges.iloc[2][f"source_{axis}"] + edges.iloc[2][f"target_{axis}"]) for axis in ("y", "x")
    ]
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], middle)
    from napari.utils.colormaps.standardize_color import transform_color

    marked = (ours(viewer)[1].edge_color == transform_color(CHOSEN)[0]).all(axis=1)
    assert marked.tolist() == [False, False, True, False]


def test_going_to_a_place_centres_it(viewer, run, open_run, fake_compare, until_compared):
    fake_compare.changed_places = 2
    session = open_run(viewer, run, Placement((0.5, 0.5), (7.0, 9.0), ("um", "um")))
    session.comparing.start(CompareRequest(run, WINDOWS, ComparisonOptions()))
    until_compared(session.comparing)
    place = changed_places(session.comparing.pair[0]).iloc[1]
    go_to_place(viewer, place, session.placement())
    expected = (0.5 * place["y"] + 7.0, 0.5 * place["x"] + 9.0)
    np.testing.assert_allclose(viewer.scene.camera.center[-2:], expected)


def test_places_without_a_position_cannot_be_gone_to():
    pair = made_set(changed_places=2).pairs[0]
    assert len(changed_places(pair)) == 2
    del pair.dynamics.places["y"]
    assert changed_places(pair).empty


def test_edges_without_a_place_have_no_arrow():
    pair = made_set(grid=GRID).pairs[0]
    del pair.dynamics.edges["source_y"]
    assert changed_edges(pair).empty

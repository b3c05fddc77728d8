"""Arrows are drawn when they are asked for; what chance does too is thin and pale."""

from dataclasses import replace

import numpy as np
import pytest

from napari_sparsevar.figures.colours import DECREASE, INCREASE
from napari_sparsevar.widgets.layers.overlays import ARROWS, WITHIN_CHANCE
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def full_run(full_run):
    """The run, in which only edges to the lower half of the field are beyond chance."""
    results = full_run.results
    p_values = results.significance.edge_p.clone()
    p_values[:] = 1.0
    p_values[:, len(p_values[0]) // 2 :] = 0.01
    p_values[:, 0] = float("nan")
    tested = replace(results.significance, edge_p=p_values)
    return replace(full_run, results=replace(results, significance=tested))


@pytest.fixture
def arrows(viewer, inspected):
    return get_session(viewer).inspect_layers.arrows


@pytest.fixture
def layer(viewer, inspected):
    return get_session(viewer).inspect_layers.layer


@pytest.fixture
def select(inspected, until_inspected):
    def select(label=1):
        inspected.select("driver", label)
        until_inspected(inspected)

    return select


def drawn(layer):
    return {kind: 0 if layer(kind) is None else len(layer(kind).data) for kind in KINDS}


KINDS = ARROWS, WITHIN_CHANCE


def test_nothing_is_drawn_until_it_is_asked_for(arrows, layer, select):
    select()
    assert layer(ARROWS) is None
    assert layer(WITHIN_CHANCE) is None
    arrows.show(True)
    assert sum(drawn(layer).values()) > 0
    arrows.show(False)
    assert not any(layer(kind).visible for kind in KINDS if layer(kind) is not None)


def test_what_is_not_beyond_chance_is_thin_and_pale(arrows, layer, inspected):
    arrows.show(True)
    edges = inspected.read_out.edges
    sure = (edges["p_adjusted"] <= 0.05).sum()
    assert 0 < sure < len(edges)
    assert drawn(layer) == {ARROWS: sure, WITHIN_CHANCE: len(edges) - sure}
    beyond, within = (layer(kind) for kind in KINDS)
    assert within.edge_width <= beyond.edge_width / 2
    assert within.opacity < beyond.opacity
    assert np.ptp(within.edge_color[:, :3], axis=1).max() == 0
    assert np.ptp(beyond.edge_color[:, :3], axis=1).min() > 0.2


def test_they_go_from_the_source_to_its_partners(arrows, layer, select, inspected):
    arrows.show(True)
    select()
    place, partners = inspected.selection, inspected.answer.influence["outgoing"].partners[:12]
    found = np.concatenate([layer(kind).data for kind in KINDS if layer(kind) is not None])
    np.testing.assert_allclose(found[:, 0], [(place.y, place.x)] * len(partners), rtol=1e-5)
    expected = partners[["y", "x"]].to_numpy()
    order = np.lexsort(expected.T), np.lexsort(found.sum(axis=1).T)
    np.testing.assert_allclose(found.sum(axis=1)[order[1]], expected[order[0]], rtol=1e-4)
    inspected.set_direction("incoming")
    ends = [layer(kind).data.sum(axis=1) for kind in KINDS if layer(kind) is not None]
    np.testing.assert_allclose(np.concatenate(ends)[:, 0], place.y, rtol=1e-4)


def test_they_are_those_of_the_whole_field_where_nothing_is_selected(
    arrows, layer, select, inspected, until_inspected, full_run
):
    arrows.show(True)
    select()
    inspected.clear()
    assert sum(drawn(layer).values()) == len(inspected.read_out.edges)
    inspected.set_penalty(1.5 * full_run.penalty)
    until_inspected(inspected)
    assert sum(drawn(layer).values()) == len(inspected.read_out.edges)


@pytest.mark.windowless(False)
@pytest.mark.parametrize("penalty", [1.0, 100.0, 0.8])
def test_any_number_of_them(arrows, layer, select, inspected, until_inspected, full_run, penalty):
    arrows.show(True)
    select()
    inspected.set_penalty(penalty * full_run.penalty)
    until_inspected(inspected)
    partners = inspected.answer.influence["outgoing"].partners
    assert sum(drawn(layer).values()) == min(len(partners), 12)


def test_the_eye_and_the_bin_of_the_layer_list_count(viewer, arrows, layer):
    arrows.show(True)
    for kind in KINDS:
        layer(kind).visible = False
    assert not arrows.asked_for
    layer(WITHIN_CHANCE).visible = True
    assert arrows.asked_for
    viewer.layers.remove(layer(ARROWS))
    assert arrows.asked_for
    viewer.layers.remove(layer(WITHIN_CHANCE))
    assert not arrows.asked_for
    arrows.show(True)
    assert all(drawn(layer).values())


def test_colours_tell_what_rises_from_what_falls(arrows, layer, inspected):
    from napari.utils.colormaps.standardize_color import transform_color

    arrows.show(True)
    edges = inspected.read_out.edges
    sure = edges[edges["p_adjusted"] <= 0.05]
    wanted = [INCREASE if effect > 0 else DECREASE for effect in sure["effect"]]
    np.testing.assert_allclose(layer(ARROWS).edge_color, transform_color(wanted))

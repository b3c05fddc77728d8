"""Layers of an inspection: views that the person may treat as they like."""

from dataclasses import replace

import numpy as np
import pytest

from napari_sparsevar.readers.placement import Placement
from napari_sparsevar.widgets.inspecting.layers import INFLUENCE, PALE_TIMES
from napari_sparsevar.widgets.layers.overlays import kind_of
from napari_sparsevar.widgets.session import get_session

pytestmark = pytest.mark.windowless


@pytest.fixture
def layers(viewer, inspected):
    return get_session(viewer).inspect_layers


@pytest.fixture
def select(inspected, until_inspected):
    def select(label=1):
        inspected.select("driver", label)
        until_inspected(inspected)

    return select


def test_maps_are_symmetric_about_zero_and_lie_on_the_movie(layers, select, inspected):
    select()
    for direction, kind in INFLUENCE.items():
        layer = layers.layer(kind)
        low, high = layer.contrast_limits
        assert low == -high
        # Nothing of it is tested: it must not look as if it were sure.
        assert high == pytest.approx(
            PALE_TIMES * np.abs(inspected.answer.influence[direction].image).max()
        )
        assert tuple(layer.scale) == (2.0, 2.0)
        assert [str(unit) for unit in layer.units] == ["micrometer", "micrometer"]


def test_a_map_has_full_contrast_where_a_partner_is_beyond_chance(layers, select, inspected):
    select()
    (direction, found), *_ = inspected.answer.influence.items()
    p_adjusted = np.ones(len(found.partners))
    p_adjusted[-1] = 0.05
    sure = replace(found, partners=found.partners.assign(p_adjusted=p_adjusted))
    inspected.answer = replace(inspected.answer, influence={direction: sure})
    layers._scaled_for = {}
    inspected.answered.emit()
    top = np.abs(found.image).max()
    assert layers.layer(INFLUENCE[direction]).contrast_limits == pytest.approx([-top, top])


def test_the_contribution_map_gives_way_and_comes_back(layers, select, inspected):
    contribution = layers.layer("contribution")
    select()
    assert not contribution.visible
    inspected.clear()
    assert contribution.visible
    assert layers.layer(INFLUENCE["outgoing"]) is None


def test_both_maps_are_named_after_what_is_selected(layers, select, inspected):
    select(1)
    select(2)
    names = [layers.layer(kind).name for kind in INFLUENCE.values()]
    assert names == ["what driver 2 drives", "what drives driver 2"]
    inspected.set_direction("incoming")
    np.testing.assert_allclose(
        layers.layer(INFLUENCE["incoming"]).data, inspected.answer.influence["incoming"].image
    )


def test_a_map_the_person_had_hidden_stays_hidden(layers, select, inspected):
    layers.layer("contribution").visible = False
    select()
    inspected.clear()
    assert not layers.layer("contribution").visible


def test_layers_change_in_place_as_the_penalty_moves(
    layers, select, inspected, until_inspected, full_run
):
    select()
    before = {kind: layers.layer(kind) for kind in (*INFLUENCE.values(), "contribution", "drivers")}
    limits = before[INFLUENCE["outgoing"]].contrast_limits
    before["contribution"].colormap = "viridis"
    inspected.set_penalty(1.3 * full_run.penalty)
    until_inspected(inspected)
    for kind, layer in before.items():
        assert layers.layer(kind) is layer
    np.testing.assert_array_equal(
        before["contribution"].data, inspected.read_out.run.contribution_map
    )
    np.testing.assert_array_equal(before["drivers"].data, inspected.read_out.run.driver_labels)
    assert before["contribution"].colormap.name == "viridis"
    assert before[INFLUENCE["outgoing"]].contrast_limits == limits


@pytest.mark.windowless(False)
def test_deleted_layers_do_not_come_in_the_way(
    viewer, layers, select, inspected, until_inspected, full_run
):
    select()
    for kind in ("contribution", "drivers", INFLUENCE["incoming"]):
        viewer.layers.remove(layers.layer(kind))
    inspected.set_penalty(1.2 * full_run.penalty)
    until_inspected(inspected)
    assert layers.layer("contribution") is None
    assert layers.layer(INFLUENCE["outgoing"]) is not None
    select(2)
    inspected.clear()


def test_renamed_layers_are_found(layers, select, inspected, until_inspected, full_run):
    layers.layer("contribution").name = "mine"
    select()
    inspected.set_penalty(1.2 * full_run.penalty)
    until_inspected(inspected)
    np.testing.assert_array_equal(
        layers.layer("contribution").data, inspected.read_out.run.contribution_map
    )


@pytest.mark.windowless(False)
def test_the_deleted_movie_and_the_deleted_regions(
    viewer, layers, select, inspected, until_inspected
):
    get_session(viewer).painting.new_region()
    viewer.layers.remove(inspected.regions.layer)
    assert inspected.regions.layer is None
    viewer.layers.remove(get_session(viewer).movie_layer)
    select()
    assert inspected.answer is not None
    get_session(viewer).painting.new_region()
    assert inspected.regions.layer.data.shape == (33, 34)


@pytest.mark.windowless(False)
def test_other_orders_of_the_axes_and_three_dimensions(
    viewer, layers, select, inspected, until_inspected
):
    select()
    viewer.dims.order = (1, 0, 2)
    select(2)
    viewer.dims.order = (0, 1, 2)
    viewer.dims.ndisplay = 3
    get_session(viewer)._clicks.click((0.0, 12.0, 12.0))
    inspected.clear()
    select(1)
    viewer.dims.ndisplay = 2
    assert layers.layer(INFLUENCE["outgoing"]).visible


@pytest.mark.windowless(False)
def test_what_the_person_has_in_hand_stays_in_hand(viewer, layers, select):
    session = get_session(viewer)
    session.painting.new_region()
    layer = session.inspecting.regions.layer
    select()
    assert viewer.layers.selection.active is layer
    assert layer.mode == "paint"
    assert viewer.layers.index(layers.layer(INFLUENCE["outgoing"])) < viewer.layers.index(layer)


@pytest.mark.windowless(False)
def test_another_run_takes_the_layers_away(
    viewer, layers, select, inspected, tmp_path, open_run, until_inspected
):
    from made_comparisons import made_folder
    from made_runs import made_full_run

    select()
    get_session(viewer).model_movies.show("prediction", get_session(viewer).movie_layer)
    other = made_full_run(made_folder(tmp_path / "other"), (33, 34), 60)
    open_run(viewer, other, Placement(scale=(2.0, 2.0), units=("um", "um")))
    until_inspected(inspected)
    kinds = [kind_of(layer) for layer in viewer.layers]
    assert not {*INFLUENCE.values(), "prediction"} & set(kinds)
    assert inspected.run is other


def test_a_predicted_movie_follows_the_penalty_when_it_is_seen(
    viewer, layers, inspected, until_inspected, full_run
):
    session = get_session(viewer)
    layer = session.model_movies.show("prediction", session.movie_layer)
    before = np.asarray(layer.data[30])
    layer.visible = False
    lazy = layer.data
    inspected.set_penalty(100 * full_run.penalty)
    until_inspected(inspected)
    assert layer.data is lazy
    layer.visible = True
    assert not np.array_equal(np.asarray(layer.data[30]), before)


@pytest.mark.windowless(False)
def test_an_answer_on_its_way_while_the_window_closes(viewer, inspected, qtbot):
    inspected.select("driver", 1)
    viewer.close()
    qtbot.waitUntil(lambda: not inspected.busy, timeout=10_000)


def names(layers):
    layer = layers.layer("driver names")
    return dict(zip(layer.features["word"], map(tuple, layer.data), strict=True))


def test_numbers_lie_beside_the_outlines_and_follow_names(layers, inspected):
    assert names(layers) == {"1": (3.5, 9.0), "2": (23.5, 28.0)}
    inspected.annotate("driver", 2, name="Ada")
    assert set(names(layers)) == {"1", "Ada"}
    inspected.annotate("driver", 1, hidden=True)
    assert set(names(layers)) == {"Ada"}
    inspected.annotate("driver", 1, hidden=False)
    assert names(layers)["Ada"] == (23.5, 28.0)


def test_numbers_are_hidden_and_shown_with_the_outlines(viewer, layers):
    layers.layer("drivers").visible = False
    assert not layers.layer("driver names").visible
    get_session(viewer).show_run()
    assert set(names(layers)) == {"1", "2"}
    layers.layer("drivers").visible = False
    assert not layers.layer("driver names").visible
    layers.layer("drivers").visible = True
    assert layers.layer("driver names").visible


def test_numbers_do_not_come_in_the_way_of_a_click(viewer, layers, inspected, until_inspected):
    y, x = layers.layer("driver names").data[0]
    assert viewer.layers.selection.active is not layers.layer("driver names")
    get_session(viewer)._clicks.click((0.0, 2.0 * (y + 2), 2.0 * (x - 2)))
    assert inspected.selection.key == ("driver", 1)


def test_colours_stay_with_the_place_while_the_slider_moves(
    layers, inspected, until_inspected, full_run
):
    def colour_of_first():
        layer = layers.layer("drivers")
        at_place = layer.data[6, 6]
        return tuple(layer.colormap.map(at_place).ravel()) if at_place else None

    inspected.set_penalty(0.9 * full_run.penalty)
    until_inspected(inspected)
    seen = {colour_of_first()}
    for factor in (1.2, 1.0, 0.8):
        inspected.set_penalty(factor * full_run.penalty)
        until_inspected(inspected)
        seen.add(colour_of_first())
    assert len(seen - {None}) == 1


def test_the_map_gets_its_colours_once_it_is_tested(layers, inspected, until_inspected, full_run):
    def with_chance(value):
        tested = full_run.results.significance
        chance = tested.chance.clone().fill_(value)
        results = replace(full_run.results, significance=replace(tested, chance=chance))
        return replace(full_run, results=results)

    inspected.grow(with_chance(float("nan")))
    until_inspected(inspected)
    layer = layers.layer("contribution")
    inspected.grow(with_chance(1.0))
    until_inspected(inspected)
    assert layers.layer("contribution") is layer
    assert layer.colormap.name.startswith("contribution to")
    assert layer.contrast_limits[1] >= 2
    layer.colormap = "viridis"
    inspected.set_penalty(1.1 * full_run.penalty)
    until_inspected(inspected)
    assert layer.colormap.name == "viridis"

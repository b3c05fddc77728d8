"""A partner is chosen: source and target over time, and one around the other's events."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_sparsevar.run.traces import place_series
from napari_sparsevar.widgets.inspecting.events import NOT_CHOSEN

pytestmark = pytest.mark.windowless

SHAPE = (33, 34)
LABELS = np.zeros(SHAPE, np.int32)
# Driver 1 drives driver 2 and a place at 26, 6 that has no name.
LABELS[4:9, 4:9], LABELS[24:29, 24:29] = 1, 2


@pytest.fixture
def run(tmp_path):
    from made_comparisons import made_folder
    from made_runs import SOURCE, TARGETS, made_full_run

    made = made_full_run(made_folder(tmp_path / "a-run"), SHAPE, 900, labels=LABELS)
    # White noise has hardly any events.
    latents, columns = made.results.latents, made.results.grid.columns
    events = np.arange(20, 880, 20) + np.random.default_rng(0).integers(0, 12, 43)
    source, *targets = (row * columns + column for row, column in (SOURCE, *TARGETS))
    latents[events, source] += 8
    for target in targets:
        latents[events + 1, target] += 6
    return made


@pytest.fixture
def session(viewer, run, open_run, until_inspected):
    session = open_run(viewer, run)
    until_inspected(session.inspecting)
    return session


@pytest.fixture
def dock(session, open_dock, until_inspected):
    dock = open_dock("Drivers")
    dock.window().resize(420, 800)
    dock.window().show()
    session.inspecting.select("driver", 1)
    until_inspected(session.inspecting)
    return dock


@pytest.fixture
def click(dock):
    """Click the partner of a name."""

    def click_(name):
        table = dock.partners.table.table
        (row,) = (row for row in range(table.rowCount()) if table.item(row, 0).text() == name)
        where = table.visualItemRect(table.item(row, 0)).center()
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=where)

    return click_


@pytest.fixture
def answered(qtbot, session):
    def wait():
        qtbot.waitUntil(lambda: session.edge.answer is not None, timeout=10_000)
        return session.edge.answer

    return wait


def test_a_row_of_the_partners_is_an_edge_in_the_direction_looked_at(
    session, dock, click, until_inspected
):
    click("driver 2")
    assert session.edge.names == ("driver 1", "driver 2")
    session.inspecting.select("driver", 2)
    until_inspected(session.inspecting)
    assert session.edge.edge is None
    dock.partners.directions["incoming"].click()
    click("driver 1")
    assert session.edge.names == ("driver 1", "driver 2")
    source, target = session.edge.edge.ends
    np.testing.assert_array_equal(source.mask, LABELS == 1)
    np.testing.assert_array_equal(target.mask, LABELS == 2)


def test_a_partner_without_a_name_is_its_own_pixels(session, click, run):
    click("(51.0, 11.0) µm")
    assert session.edge.names == ("driver 1", "(51.0, 11.0) µm")
    rows, columns = np.nonzero(session.edge.edge.partner.mask)
    assert (rows.mean(), columns.mean()) == (25.5, 5.5)
    assert rows.size == run.results.grid.stride**2


def test_no_partner_is_called_by_the_name_of_the_selected_place(
    viewer, session, dock, until_inspected
):
    image = np.zeros(SHAPE, np.int32)
    image[:30, :30] = 7
    session.inspecting.regions.new_layer(viewer, SHAPE, session.placement(), image)
    until_inspected(session.inspecting)
    session.inspecting.select("region", 7)
    until_inspected(session.inspecting)
    table = dock.partners.table.table
    assert table.rowCount()
    names = [table.item(row, 0).text() for row in range(table.rowCount())]
    assert "region 7" not in names
    for row, partner in session.inspecting.influence.partners.iterrows():
        if partner["y"] < 30 and partner["x"] < 30:
            assert names[row] == f"({2 * partner['y']:.1f}, {2 * partner['x']:.1f}) µm"
    session.edge.choose(session.inspecting.influence.partners.iloc[0])
    assert session.edge.names == ("region 7", names[0])


def test_names_follow_what_a_person_types(session, click):
    click("driver 2")
    session.inspecting.annotate("driver", 2, name="the follower")
    assert session.edge.names == ("driver 1", "the follower")


def test_nothing_is_computed_until_somebody_can_see_it(
    qtbot, session, dock, click, answered, run, monkeypatch
):
    click("driver 2")
    qtbot.wait(150)
    assert session.edge.answer is None
    dock.tabs.setCurrentWidget(dock.events)
    found = answered()
    np.testing.assert_allclose(found.source, place_series(run, LABELS == 1).activity)
    np.testing.assert_allclose(found.target, place_series(run, LABELS == 2).activity)
    # What is known is not computed again when somebody comes back.
    dock.tabs.setCurrentWidget(dock.partners)
    dock.tabs.setCurrentWidget(dock.events)
    qtbot.wait(100)
    assert session.edge.answer is found
    dock.tabs.setCurrentWidget(dock.partners)
    click("(51.0, 11.0) µm")
    qtbot.wait(150)
    assert session.edge.answer is None


def test_who_looks_away_as_the_answer_comes_finds_it_on_coming_back(
    qtbot, session, dock, click, answered
):
    edge, busy = session.edge, []

    def look_away():
        if edge.answer is not None and not busy:
            busy.append(edge.busy)
            edge.want("somebody", False)

    edge.changed.connect(look_away)
    click("driver 2")
    edge.want("somebody")
    found = answered()
    assert busy == [True]  # its thread has not quite ended
    edge.want("somebody")
    qtbot.waitUntil(lambda: not edge.busy)
    assert edge.answer is found


def test_events_are_drawn_and_said_and_a_follower_follows(session, dock, click, answered):
    dock.tabs.setCurrentWidget(dock.events)
    panel = dock.events
    assert panel.words.text() == NOT_CHOSEN
    assert not panel.plot.isVisible()
    dock.tabs.setCurrentWidget(dock.partners)
    click("driver 2")
    dock.tabs.setCurrentWidget(panel)
    average = answered().average
    panel.refresh()
    assert panel.plot.isVisible()
    np.testing.assert_array_equal(panel.plot.average.yData, average.average)
    assert panel.plot.average.xData[[0, -1]].tolist() == [-15, 45]
    drawn = panel.plot.outside.getData()
    assert drawn[0].tolist() == average.lags[average.outside & average.later].tolist()
    assert 1 in drawn[0]
    assert panel.words.text().startswith("“driver 2” follows “driver 1”. After ")
    assert "most after 67 ms" in panel.words.text()


def test_the_other_way_round_nothing_follows(session, dock, answered, until_inspected):
    # As if driver 1 were a partner that driver 2 drives.
    session.inspecting.select("driver", 2)
    until_inspected(session.inspecting)
    partners = session.inspecting.answer.influence["incoming"].partners
    session.edge.choose(partners.iloc[0])
    dock.tabs.setCurrentWidget(dock.events)
    assert session.edge.names == ("driver 2", "driver 1")
    assert not answered().average.follows
    dock.events.refresh()
    assert "does not follow “driver 2”, it comes 67 ms before it" in dock.events.words.text()


def test_the_edge_ends_with_the_direction_and_its_row_is_marked_as_long(
    session, dock, click, until_inspected
):
    click("driver 2")
    table = dock.partners.table.table
    session.inspecting.set_penalty(1.2 * session.inspecting.penalty)
    until_inspected(session.inspecting)
    # Only driver 1 is one at this penalty: its partner is called by its position.
    assert session.edge.names[1] == table.item(table.selected_row, 0).text() == "(51.0, 51.0) µm"
    dock.partners.directions["incoming"].click()
    assert session.edge.edge is None
    assert table.selected_row is None


def test_an_error_is_said_where_the_plot_would_be(qtbot, session, dock, click, monkeypatch):
    def fail(*_):
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr("napari_sparsevar.run.traces.place_series", fail)
    click("driver 2")
    dock.tabs.setCurrentWidget(dock.events)
    qtbot.waitUntil(lambda: "the disk is gone" in dock.events.words.text(), timeout=10_000)
    assert not dock.events.plot.isVisible()


def test_a_driver_that_is_none_any_more_is_not_called_by_the_number_of_another(
    session, until_inspected
):
    inspecting = session.inspecting
    # Away from the penalty of the run other places stand out, and number 1 is another.
    inspecting.select("driver", 2)
    until_inspected(inspecting)
    place = inspecting.selection
    inspecting.set_penalty(3 * inspecting.penalty)
    until_inspected(inspecting)
    shown = inspecting.read_out.run.driver_labels
    assert not shown[place.mask].any()
    assert inspecting.selection.key == ("driver", 0)
    name = inspecting.name_of(*inspecting.selection.key)
    assert name == f"place at ({2 * place.y:.1f}, {2 * place.x:.1f}) µm"
    inspecting.reset_penalty()
    until_inspected(inspecting)
    assert inspecting.name_of(*inspecting.selection.key) == "driver 2"

"""The table of partners: what is not beyond chance looks so, and every partner has a name."""

from dataclasses import replace

import numpy as np
import pytest

from napari_sparsevar.widgets.inspecting.partners import UNTESTED, WITHIN_CHANCE
from napari_sparsevar.widgets.parts.table import PALE_TEXT

pytestmark = pytest.mark.windowless


@pytest.fixture
def panel(open_dock, inspected, until_inspected):
    dock = open_dock("Drivers")
    dock.window().show()
    inspected.select("driver", 1)
    until_inspected(inspected)
    return dock.partners


def judge(inspected, p_values):
    """Say how sure the first partners are; chance makes all others."""
    influence = inspected.influence
    p_adjusted = np.ones(len(influence.partners))
    p_adjusted[: len(p_values)] = p_values
    found = replace(influence, partners=influence.partners.assign(p_adjusted=p_adjusted))
    inspected.answer = replace(inspected.answer, influence={inspected.direction: found})
    inspected.answered.emit()


def pale(panel):
    """Return which rows are grey."""
    table = panel.table.table
    grey = PALE_TEXT
    return [table.item(row, 0).foreground().color() == grey for row in range(table.rowCount())]


def test_partners_that_nobody_has_tested_are_pale_and_it_is_said(panel):
    assert all(pale(panel))
    assert panel.said.isVisible()
    assert panel.said.text() == UNTESTED


def test_partners_within_chance_are_pale(panel, inspected):
    judge(inspected, [0.01, 0.2])
    assert pale(panel)[:2] == [False, True]
    assert not panel.said.isVisible()
    # The same rows again, now all of them no better than chance.
    judge(inspected, [0.06])
    assert all(pale(panel))
    assert panel.said.text() == WITHIN_CHANCE
    judge(inspected, [0.05])
    assert not pale(panel)[0]


def test_a_partner_without_a_name_is_called_by_its_place_in_the_status_bar(panel, inspected):
    table, partners = panel.table.table, inspected.influence.partners
    names = [table.item(row, 0).text() for row in range(table.rowCount())]
    unnamed = [row for row in range(len(names)) if not names[row].startswith("driver")]
    assert unnamed
    for row in unnamed:
        y, x = 2.0 * partners.loc[row, ["y", "x"]].astype(float)
        assert names[row] == f"({y:.1f}, {x:.1f}) µm"

"""P-values and shares as they are written everywhere."""

from __future__ import annotations

import math

import pytest

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text


@pytest.mark.parametrize(
    ("p_value", "written"),
    [
        (1.0, "1.00"),
        (0.3, "0.30"),
        (0.0496, "0.05"),
        (0.0625, "0.062"),
        (0.005, "0.005"),
        (0.000999, "0.001"),
        (0.00012, "0.00012"),
        (3.2e-9, "3.2e-09"),
        (math.nan, "–"),
    ],
)
def test_a_p_value_has_two_digits(p_value: float, written: str) -> None:
    assert p_value_text(p_value) == written


def test_where_there_is_room_it_has_more_digits() -> None:
    assert [p_value_text(one, digits=3) for one in (0.0625, 0.222, 0.3)] == [
        "0.0625",
        "0.222",
        "0.30",
    ]


@pytest.mark.parametrize(("share", "written"), [(1.0, "100 %"), (0.346, "35 %"), (math.nan, "–")])
def test_a_share_is_written_in_percent(share: float, written: str) -> None:
    assert percent_text(share) == written

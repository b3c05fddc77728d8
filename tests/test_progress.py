"""Work in parts: its fractions, its result, and its end before it is done."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from napari_sparsevar.progress import WithResult, part, returned, stage


def counted(closed: list[bool] | None = None) -> Generator[float, None, str]:
    try:
        yield 0.5
        yield 1.0
        return "counted"
    finally:
        if closed is not None:
            closed.append(True)


def test_a_part_moves_its_fractions_and_hands_on_its_result() -> None:
    work = WithResult(part(counted(), 0.2, 0.4))
    assert list(work) == pytest.approx([0.3, 0.4])
    assert work.result == "counted"


def test_a_stage_says_what_it_does_from_its_start() -> None:
    work = WithResult(stage(counted(), 0.0, 1.0, "Counting"))
    assert list(work) == [(0.0, "Counting"), (0.5, "Counting"), (1.0, "Counting")]
    assert work.result == "counted"


def test_work_without_a_step_has_a_result() -> None:
    def nothing() -> Generator[float, None, int]:
        return 3
        yield 1.0

    assert returned(nothing()) == 3


def test_closing_a_stage_closes_the_work_within() -> None:
    closed: list[bool] = []
    work = stage(counted(closed), 0.0, 1.0, "Counting")
    next(work)
    next(work)
    work.close()
    assert closed

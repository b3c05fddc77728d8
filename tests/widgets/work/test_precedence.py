"""Reading waits for answers, but not for ever."""

import time

import pytest

from napari_sparsevar.widgets.work import precedence
from napari_sparsevar.widgets.work.precedence import Precedence


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(precedence, "REST_S", 0.01)
    monkeypatch.setattr(precedence, "LONGEST_S", 0.3)


def test_nothing_waits_when_nobody_asks():
    assert list(Precedence().pauses()) == []


def test_it_waits_until_the_last_answer_is_there(short):
    taken = Precedence()
    taken.begin()
    taken.begin()
    pauses = taken.pauses()
    next(pauses)
    taken.end()
    next(pauses)
    taken.end()
    time.sleep(0.02)
    assert list(pauses) == []


def test_it_does_not_wait_for_ever(short):
    taken = Precedence()
    taken.begin()
    start = time.monotonic()
    list(taken.pauses())
    assert 0.3 <= time.monotonic() - start < 5


def test_it_can_be_ended_while_it_waits():
    taken = Precedence()
    taken.begin()
    pauses = taken.pauses()
    next(pauses)
    pauses.close()

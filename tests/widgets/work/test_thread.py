"""Whatever happens in the thread, the main thread learns of it, and nothing is left behind."""

import threading
import time

import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.widgets.work.failure import Failure
from napari_sparsevar.widgets.work.thread import Background, guarded


@pytest.fixture
def done(qtbot, qapp):
    """Run a generator in the background; return its news."""

    def run(make):
        news, ended = [], []
        work = Background(make, news.append, lambda: ended.append(1), what="The work")
        work.start()
        qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
        return news

    return run


def test_news_arrive_in_order_in_the_main_thread(done, qapp):
    assert done(lambda: iter(range(50))) == list(range(50))


def test_the_work_is_done_in_another_thread_and_delivered_in_the_main_one(qtbot, qapp):
    worked, delivered, here = [], [], threading.get_ident()

    def make():
        worked.append(threading.get_ident())
        yield 1

    def deliver(news):
        delivered.append(threading.get_ident())

    def ended():
        delivered.append(threading.get_ident())

    work = Background(make, deliver, ended, what="The work")
    work.start()
    qtbot.waitUntil(lambda: len(delivered) == 2, timeout=10_000)
    assert delivered == [here, here]
    assert worked[0] != here


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), ValueError("odd"), MemoryError()])
def test_no_error_is_swallowed(done, error):
    def make():
        yield 1
        raise error

    first, failure = done(make)
    assert first == 1
    assert isinstance(failure, Failure)
    assert failure.sentence.startswith(f"The work failed: {type(error).__name__}")
    assert "Traceback" in failure.details


def test_a_user_error_is_its_own_sentence(done):
    def make():
        raise UserError("Too few frames; mark more.")
        yield

    assert done(make) == [Failure("Too few frames; mark more.")]


def test_an_error_before_the_first_news_is_told_too(done):
    def make():
        raise RuntimeError("no module")

    assert [type(news) for news in done(make)] == [Failure]


def test_abandoned_work_is_closed(qtbot, qapp):
    closed, ended, news = [], [], []

    def make():
        try:
            while True:
                time.sleep(0.002)
                yield 1
        finally:
            closed.append(1)

    work = Background(make, news.append, lambda: ended.append(1), what="The work")
    work.start()
    qtbot.waitUntil(lambda: len(news) > 2, timeout=10_000)
    work.abandon()
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    assert closed == [1]


def test_dropped_work_says_nothing_more(qtbot, qapp):
    closed, heard = [], []

    def make():
        try:
            while True:
                time.sleep(0.002)
                yield 1
        finally:
            closed.append(1)

    work = Background(make, heard.append, lambda: heard.append("ended"), what="The work")
    work.start()
    qtbot.waitUntil(lambda: bool(heard), timeout=10_000)
    work.drop()
    said = len(heard)
    qtbot.waitUntil(lambda: bool(closed), timeout=10_000)
    qtbot.wait(50)
    assert len(heard) == said


def test_guarded_work_that_is_abandoned_before_it_starts_yields_nothing():
    abandoned = threading.Event()
    abandoned.set()
    assert list(guarded(lambda: iter([1, 2]), abandoned, "The work")) == []

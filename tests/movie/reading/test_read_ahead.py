"""Reading ahead: the same pieces in the same order, errors where they belong, no thread left."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from napari_sparsevar.movie.reading.read_ahead import ReadAhead, ahead_of, in_turn


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


def test_pieces_come_in_order_and_each_is_read_once() -> None:
    read: list[int] = []

    def square(key: int) -> int:
        read.append(key)
        return key * key

    assert list(in_turn(square, range(7), depth=3)) == [(key, key * key) for key in range(7)]
    assert read == list(range(7))
    assert not readers()


def test_the_next_piece_is_read_while_the_last_is_worked_on() -> None:
    begun = threading.Event()

    def read(key: int) -> int:
        if key == 1:
            begun.set()
        return key

    with ReadAhead(read) as ahead:
        assert ahead.take(0, [1]) == 0
        assert begun.wait(5)
        assert readers()
    assert not readers()


def test_an_error_is_raised_where_its_piece_is_taken() -> None:
    def read(key: int) -> int:
        if key == 2:
            raise OSError("unplugged")
        return key

    with ReadAhead(read) as ahead:
        assert ahead.take(0, [1, 2]) == 0
        assert ahead.take(1, [2, 3]) == 1
        with pytest.raises(OSError, match="unplugged"):
            ahead.take(2, [3])
        assert ahead.take(3, []) == 3
    assert not readers()


def test_what_is_not_wanted_any_more_is_forgotten() -> None:
    read: list[tuple[int, int]] = []

    def note(key: tuple[int, int]) -> tuple[int, int]:
        read.append(key)
        return key

    with ReadAhead(note) as ahead:
        ahead.take((0, 8), [(1, 8), (2, 8)])
        assert ahead.take((1, 4), [(2, 4)]) == (1, 4)
        assert ahead.take((1, 8), []) == (1, 8)
    assert read.count((1, 8)) in (1, 2)


def test_leaving_early_leaves_no_thread() -> None:
    work = in_turn(lambda key: key, range(100))
    assert next(work) == (0, 0)
    work.close()
    assert not readers()


def test_what_a_generator_yields_is_made_ahead_in_order() -> None:
    second = threading.Event()

    def pieces() -> Iterator[int]:
        for number in range(5):
            if number == 1:
                second.set()
            yield number

    made = ahead_of(pieces())
    assert next(made) == 0
    assert second.wait(timeout=10)
    assert list(made) == [1, 2, 3, 4]
    assert not readers()


def test_an_error_of_the_generator_is_raised_after_what_came_before() -> None:
    def pieces() -> Iterator[int]:
        yield 0
        raise OSError("gone")

    made = ahead_of(pieces())
    assert next(made) == 0
    with pytest.raises(OSError, match="gone"):
        next(made)
    assert not readers()

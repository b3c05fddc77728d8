"""Frames that are read in a thread keep out of the cache that napari draws from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from dask.callbacks import Callback

from napari_sparsevar.cells.open import open_cells
from napari_sparsevar.cells.reading import looked_over
from napari_sparsevar.movie.inspection.inspect import inspect_movie
from napari_sparsevar.movie.memory import read_array
from napari_sparsevar.movie.movie import Movie
from napari_sparsevar.movie.reading import lazy_frames
from napari_sparsevar.movie.reading.compute import compute
from napari_sparsevar.readers.movies import movie_layer
from napari_sparsevar.run.record import content_of


class Calls(Callback):
    """Counts what dask reports to the process, as the cache of napari hears it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = 0

    def _start(self, dsk: Any) -> None:
        self.heard += 1


@pytest.fixture
def movie() -> Movie:
    frames = np.random.default_rng(0).normal(100.0, 5.0, (70, 12, 16)).astype(np.float32)
    return read_array(frames)


def test_values_are_those_of_the_array(movie: Movie) -> None:
    np.testing.assert_array_equal(compute(movie.data[3:9]), np.asarray(movie.data[3:9]))


def test_reads_in_the_calling_thread() -> None:
    threads = []

    def read(start: int, stop: int) -> np.ndarray:
        threads.append(threading.get_ident())
        return np.zeros((stop - start, 4, 4), np.float32)

    compute(lazy_frames.from_reader(read, (30, 4, 4), np.float32, length=5))
    assert set(threads) == {threading.get_ident()}


READINGS: dict[str, Callable[[Movie], Any]] = {
    "computed": lambda movie: compute(movie.data),
    "in blocks": lambda movie: list(lazy_frames.read_blocks(movie.data)),
    "looked at": inspect_movie,
    "as a layer": movie_layer,
    "as content": content_of,
    "for its cells": lambda movie: looked_over(movie, open_cells(np.eye(12, 16, dtype=int))),
}


@pytest.mark.parametrize("reading", READINGS)
def test_no_reading_is_heard_by_callbacks_of_the_process(movie: Movie, reading: str) -> None:
    with Calls() as calls:
        READINGS[reading](movie)
        assert calls.heard == 0
        np.asarray(movie.data[0])  # what napari does when it draws
    assert calls.heard == 1

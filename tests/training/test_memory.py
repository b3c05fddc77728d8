"""Arrays of a training die with their last reference: none waits for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch._dynamo  # its first import, in the middle of a training, leaves cycles of its own

import napari_sparsevar as sv
from napari_sparsevar.training.events import Finished

LARGE = 256
"""Numbers in an array; a frame of the small movie has more pixels."""


@contextmanager
def unreachable() -> Iterator[list[Any]]:
    """Keep what is left in cycles inside the block, as only the collector would free it."""
    found: list[Any] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.extend(gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def large_arrays(kept: list[Any]) -> list[tuple[int, ...]]:
    """Shapes of the arrays among some objects or directly held by one of them."""
    held = [*kept, *(inner for one in kept for inner in gc.get_referents(one))]
    arrays = [one for one in held if isinstance(one, torch.Tensor | np.ndarray)]
    return [tuple(one.shape) for one in arrays if np.prod(one.shape) >= LARGE]


def test_nothing_large_is_left_for_the_garbage_collector(
    small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    with unreachable() as kept:
        *_, last = sv.train(small_movie, small_config, out=tmp_path / "run", device="cpu")
    assert isinstance(last, Finished), last
    assert not large_arrays(kept)


def test_an_array_in_a_cycle_is_found() -> None:
    with unreachable() as kept:
        cycle: list[Any] = [np.zeros(LARGE)]
        cycle.append(cycle)
        del cycle
    assert large_arrays(kept) == [(LARGE,)]

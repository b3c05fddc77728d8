"""Bursts of all cells are told of; cells that drive each other are not bursts."""

import numpy as np
import pytest

from napari_sparsevar.cells.activity import CellActivity
from napari_sparsevar.cells.bursts import burst_notes

N_CELLS, N_FRAMES = 40, 4000


def activity_of(events):
    names = tuple(map(str, range(events.shape[1])))
    good = np.ones(len(events), bool)
    good[100:150] = False
    near = np.eye(events.shape[1], dtype=bool)
    return CellActivity(events.astype(np.float32), good, (), names, near)


def events(seed, rate=0.02):
    return np.random.default_rng(seed).random((N_FRAMES, N_CELLS)) < rate


@pytest.mark.parametrize("seed", range(3))
def test_bursts_are_told_of(seed):
    rng = np.random.default_rng(seed)
    found = events(seed)
    for start in rng.choice(N_FRAMES - 3, 20, replace=False):
        found[start : start + 3] |= rng.random((3, N_CELLS)) < 0.5
    (note,) = burst_notes(activity_of(found))
    assert note.startswith("Bursts: the busiest 1 % of the frames hold")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_cells", [3, N_CELLS])
def test_cells_that_drive_each_other_are_no_bursts(seed, n_cells):
    found = events(seed)[:, :n_cells]
    for driver in range(0, n_cells, 5):
        for follower in range(driver + 1, min(driver + 5, n_cells)):
            found[1:, follower] |= found[:-1, driver]
    assert burst_notes(activity_of(found)) == ()

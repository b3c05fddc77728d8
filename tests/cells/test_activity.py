"""Which cells are one: copies, and an outline inside another; not what long tails touch."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from napari_sparsevar.cells.activity import same_cells


def test_an_outline_inside_another_is_the_same_cell_and_tails_are_not() -> None:
    y, x = np.mgrid[:20, :40]
    nearby = [np.hypot(y - 10, x - column) for column in (8, 10, 28)]
    bodies = np.array([np.exp(-0.5 * (away / 2.5) ** 2).ravel() for away in nearby])
    series = np.random.default_rng(0).standard_normal((200, 3)).astype(np.float32)
    near = same_cells(series, sparse.csr_array(bodies))
    assert near.tolist() == [[True, True, False], [True, True, False], [False, False, True]]

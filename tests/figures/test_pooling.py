"""Fields that share a dot: the one that ranks highest is seen, whatever else is there."""

import numpy as np
import pytest

from napari_sparsevar.figures.pooling import pooled


@pytest.mark.parametrize("each", [1, 2, 3, 5])
def test_the_highest_of_each_block_is_seen(each: int) -> None:
    rng = np.random.default_rng(each)
    rank, other = rng.normal(size=(2, 7, 7))
    seen, beside = pooled(rank, each, rank, other)
    for row, column in np.ndindex(seen.shape):
        block = np.s_[row * each : (row + 1) * each, column * each : (column + 1) * each]
        assert seen[row, column] == rank[block].max()
        assert beside[row, column] == other[block].flat[rank[block].argmax()]


def test_what_is_not_shown_gives_way_to_what_is() -> None:
    matrix = np.full((1300, 1300), np.nan)
    matrix[7, 1297], matrix[8, 1298] = -2.0, 1.0
    (found,) = pooled(np.abs(matrix), 3, matrix)
    assert found.shape == (434, 434)
    assert found[2, 432] == -2.0
    assert np.isfinite(found).sum() == 1

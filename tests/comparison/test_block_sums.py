"""Sums over blocks: nothing is lost in doubling, and blocks are as long as what is slow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy.signal import lfilter

from napari_sparsevar.comparison.block_sums import BlockSums, steady
from napari_sparsevar.comparison.blocks import SHORTEST_BLOCK, autocorrelation

Array = npt.NDArray[np.float32]
FRAMES, LATENTS, FEWEST = 1500, 40, 10


def _white(seed: int) -> Array:
    return np.random.default_rng(seed).standard_normal((FRAMES, LATENTS)).astype(np.float32)


def _with_slow(seed: int, memory: float = 0.96, share: float = 0.06) -> Array:
    """Return noise with a slow signal common to all, a few percent of each one's variance."""
    rng = np.random.default_rng(seed + 1000)
    slow = np.sqrt(1 - memory**2) * lfilter([1.0], [1.0, -memory], rng.standard_normal(FRAMES))
    loading = rng.standard_normal(LATENTS)
    return (_white(seed) + np.sqrt(share) * slow[:, None] * loading).astype(np.float32)


def _sums(values: Array, pieces: list[npt.NDArray[np.int64]] | None = None) -> BlockSums:
    half = len(values) // 2
    pieces = pieces or [np.zeros(half, np.int64), np.zeros(len(values) - half - 1, np.int64)]
    series = torch.from_numpy(values)
    return BlockSums.of(series[:-1], series[1:], pieces, SHORTEST_BLOCK)


def test_doubling_loses_nothing_and_stays_inside_pieces() -> None:
    pieces = [np.repeat([0, 1], [400, 350]), np.repeat([0, 1, 2], [7, 400, 342])]
    short = _sums(_white(0), pieces)
    longer = short.doubled()
    assert longer.length == 2 * SHORTEST_BLOCK
    torch.testing.assert_close(longer.values.sum(dim=0), short.values.sum(dim=0))
    torch.testing.assert_close(longer.kernel.sum(), short.kernel.sum())
    assert longer.sizes.sum() == FRAMES - 1
    assert longer.sizes[longer.counts[0]] == 7  # a piece of one block stays as it is
    np.testing.assert_array_equal(np.unique(longer.pieces[1]), [0, 1, 2])


def test_white_activity_keeps_short_blocks_and_its_statistics() -> None:
    found = [steady(_sums(_white(seed)), FEWEST) for seed in range(10)]
    assert np.median([sums.length for sums, _ in found]) <= 2 * SHORTEST_BLOCK
    factors = torch.stack([factor for _, factor in found])
    assert (factors >= 1).all()
    assert (factors.mean(dim=0) < 1.05).all()


def test_a_slow_signal_too_weak_for_any_one_latent_makes_blocks_longer() -> None:
    for seed in range(3):
        values = _with_slow(seed)
        series = [torch.from_numpy(values - values.mean(axis=0))]
        assert autocorrelation(series, [np.zeros(FRAMES, np.int64)])[0] < 0.1
        sums, _ = steady(_sums(values), FEWEST)
        assert sums.length >= 4 * SHORTEST_BLOCK
        assert min(sums.counts) >= FEWEST


def test_where_blocks_cannot_grow_the_rest_is_in_the_factor() -> None:
    sums, factor = steady(_sums(_with_slow(0)), 2 * FRAMES)
    assert sums.length == SHORTEST_BLOCK
    assert (factor[[0, 2]] > 1.01).all()


@pytest.mark.parametrize("change", ["level", "size"])
def test_a_change_between_the_windows_is_nothing_slow(change: str) -> None:
    values = _white(0)
    values[FRAMES // 2 :] = values[FRAMES // 2 :] * 2 if change == "size" else values[750:] + 1
    sums, factor = steady(_sums(values), FEWEST)
    assert sums.length <= 2 * SHORTEST_BLOCK
    assert (factor < 1.1).all()

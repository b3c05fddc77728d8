"""Blocks of time: inside pieces, longer for slow activity, enough of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from napari_sparsevar.comparison.blocks import (
    SHORTEST_BLOCK,
    block_length,
    block_numbers,
    check_blocks,
    needed_blocks,
    padded,
)
from napari_sparsevar.errors import UserError


def _slow(memory: float, seed: int = 0) -> torch.Tensor:
    noise = np.random.default_rng(seed).standard_normal((4000, 6))
    return torch.from_numpy(lfilter([1.0], [1.0, -memory], noise, axis=0))


def _length(past: torch.Tensor, left: torch.Tensor) -> int:
    return block_length([past], [left], [np.zeros(len(past), np.int64)])


def test_white_activity_has_the_shortest_blocks() -> None:
    assert _length(_slow(0.0), _slow(0.0, 1)) == SHORTEST_BLOCK


def test_blocks_are_as_long_as_the_past_stays_alike() -> None:
    lengths = [_length(_slow(memory), _slow(0.0, 1)) for memory in (0.8, 0.9, 0.95)]
    expected = [-1 / np.log(memory) for memory in (0.8, 0.9, 0.95)]
    np.testing.assert_allclose(lengths, expected, rtol=0.25, atol=1.5)


def test_what_a_model_leaves_makes_blocks_longer_where_it_remembers() -> None:
    assert _length(_slow(0.9), _slow(0.9, 1)) > 2 * _length(_slow(0.9), _slow(0.0, 1))


def test_no_block_crosses_pieces_and_all_are_about_as_long_as_asked() -> None:
    piece = np.repeat([0, 1, 2], [23, 4, 50])
    numbers = block_numbers(piece, 5)
    assert (np.diff(numbers) >= 0).all()
    for number in range(numbers.max() + 1):
        inside = piece[numbers == number]
        assert len(set(inside)) == 1
        assert len(inside) == 4 or 5 <= len(inside) <= 9


def test_padding_keeps_every_row_once() -> None:
    numbers = np.array([0, 0, 0, 1, 1, 2])
    values = torch.arange(12.0).reshape(6, 2)
    blocks = padded(values, numbers)
    assert blocks.shape == (3, 3, 2)
    torch.testing.assert_close(blocks[1, :2], values[3:5])
    torch.testing.assert_close(blocks.sum(dim=(0, 1)), values.sum(dim=0))


def test_too_few_blocks_say_how_long_a_window_must_be() -> None:
    check_blocks([25, 25], "AB", 5, 0.05)
    with pytest.raises(UserError, match=r"Window B holds 24 independent blocks of 7 frames.*182"):
        check_blocks([25, 24], "AB", 7, 0.05)
    assert needed_blocks(0.001) > needed_blocks(0.01) == needed_blocks(0.1)

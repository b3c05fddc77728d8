"""Rows of the regression made piece by piece: the same as from all latents at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from made_activity import MadeActivity
from napari_sparsevar.analysis.fit import own_dynamics as series_by_pieces
from napari_sparsevar.analysis.fit.lagged_rows import (
    StreamedRows,
    block_moments,
    chosen_rows,
    pool,
)
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.model.embedded_var import (
    LaggedPairs,
    lagged_pairs,
    sequences,
    standardiser,
)
from napari_sparsevar.model.temporal import PLAIN, own_dynamics, share_of

N_FRAMES, SIZE = 307, 5


def recorded() -> MadeActivity:
    """Slow latents in noise; some frames are bad, also in a row and at a cut."""
    rng = np.random.default_rng(0)
    slow = np.zeros((N_FRAMES, SIZE))
    for t in range(1, N_FRAMES):
        slow[t] = 0.8 * slow[t - 1] + rng.standard_normal(SIZE)
    latents = (slow + rng.standard_normal(slow.shape) + 3.0).astype(np.float32)
    good = np.ones(N_FRAMES, bool)
    good[[19, 20, 21, 100, 255]] = False
    latents[~good] = 0.0
    return MadeActivity(latents, good)


@pytest.mark.parametrize("kind", ["calcium", "none"])
@pytest.mark.parametrize("lags", [1, 3])
@pytest.mark.parametrize("length", [2, 20, 1000])
def test_pieces_of_any_length_give_what_the_whole_gives(
    monkeypatch: pytest.MonkeyPatch, kind: Dynamics, lags: int, length: int
) -> None:
    monkeypatch.setattr(series_by_pieces, "PIECE_NUMBERS", length * SIZE)
    activity = recorded()
    whole, seen = torch.from_numpy(activity.series)[None], torch.from_numpy(activity.good)[None]
    standard = standardiser(whole, seen)
    standardised = standard.forward(whole)
    dynamics = own_dynamics(standardised, seen, kind)
    together = sequences(standardised, seen, dynamics)
    expected = lagged_pairs(together, seen, lags)

    rows = StreamedRows.of(activity, lags, kind)
    found = rows.own
    assert found.dynamics == pytest.approx(dynamics, abs=1e-6)
    close = {"rtol": 1e-4, "atol": 1e-4}
    torch.testing.assert_close(found.mean.float(), standard.mean, **close)
    torch.testing.assert_close(found.deviation.float(), standard.deviation, **close)
    torch.testing.assert_close(found.scale.float(), together.scale, **close)
    torch.testing.assert_close(found.drive_scale.float(), together.drive_scale, **close)
    pairs = (seen[:, 1:] & seen[:, :-1])[..., None].double()
    next_frame = (standardised[:, 1:] * standardised[:, :-1] * pairs).sum(dim=(0, 1)) / pairs.sum()
    plain = torch.ones(SIZE, dtype=torch.float64)
    share = plain if dynamics == PLAIN else share_of(next_frame[None], dynamics)
    torch.testing.assert_close(found.signal, share, **close)
    past, following = (torch.cat(part) for part in zip(*rows.pieces(), strict=True))
    assert rows.n_rows == len(past) == len(expected.past)
    torch.testing.assert_close(past, expected.past, **close)
    torch.testing.assert_close(following, expected.following, **close)
    numbers = torch.tensor([0, 1, 17, 200, len(past) - 1])
    chosen = chosen_rows(rows, numbers)
    assert torch.equal(chosen.past, past[numbers])
    assert torch.equal(chosen.following, following[numbers])


@pytest.mark.parametrize("n_blocks", [1, 10])
def test_moments_of_blocks_do_not_depend_on_the_pieces(
    monkeypatch: pytest.MonkeyPatch, n_blocks: int
) -> None:
    monkeypatch.setattr(series_by_pieces, "PIECE_NUMBERS", 13 * SIZE)
    rows = StreamedRows.of(recorded(), 2, "calcium")
    past, following = (torch.cat(part) for part in zip(*rows.pieces(), strict=True))
    found = block_moments(rows, n_blocks)
    parts = zip(past.tensor_split(n_blocks), following.tensor_split(n_blocks), strict=True)
    for block, (x, y) in zip(found, parts, strict=True):
        assert block.n == len(x)
        torch.testing.assert_close(block.gram, x.double().T @ x.double())
        torch.testing.assert_close(block.cross, x.double().T @ y.double())
        torch.testing.assert_close(block.variance, y.double().square().sum(dim=0))
    at_once = pool(block_moments(LaggedPairs(past, following), 1))
    torch.testing.assert_close(pool(found).gram, at_once.gram)


def test_latents_on_disk_are_those_in_memory(tmp_path: Path) -> None:
    series = recorded().series
    np.save(tmp_path / "latents.npy", series)
    mapped = np.load(tmp_path / "latents.npy", mmap_mode="r")
    read = [piece for _, piece in Series(mapped, torch.ones(N_FRAMES)).pieces(3, 200)]
    assert torch.equal(torch.cat(read), torch.from_numpy(series[3:200]))

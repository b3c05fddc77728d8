"""Negative effects beside stronger positive ones are echoes; others are not."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_sparsevar.analysis.evidence.echoes import Echoes

REACH = 10.0
CENTRES = np.stack(np.meshgrid(np.arange(8), np.arange(8), indexing="ij"), -1).reshape(-1, 2) * 4.0
PLACES = len(CENTRES)


def place(row: int, column: int) -> int:
    return 8 * row + column


def scores(*effects: tuple[int, int, float], lags: int = 1) -> torch.Tensor:
    found = torch.zeros(lags * PLACES, PLACES)
    for source, target, value in effects:
        found[source, target] = value
    return found


SOURCE, TARGET = place(0, 0), place(6, 6)
DRIVEN = (SOURCE, TARGET, 8.0)


@pytest.mark.parametrize("lag", [0, 1])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        (SOURCE, place(6, 7)),
        (SOURCE, place(5, 5)),
        (place(1, 0), TARGET),
        (place(1, 1), place(6, 5)),
    ],
)
def test_what_lies_beside_a_stronger_positive_effect_is_an_echo(
    source: int, target: int, lag: int
) -> None:
    found = scores(DRIVEN, (lag * PLACES + source, target, -3.0), lags=2)
    torch.testing.assert_close(Echoes.around(CENTRES, REACH).without(found), scores(DRIVEN, lags=2))


@pytest.mark.parametrize(
    ("source", "target", "value"),
    [
        (SOURCE, place(0, 7), -3.0),  # another target, far away
        (place(7, 0), TARGET, -3.0),  # another source
        (SOURCE, place(6, 7), -9.0),  # stronger than what is beside it
    ],
)
def test_what_is_elsewhere_or_stronger_is_not(source: int, target: int, value: float) -> None:
    found = scores(DRIVEN, (source, target, value))
    torch.testing.assert_close(Echoes.around(CENTRES, REACH).without(found), found)


def test_positive_effects_stay_and_draws_do_not_know_of_each_other() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(3, 2 * PLACES, PLACES, generator=generator)
    echoes = Echoes.around(CENTRES, REACH)
    together = echoes.without(drawn)
    torch.testing.assert_close(together.clamp_min(0.0), drawn.clamp_min(0.0))
    torch.testing.assert_close(together, torch.stack([echoes.without(one) for one in drawn]))


def test_no_effect_within_reach_is_overlooked() -> None:
    generator = torch.Generator().manual_seed(1)
    drawn = torch.randn(PLACES, PLACES, generator=generator)
    kept = Echoes.around(CENTRES, REACH).without(drawn)
    away = torch.from_numpy(np.linalg.norm(CENTRES[:, None] - CENTRES[None], axis=-1))
    for source, target in torch.nonzero(kept < 0).tolist():
        beside = drawn[away[source] <= REACH][:, away[target] <= REACH]
        assert beside.max() < -drawn[source, target]


def test_places_may_be_missing_and_numbers_missing() -> None:
    some = np.random.default_rng(2).permutation(PLACES)[:40]
    found = torch.zeros(40, 40)
    found[3, 7] = torch.nan
    kept = Echoes.around(CENTRES[some], REACH).without(found.nan_to_num())
    assert kept.shape == (40, 40)
    assert not kept.any()

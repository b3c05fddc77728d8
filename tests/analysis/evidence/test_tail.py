"""Beyond the draws: p-values go on falling, and not faster than chance does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from napari_sparsevar.analysis.evidence.adjustments import StepDown
from napari_sparsevar.analysis.evidence.tail import LEAST, LargestOfDraws, Tail

RNG = np.random.default_rng(0)
TAILS = {"normal": stats.norm, "t of 8": stats.t(8), "t of 3": stats.t(3)}


def stepped(observed: list[float], null: np.ndarray, *, beyond: bool) -> np.ndarray:
    step = StepDown(torch.tensor(observed), beyond=beyond)
    step.add(torch.from_numpy(null).float())
    return step.p_values().numpy()


def test_what_exceeds_all_draws_is_told_apart_and_nothing_else_changes() -> None:
    null = np.random.default_rng(1).standard_normal((199, 7))
    observed = [2.0, 2.5, 3.0, 8.0, 6.0, 1e6, 7.0]
    counted, told = (stepped(observed, null, beyond=beyond) for beyond in (False, True))
    np.testing.assert_array_equal(told[:3], counted[:3])
    assert counted[3:].tolist() == pytest.approx([1 / 200] * 4)
    assert LEAST == told[5] < told[3] < told[6] < told[4] < 1 / 200


def test_many_more_hypotheses_are_remembered_by_one_number_a_draw() -> None:
    largest = LargestOfDraws()
    for _ in range(60):
        largest.add(torch.from_numpy(RNG.standard_normal((1, 100_000))))
    assert sum(kept.numel() for kept in vars(largest)["_largest"]) == 60


@pytest.mark.parametrize("draws", [59, 199])
@pytest.mark.parametrize("squared", [False, True], ids=["edges", "places"])
@pytest.mark.parametrize("name", TAILS)
def test_p_values_beyond_the_draws_are_as_rare_as_they_say(
    name: str, squared: bool, draws: int
) -> None:
    """Largest of 552 scores, or of their squared excesses: how often a p-value is reached."""
    rng = np.random.default_rng(2)
    levels = 1.0 / (draws + 1) / np.array([2.0, 10.0, 100.0])
    reached = []
    for _ in range(40):
        score = TAILS[name].ppf(rng.random(draws) ** (1 / 552))
        largest = np.sort((score - 2.0) ** 2 if squared else score)
        values = np.geomspace(largest[-1], 1e4 * largest[-1], 400)
        share = Tail(largest[-(draws // 4) - 1 :], draws).share(values)
        first = [values[np.argmax(share <= level)] for level in levels]
        score = 2.0 + np.sqrt(first) if squared else np.array(first)
        reached.append(-np.expm1(552 * np.log1p(-TAILS[name].sf(score))) / levels)
    assert (np.mean(reached, axis=0) < 1.5).all()  # of 40 recordings: 1 but for chance, or less


@pytest.mark.parametrize(
    "null",
    [
        RNG.standard_normal((39, 3)),
        np.repeat([[1.0, 2.0]], 199, axis=0),
        np.where(RNG.random((199, 3)) < 0.05, 1.0, 0.0),
    ],
    ids=["few draws", "the same in each", "mostly the same"],
)
def test_where_the_tail_is_not_told_p_values_are_counted(null: np.ndarray) -> None:
    observed = [100.0] * null.shape[1]
    told = stepped(observed, null, beyond=True)
    assert told.tolist() == pytest.approx([1 / (len(null) + 1)] * null.shape[1])


def test_nothing_to_look_at_has_no_p_values() -> None:
    assert not len(stepped([], np.empty((99, 0)), beyond=True))

"""Who leads: shared light and noise have no direction, a driver has."""

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from napari_sparsevar.analysis.evidence.direction import (
    Asked,
    Exceeding,
    Leading,
    leading,
)
from napari_sparsevar.analysis.evidence.nulls.shifted import ShiftedTimes
from napari_sparsevar.model.embedded_var import LaggedPairs
from napari_sparsevar.progress import returned

N_FRAMES = 2000


def answers(
    series: np.ndarray,
    *,
    negative: torch.Tensor | None = None,
    unclear: torch.Tensor | None = None,
    lags: int = 1,
) -> Leading:
    """Ask for all directions between series (T, p) that are their own drives and innovations."""
    values = torch.from_numpy(np.ascontiguousarray(series, np.float32))
    past = torch.cat([values[lags - lag : -lag] for lag in range(1, lags + 1)], dim=1)
    pairs, p = LaggedPairs(past, values[lags:]), values.shape[1]
    near = torch.eye(p, dtype=torch.bool)
    sign = (pairs.past.T @ pairs.following).sign()
    far = ~near.repeat(lags, 1)
    asked = Asked(far, torch.ones(p).bool(), sign, negative, unclear=unclear)
    return returned(leading(pairs, near, asked, ShiftedTimes(len(past), 20)))


def shared_light(seed: int) -> np.ndarray:
    """Eight noisy places that see three slow sources: each foretells the others."""
    rng = np.random.default_rng(seed)
    sources = lfilter([1.0], [1.0, -0.8], rng.standard_normal((N_FRAMES, 3)), axis=0)
    return sources @ rng.normal(size=(3, 8)) + 2.0 * rng.standard_normal((N_FRAMES, 8))


def driven(seed: int, effect: float = 0.3) -> np.ndarray:
    """Place 0 drives places 1 and 2 a frame later; five others do nothing."""
    series = np.random.default_rng(seed).standard_normal((N_FRAMES, 8))
    series[1:, 1:3] += effect * series[:-1, [0]]
    return series


def test_shared_light_leads_nowhere() -> None:
    found = [answers(shared_light(seed)) for seed in range(20)]
    assert sum(bool((each.edge <= 0.05).any()) for each in found) <= 3
    assert sum(bool((each.place <= 0.05).any()) for each in found) <= 3


def test_places_chosen_because_they_foretell_much_lead_nowhere() -> None:
    """A hundred places share what happens; the fifth is asked that foretells the others most."""
    listed, p = 0, 100
    near = torch.eye(p, dtype=torch.bool)
    for seed in range(10):
        rng = np.random.default_rng(seed)
        happens = (rng.random((N_FRAMES, 6)) < 0.02) * rng.exponential(3.0, (N_FRAMES, 6))
        weight = rng.uniform(0, 0.3, (6, p)) * (rng.random((6, p)) < 0.4)
        shared = lfilter([1.0], [1.0, -0.6], happens, axis=0) @ weight
        values = shared + rng.standard_normal(shared.shape)
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        series = torch.from_numpy(values.astype(np.float32))
        pairs = LaggedPairs(series[:-1], series[1:])
        score = pairs.past.T @ pairs.following
        beyond = (score / N_FRAMES**0.5 - 2.0).clamp_min(0.0).masked_fill(near, 0.0)
        places = torch.zeros(p, dtype=torch.bool)
        places[beyond.square().sum(dim=1).topk(p // 5).indices] = True
        asked = Asked(torch.zeros(p, p).bool(), places, score.sign())
        found = returned(leading(pairs, near, asked, ShiftedTimes(len(pairs.past), 20)))
        listed += bool((found.place <= 0.05).any())
    assert listed <= 2


@pytest.mark.parametrize("effect", [0.3, -0.3])
def test_a_driver_leads_and_is_not_led(effect: float) -> None:
    found = answers(driven(0, effect))
    assert (found.edge[0, 1:3] <= 0.05).all()
    assert (found.edge[1:3, 0] == 1.0).all()
    assert found.place[0] <= 0.05
    assert (found.place[1:3] == 1.0).all()


def test_negative_effects_count_for_a_place_only_where_they_are_to() -> None:
    series = driven(0, -0.3)
    p = series.shape[1]
    assert answers(series, negative=torch.ones(p, p).bool()).place[0] <= 0.05
    assert answers(series, negative=torch.zeros(p, p).bool()).place[0] > 0.05


def test_recordings_played_backwards_lead_the_other_way() -> None:
    backwards = answers(driven(1)[::-1])
    assert (backwards.edge[1:3, 0] <= 0.05).all()
    assert (backwards.edge[0, 1:3] == 1.0).all()


def test_places_that_drive_each_other_alike_are_not_told_apart() -> None:
    series = np.random.default_rng(2).standard_normal((N_FRAMES, 4))
    for frame in range(1, N_FRAMES):
        series[frame, [0, 1]] += 0.3 * series[frame - 1, [1, 0]]
    assert (answers(series).edge[[0, 1], [1, 0]] > 0.05).all()


def test_the_lag_at_which_a_driver_leads_is_told() -> None:
    series = np.random.default_rng(3).standard_normal((N_FRAMES, 4))
    series[2:, 1] += 0.4 * series[:-2, 0]
    found = answers(series, lags=2).edge.reshape(2, 4, 4)
    assert found[1, 0, 1] <= 0.05
    assert found[0, 0, 1] > 0.05


def test_only_what_is_asked_for_is_answered() -> None:
    pairs = LaggedPairs(*torch.from_numpy(driven(4).astype(np.float32)).tensor_split([7], dim=1))
    pairs = LaggedPairs(pairs.past, pairs.past)
    near, edges = torch.eye(7, dtype=torch.bool), torch.zeros(7, 7, dtype=torch.bool)
    edges[0, 1] = True
    asked = Asked(edges, torch.zeros(7).bool(), torch.ones(7, 7))
    assert asked.anything
    found = returned(leading(pairs, near, asked, ShiftedTimes(len(pairs.past), 20)))
    assert found.edge.isfinite().sum() == 1
    assert found.place.isnan().all()


def test_shares_are_of_all_draws_and_in_the_order_asked() -> None:
    rng = np.random.default_rng(5)
    values, draws = torch.tensor([0.5, -1.0, 2.0, 0.5]), torch.from_numpy(rng.normal(size=(3, 50)))
    found = Exceeding(values)
    for draw in draws.float():
        found.add(draw)
    wanted = [(1 + int((draws.float() >= value).sum())) / 151 for value in values]
    assert found.share().tolist() == pytest.approx(wanted)


def test_in_a_large_field_the_surest_places_are_told_apart() -> None:
    """P-values of places in a large field do not end where counting does."""
    rng = np.random.default_rng(8)
    series = rng.standard_normal((800, 600)).astype(np.float32)
    for driver, effect in ((0, 0.6), (10, 0.3)):
        series[1:, driver + 1 : driver + 9] += effect * series[:-1, [driver]]
    pairs = LaggedPairs(*(torch.from_numpy(each) for each in (series[:-1], series[1:])))
    places = torch.zeros(600, dtype=torch.bool)
    places[[0, 10]] = True
    asked = Asked(torch.zeros(600, 600).bool(), places, torch.ones(600, 600), False)
    near = torch.eye(600, dtype=torch.bool)
    found = returned(leading(pairs, near, asked, ShiftedTimes(len(pairs.past), 20))).place
    assert found[0] < found[10] < 1 / 200


def test_who_is_read_last_seems_to_lead_and_is_not_asked() -> None:
    """What happens to two at once is in the frame of the one and in the next of the other."""
    rng = np.random.default_rng(0)
    turns = (rng.random((2 * N_FRAMES, 1)) < 0.1) + 0.1 * rng.standard_normal((2 * N_FRAMES, 2))
    early, late = turns[::2, 0], turns[1::2, 1]
    # An event between the two is in this frame of the late one, and comes to the early one next.
    early[1:] += turns[1:-1:2, 0][: len(early) - 1]
    series = np.column_stack([early, late, rng.standard_normal(len(early))])
    asked = answers(series)
    assert asked.edge[1, 0] <= 0.05
    assert asked.place[1] <= 0.05
    unclear = torch.zeros(3, 3, dtype=torch.bool)
    unclear[1, 0] = True
    found = answers(series, unclear=unclear)
    assert found.place[1] > 0.05
    assert found.edge[0, 1] > 0.05

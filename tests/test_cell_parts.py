"""The benchmark's simulated networks are what they say, and its rivals find what they can."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

N_FRAMES = 4000


class Parts(NamedTuple):
    """The modules of the benchmark that are tested here."""

    fluorescence: ModuleType
    rivals: ModuleType
    spiking: ModuleType
    transfer_entropy: ModuleType
    wiring: ModuleType


@pytest.fixture(scope="module")
def parts(repository: Path) -> Iterator[Parts]:
    sys.path.insert(0, str(repository / "benchmarks"))
    yield Parts(*(import_module(f"cell_parts.{name}") for name in Parts._fields))
    sys.path.remove(str(repository / "benchmarks"))


@pytest.fixture(scope="module")
def chain() -> NDArray[np.float64]:
    """Noise of four signals (T, 4): 0 drives 1, which drives 2; 3 is alone."""
    rng = np.random.default_rng(0)
    signals = rng.standard_normal((N_FRAMES, 4))
    for t in range(1, N_FRAMES):
        signals[t, 1] += 0.5 * signals[t - 1, 0]
        signals[t, 2] += 0.5 * signals[t - 1, 1]
    return signals


def test_rewiring_reaches_the_clustering_and_keeps_the_degrees(parts: Parts) -> None:
    before = parts.wiring.clustered(40, 0.15, 0.0, np.random.default_rng(1))
    after = parts.wiring.clustered(40, 0.15, 0.35, np.random.default_rng(1))
    assert parts.wiring.clustering(before) < 0.3
    assert parts.wiring.clustering(after) >= 0.35
    np.testing.assert_array_equal(before.sum(axis=0), after.sum(axis=0))
    np.testing.assert_array_equal(before.sum(axis=1), after.sum(axis=1))
    assert not after.diagonal().any()


def test_clustering_is_one_where_all_are_linked_and_none_in_layers(parts: Parts) -> None:
    assert parts.wiring.clustering(~np.eye(6, dtype=bool)) == pytest.approx(1.0)
    layers = parts.wiring.layered(20, 4, 2, np.random.default_rng(0))
    assert parts.wiring.clustering(layers) == 0.0
    assert layers.sum() == 2 * 15


def test_a_spike_arrives_after_its_delay_and_tires_the_synapse(parts: Parts) -> None:
    """Every spike of a strongly driven neuron makes its target spike, until it is depressed."""
    wired = np.array([[False, True], [False, False]])
    drive = parts.spiking.Drive(rate_hz=2.0, size_mv=25.0, delay_ms=40)
    spikes = parts.spiking.simulate(wired, 30.0, drive, 50.0, seed=0)
    alone = parts.spiking.simulate(wired, 0.0, drive, 50.0, seed=0)
    np.testing.assert_array_equal(spikes[:, 0], alone[:, 0])
    driver = np.flatnonzero(spikes[:-60, 0])
    rested = driver[np.diff(driver, prepend=-5000) > 2000]
    assert rested.size
    for at in rested:
        assert spikes[at + 40 : at + 50, 1].any()
    assert spikes[:, 1].sum() > alone[:, 1].sum()


def test_bursts_are_counted_once(parts: Parts) -> None:
    spikes = np.zeros((10_000, 10), np.uint8)
    for start in (1000, 5000):
        spikes[start : start + 150, :6] = 1
    spikes[8000, :3] = 1
    assert parts.spiking.bursts_per_second(spikes) == pytest.approx(0.2)


def test_light_saturates_decays_and_reaches_neighbours(parts: Parts) -> None:
    spikes = np.zeros((2000, 2), np.uint8)
    spikes[500, 0] = 1
    places = np.array([[0.0, 0.0], [0.0, 0.15]])
    noise = parts.fluorescence.NOISE
    seen = parts.fluorescence.fluorescence(spikes, 20.0, places, np.random.default_rng(0))
    assert seen.shape == (40, 2)
    calcium = 50.0 * 0.95 ** np.arange(30)
    light = calcium / (calcium + 300.0)
    assert np.abs(seen[10:, 0] - light).max() < 5 * noise
    assert seen[10:, 1].mean() == pytest.approx(0.15 * np.exp(-1) * light.mean(), abs=0.02)
    spikes[:] = 1
    assert (
        parts.fluorescence.fluorescence(spikes, 20.0, places, np.random.default_rng(0)).max() < 1.3
    )


def test_granger_causality_and_the_lasso_find_direct_links_alone(
    parts: Parts, chain: NDArray[np.float64]
) -> None:
    every = np.ones(len(chain), bool)
    links = {(0, 1), (1, 2)}
    for method in (parts.rivals.granger, parts.rivals.lasso_by_criterion):
        found = method(chain, every)
        np.fill_diagonal(found, 0.0)
        strongest = np.argsort(found, axis=None)[::-1][:2]
        assert {tuple(map(int, divmod(place, 4))) for place in strongest} == links
        mixed = method(chain[::-1], every)
        assert mixed[1, 0] > mixed[0, 1]


def test_partial_correlation_is_blind_to_what_goes_through_another(parts: Parts) -> None:
    rng = np.random.default_rng(0)
    common = rng.standard_normal(N_FRAMES)
    noise = rng.standard_normal((N_FRAMES, 2))
    signals = np.stack([common, common + noise[:, 0], common + noise[:, 1]], axis=1)
    every = np.ones(N_FRAMES, bool)
    assert parts.rivals.correlation(signals, every)[1, 2] > 0.4
    assert abs(parts.rivals.partial_correlation(signals, every)[1, 2]) < 0.05


def test_transfer_entropy_finds_the_direction_and_obeys_quiet_frames(parts: Parts) -> None:
    rng = np.random.default_rng(0)
    changes = (rng.random((N_FRAMES, 3)) < 0.2).astype(np.float32)
    changes[1:, 1] = np.maximum(changes[1:, 1], changes[:-1, 0])
    traces = changes.cumsum(axis=0)
    entropy = parts.transfer_entropy.transfer_entropy
    found = entropy(traces, np.ones(N_FRAMES, bool), (0.5,))
    assert np.unravel_index(found.argmax(), found.shape) == (0, 1)
    assert found.min() >= 0.0
    assert found[0, 1] > 10 * np.delete(found, 1).max()
    assert not entropy(traces, np.zeros(N_FRAMES, bool), (0.5,)).any()

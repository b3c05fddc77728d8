"""The realistic regimes: what they have, that seeds decide them, and that any size goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_sparsevar.movie import REGIMES, Truth, simulate_movie
from napari_sparsevar.movie.simulation.nuisances.chosen import Nuisances

EVERYTHING = Nuisances().adding(*Nuisances.model_fields)


def test_realistic_optics_are_a_realistic_set() -> None:
    optics, everything = REGIMES["optics"].nuisances, REGIMES["all"].nuisances
    assert optics.names == [
        "spread",
        "kinetics",
        "anatomy",
        "neuropil",
        "detector",
        "bleaching",
        "motion",
    ]
    assert everything.names == [*optics.names, "state", "bursts", "stimuli", "hidden"]
    movie, truth = simulate_movie(20, regime="optics")
    assert (movie.data.shape, movie.data.dtype, movie.fps) == ((20, 96, 96), np.uint16, 30.0)
    assert (len(truth.centres), len(truth.drivers), len(truth.followers)) == (24, 4, 12)


@pytest.mark.parametrize("regime", ["optics", "all"])
def test_same_seed_same_realistic_movie(regime: str) -> None:
    first, truth = simulate_movie(60, regime=regime, seed=3)
    again, truth_again = simulate_movie(60, regime=regime, seed=3)
    other, _ = simulate_movie(60, regime=regime, seed=4)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(truth.traces, truth_again.traces)
    assert (np.asarray(first.data) != np.asarray(other.data)).any()


def test_large_realistic_movies_are_drawn_when_read(monkeypatch: pytest.MonkeyPatch) -> None:
    nuisances = EVERYTHING.without("anatomy")
    small, _ = simulate_movie(700, (90, 90), nuisances=nuisances, n_cells=34)
    monkeypatch.setattr("napari_sparsevar.movie.simulation.simulate._EAGER_BYTES", 0)
    lazy, _ = simulate_movie(700, (90, 90), nuisances=nuisances, n_cells=34)
    assert len(lazy.data.chunks[0]) > 1
    np.testing.assert_array_equal(small.data[-3:], lazy.data[-3:])


@pytest.mark.parametrize("name", REGIMES["optics"].nuisances.without("spread", "kinetics").names)
def test_what_happens_to_light_does_not_change_events(name: str) -> None:
    regime = REGIMES["optics"]
    fewer = replace(regime, nuisances=regime.nuisances.without(name), n_cells=16)
    without, with_it = (
        simulate_movie(30, regime=each, seed=1)[1].events
        for each in (fewer, replace(fewer, nuisances=regime.nuisances))
    )
    np.testing.assert_array_equal(without, with_it)


def test_the_truth_says_what_was_asked_for(tmp_path: Path) -> None:
    _, truth = simulate_movie(5, regime="all", seed=np.int64(7), fps=np.float32(20.0))
    truth.save(tmp_path / "truth.npz")
    said = Truth.load(tmp_path / "truth.npz").settings
    assert (said["seed"], said["n_frames"], said["fps"]) == (7, 5, 20.0)
    assert Nuisances.model_validate(said["nuisances"]) == REGIMES["all"].nuisances


def test_a_typical_cells_signal_is_in_units_of_the_tissue() -> None:
    still = {"noise": 0.0, "neuropil": 0.0}
    weak, truth = simulate_movie(300, **still, signal=0.1)
    strong, same = simulate_movie(300, **still, signal=0.2)
    np.testing.assert_allclose(2 * truth.traces, same.traces, rtol=1e-5)
    tissue = np.median(np.asarray(strong.data)) - 100.0
    typical = np.median(same.traces.std(axis=0))
    assert typical / tissue == pytest.approx(0.2, abs=0.06)
    assert np.asarray(weak.data).std() < np.asarray(strong.data).std()


def test_a_large_field_and_a_small_one() -> None:
    large, _ = simulate_movie(2, (512, 512), regime="all", n_cells=60)
    assert np.asarray(large.data).shape == (2, 512, 512)
    small, truth = simulate_movie(40, (64, 64), regime="all", n_cells=9, n_drivers=2)
    assert np.asarray(small.data).shape == (40, 64, 64)
    assert len(truth.edges) == 6


@settings(max_examples=12)
@given(
    side=st.integers(64, 130),
    fps=st.floats(5.0, 100.0),
    decay=st.floats(0.2, 1.5),
    names=st.sets(st.sampled_from(list(Nuisances.model_fields))),
    seed=st.integers(0, 2**31),
)
def test_any_size_and_rate_and_set(
    side: int, fps: float, decay: float, names: set[str], seed: int
) -> None:
    chosen = Nuisances().adding(*sorted(names - {"kinetics"}))
    if "kinetics" in names:
        chosen = chosen.adding(f"kinetics:decay_s={decay}..{decay}")
    movie, truth = simulate_movie(
        30,
        (side, 64),
        seed=seed,
        nuisances=chosen,
        fps=fps,
        decay_s=decay,
        n_cells=10,
        n_drivers=2,
        n_followers=2,
        noise=1.0,
    )
    assert np.asarray(movie.data).shape == (30, side, 64)
    assert np.isfinite(truth.traces).all()
    assert truth.edges["lag"].between(1, 4).all()


def test_all_of_the_truth_survives_the_disk(tmp_path: Path) -> None:
    _, truth = simulate_movie(40, regime="all", nuisances=EVERYTHING)
    truth.save(tmp_path / "truth.npz")
    back = Truth.load(tmp_path / "truth.npz")
    for name, value in vars(truth).items():
        if name == "settings":
            assert value == back.settings
        elif isinstance(value, dict):
            assert value.keys() == getattr(back, name).keys()
            for key, each in value.items():
                np.testing.assert_array_equal(each, getattr(back, name)[key])
        else:
            np.testing.assert_array_equal(value, getattr(back, name))
    assert back.edges.equals(truth.edges)

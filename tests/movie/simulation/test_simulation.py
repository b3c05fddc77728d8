"""A simulated movie shows what its truth says, and a driver hides among the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie import Truth, simulate_movie


def test_default_movie_has_units_and_shape() -> None:
    movie, truth = simulate_movie(n_frames=50)
    assert movie.data.shape == (50, 64, 64)
    assert movie.data.dtype == np.uint16
    assert (movie.fps, movie.pixel_size_um) == (15.0, 2.0)
    assert truth.footprints.shape == (36, 64, 64)
    assert truth.traces.shape == (50, 36)
    assert len(truth.drivers) == 6


def test_same_seed_same_movie() -> None:
    first, truth = simulate_movie(n_frames=40, seed=3)
    again, truth_again = simulate_movie(n_frames=40, seed=3)
    other, _ = simulate_movie(n_frames=40, seed=4)
    np.testing.assert_array_equal(first.data, again.data)
    np.testing.assert_array_equal(truth.traces, truth_again.traces)
    assert (np.asarray(first.data) != np.asarray(other.data)).any()


def test_noise_does_not_move_the_cells() -> None:
    _, calm = simulate_movie(n_frames=30, regime="easy")
    _, loud = simulate_movie(n_frames=30, regime="strong_noise")
    np.testing.assert_array_equal(calm.footprints, loud.footprints)
    np.testing.assert_array_equal(calm.traces, loud.traces)


def test_large_movies_are_drawn_when_read_and_equal_small_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, _ = simulate_movie(n_frames=3000, shape=(65, 63), n_cells=20)
    monkeypatch.setattr("napari_sparsevar.movie.simulation.simulate._EAGER_BYTES", 0)
    lazy, _ = simulate_movie(n_frames=3000, shape=(65, 63), n_cells=20)
    assert len(lazy.data.chunks[0]) > 1
    np.testing.assert_array_equal(small.data[1500], lazy.data[1500])
    np.testing.assert_array_equal(small.data[-3:], lazy.data[-3:])


def test_cells_keep_their_distance() -> None:
    _, truth = simulate_movie(n_frames=2, seed=1)
    gaps = np.linalg.norm(truth.centres[:, None] - truth.centres[None], axis=-1)
    assert gaps[~np.eye(36, dtype=bool)].min() >= 7.0


def test_each_driver_has_its_followers_far_away() -> None:
    _, truth = simulate_movie(n_frames=2, coupling=0.4)
    assert ((truth.coupling > 0).sum(axis=1)[truth.drivers] == 4).all()
    assert not truth.coupling[~truth.is_driver].any()
    assert not truth.coupling[:, truth.drivers].any()
    assert len(truth.followers) == 24
    for source, target in np.argwhere(truth.coupling):
        assert truth.coupling[source, target] == np.float32(0.4)
        assert np.linalg.norm(truth.centres[source] - truth.centres[target]) > 10


def test_followers_fire_a_frame_later() -> None:
    _, truth = simulate_movie(n_frames=6000, regime="easy", decay_s=0.0)
    traces = truth.traces - truth.traces.mean(axis=0)
    traces /= traces.std(axis=0)
    later = traces[:-1].T @ traces[1:] / len(traces)
    connected = truth.coupling > 0
    # Without decay the correlation one frame later is the coupling itself.
    np.testing.assert_allclose(later[connected], 0.5, atol=0.1)
    assert abs(later[~connected]).max() < 0.1
    assert abs(later.T[connected]).max() < 0.1


def test_calcium_decays_as_asked() -> None:
    _, truth = simulate_movie(n_frames=6000, decay_s=0.5, fps=20.0, coupling=0.0)
    traces = truth.traces - truth.traces.mean(axis=0)
    lag_one = (traces[1:] * traces[:-1]).mean(axis=0) / traces.var(axis=0)
    assert lag_one.mean() == pytest.approx(np.exp(-1 / 10), abs=0.01)


def test_traces_and_footprints_are_in_the_movie() -> None:
    movie, truth = simulate_movie(n_frames=600, noise=0.0, neuropil=0.0)
    frames = np.asarray(movie.data).reshape(600, -1).astype(float)
    signal = truth.traces @ truth.footprints.reshape(36, -1)
    moving = frames - frames.mean(axis=0)
    expected = signal - signal.mean(axis=0)
    np.testing.assert_allclose(moving, expected, atol=1.0)


@pytest.mark.parametrize("regime", ["easy", "weak_coupling"])
def test_driver_is_not_recognisable_by_activity_level(regime: str) -> None:
    scores: dict[str, list[float]] = {"mean": [], "variance": [], "brightness": [], "slowness": []}
    for seed in range(20):
        movie, truth = simulate_movie(n_frames=400, seed=seed, regime=regime)
        image = np.asarray(movie.data[:50]).mean(axis=0)
        for name, value in _activity(truth, image).items():
            scores[name].append(float(roc_auc_score(truth.is_driver, value)))
    for name, values in scores.items():
        assert 0.35 < np.mean(values) < 0.65, (name, np.mean(values))


def _activity(truth: Truth, image: NDArray[np.float64]) -> dict[str, NDArray[np.floating]]:
    steps = np.diff(truth.traces, axis=0)
    return {
        "mean": truth.traces.mean(axis=0),
        "variance": truth.traces.var(axis=0),
        "brightness": (truth.footprints * image).sum(axis=(1, 2)),
        "slowness": steps.var(axis=0) / truth.traces.var(axis=0),
    }


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(30, 70), st.integers(30, 70)),
    n_frames=st.integers(1, 40),
    fps=st.floats(5.0, 60.0),
    decay_s=st.floats(0.0, 2.0),
    radius=st.floats(1.5, 4.0),
    seed=st.integers(0, 2**31),
)
def test_any_size_and_rate(
    shape: tuple[int, int], n_frames: int, fps: float, decay_s: float, radius: float, seed: int
) -> None:
    movie, truth = simulate_movie(
        n_frames,
        shape,
        seed=seed,
        fps=fps,
        decay_s=decay_s,
        n_cells=5,
        n_drivers=1,
        n_followers=2,
        cell_radius_px=radius,
    )
    assert np.asarray(movie.data).shape == (n_frames, *shape)
    assert np.isfinite(truth.traces).all()
    np.testing.assert_allclose(truth.footprints.max(axis=(1, 2)), 1.0)


def test_truth_survives_the_disk(tmp_path: Path) -> None:
    _, truth = simulate_movie(n_frames=20)
    path = tmp_path / "truth.npz"
    truth.save(path)
    back = Truth.load(path)
    for name in ("footprints", "centres", "traces", "coupling", "drivers"):
        np.testing.assert_array_equal(getattr(truth, name), getattr(back, name))
        assert getattr(truth, name).dtype == getattr(back, name).dtype
    with pytest.raises(UserError, match="exists already"):
        truth.save(path)
    assert list(tmp_path.iterdir()) == [path]


def test_truth_refuses_other_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Truth.load(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("hello")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    np.savez(tmp_path / "pickle.npz", footprints=np.array([{}], dtype=object))
    np.save(tmp_path / "one.npy", np.ones(3))
    for name in ("text.npz", "other.npz", "pickle.npz", "one.npy"):
        with pytest.raises(UserError, match="does not hold the truth"):
            Truth.load(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_cells": 500}, "do not fit"),
        ({"shape": (4, 4)}, "do not fit"),
        ({"n_drivers": 34}, "at least 38 cells"),
        ({"n_drivers": 6, "n_followers": 30, "coupling": 0.5}, "adds up to more than 1"),
        ({"coupling": 1.5}, "probability"),
        ({"fps": 0.0}, "fps"),
        ({"event_rate_hz": 20.0}, "half the frame rate"),
        ({"noise": -1.0}, "noise"),
        ({"n_frames": 0}, "at least one frame"),
        ({"regime": "impossible"}, "choose one of"),
    ],
)
def test_impossible_wishes_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        simulate_movie(**arguments)  # type: ignore[arg-type]


def test_coupling_can_change_half_way_and_the_rate_stays() -> None:
    _, truth = simulate_movie(n_frames=8000, decay_s=0.0, coupling=0.6, later_coupling=0.0, seed=3)
    source, target = np.argwhere(truth.coupling)[0]
    halves = []
    for part in (truth.traces[:4000], truth.traces[4000:]):
        before, after = part[:-1, source], part[1:, target]
        halves.append(np.corrcoef(before, after)[0, 1])
    np.testing.assert_allclose(halves, [0.6, 0.0], atol=0.1)
    rates = [(part > 0).mean() for part in (truth.traces[:4000], truth.traces[4000:])]
    np.testing.assert_allclose(rates[0], rates[1], rtol=0.1)


def test_the_first_half_does_not_know_of_a_later_change() -> None:
    arguments = {"n_frames": 400, "coupling": 0.6, "seed": 3}
    _, same = simulate_movie(**arguments)
    _, changed = simulate_movie(**arguments, later_coupling=0.3)
    first = (same.traces > 0)[:200] == (changed.traces > 0)[:200]
    assert first.all()
    with pytest.raises(UserError, match=r"later_coupling is 0\.7"):
        simulate_movie(**arguments, later_coupling=0.7)

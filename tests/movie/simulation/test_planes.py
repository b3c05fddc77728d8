"""Planes that are read one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from napari_sparsevar.errors import UserError
from napari_sparsevar.movie.simulation.planes import simulate_planes

SMALL = {"cells_per_plane": 4, "n_drivers": 2, "n_followers": 3}


def test_the_same_seed_gives_the_same_frames() -> None:
    first, again, other = (simulate_planes(50, (24, 30), seed=s, **SMALL) for s in (1, 1, 2))  # type: ignore[arg-type]
    assert first.frames.shape == (50, 3, 24, 30)
    np.testing.assert_array_equal(first.frames, again.frames)
    assert (first.frames != other.frames).any()


def test_each_plane_shows_the_turns_in_which_it_is_read() -> None:
    made = simulate_planes(400, (32, 40), seed=0, noise=0.1, seen_beside=0.3, **SMALL)  # type: ignore[arg-type]
    truth = made.truth
    for cell, (y, x) in enumerate(np.round(truth.centres).astype(int)):
        own = int(truth.cells["plane"][cell]) - 1
        seen = made.frames[:, own, y, x].astype(float)
        turns = [np.corrcoef(seen, truth.traces[k::3, cell])[0, 1] for k in range(3)]
        assert int(np.argmax(turns)) == own


def test_followers_come_a_volume_later_whatever_their_plane() -> None:
    made = simulate_planes(2000, (32, 40), seed=0, delay=1.0, coupling=0.5, **SMALL)  # type: ignore[arg-type]
    truth = made.truth
    assert truth.events is not None
    assert len(truth.edges) == 2 * 3
    assert set(truth.edges["lag"]) == {3}
    fired = truth.events > 0
    for edge in truth.edges.itertuples():
        after = [fired[lag:, edge.target][fired[: len(fired) - lag, edge.source]] for lag in (2, 3)]
        assert after[1].mean() > 0.4 > after[0].mean()


def test_light_reaches_the_next_plane_and_no_further() -> None:
    still = {"noise": 1e-3, "neuropil": 0.0, "cells_per_plane": 1, "n_drivers": 0, "n_followers": 0}
    made = simulate_planes(400, (24, 30), n_planes=3, seed=3, **still)  # type: ignore[arg-type]
    first = np.round(made.truth.centres[0]).astype(int)
    assert np.hypot(*(made.truth.centres[1:] - first).T).min() > 10  # nobody else is there
    own, beside, far = made.frames[:, :, first[0], first[1]].astype(float).std(axis=0)
    assert 0.2 < beside / own < 0.4
    assert far < 0.02 * own


def test_impossible_planes_are_refused() -> None:
    with pytest.raises(UserError, match="at least two"):
        simulate_planes(100, n_planes=1)

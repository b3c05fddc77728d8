"""The statistics on made-up traces: no movie, no network, no grid, no file."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from made_activity import MadeActivity
from napari_sparsevar.analysis.activity import Activity, penalty_weights
from napari_sparsevar.analysis.evidence.edges import edge_table
from napari_sparsevar.analysis.evidence.significance import significance
from napari_sparsevar.analysis.evidence.stability import N_BLOCKS, selection_stability
from napari_sparsevar.analysis.fit.criterion import criterion_table, ebic_minimum
from napari_sparsevar.analysis.fit.fitting import fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.model.config import Dynamics
from napari_sparsevar.progress import returned

N_FRAMES, N_CELLS = 1500, 12
DRIVER, FOLLOWER, TWIN = 3, 9, 4
NAMES = [f"cell {letter}" for letter in "abcdefghijkl"]


def traces(dynamics: Dynamics, seed: int = 0) -> Activity:
    """Traces in which one cell drives another a frame later; a twin shows the same as the driver.

    ``calcium``: what happens decays by a fifth a frame, and is seen with noise.
    """
    rng = np.random.default_rng(seed)
    events = rng.standard_normal((N_FRAMES, N_CELLS))
    events[1:, FOLLOWER] += 0.8 * events[:-1, DRIVER]
    seen = events.copy()
    if dynamics == "calcium":
        for t in range(1, N_FRAMES):
            seen[t] += 0.8 * seen[t - 1]
        seen += 0.3 * rng.standard_normal(seen.shape)
    seen[:, TWIN] = seen[:, DRIVER] + 0.1 * rng.standard_normal(N_FRAMES)
    near = np.eye(N_CELLS, dtype=bool)
    near[DRIVER, TWIN] = near[TWIN, DRIVER] = True
    good = np.ones(N_FRAMES, bool)
    good[[200, 201, 900]] = False
    return MadeActivity((100.0 + 3.0 * seen).astype(np.float32), good, NAMES, near)


@pytest.mark.parametrize("dynamics", ["none", "calcium"])
def test_an_edge_between_traces_is_found(dynamics: Dynamics) -> None:
    activity, lags = traces(dynamics), 2
    rows = StreamedRows.of(activity, lags, dynamics)
    blocks = block_moments(rows, N_BLOCKS)
    weights = torch.from_numpy(penalty_weights(activity.near, lags))
    fitted = fit_whole(rows.own, pool(blocks), weights, lags)
    np.testing.assert_array_equal(fitted.near, activity.near)
    found = returned(significance(rows, fitted))
    stability = returned(selection_stability(fitted, blocks))
    table = edge_table(fitted, activity.names, found, stability.edges)

    sure = table[table["p_adjusted"] <= 0.05]
    assert set(sure["source"]) <= {NAMES[DRIVER], NAMES[TWIN]}
    assert set(sure["target"]) == {NAMES[FOLLOWER]}
    best = table.loc[table["coefficient"].idxmax()]
    assert best["target"] == NAMES[FOLLOWER]
    assert best["lag"] == 1
    assert best["stability"] == 1.0
    assert best["low"] > 0
    assert int(found.place_p.argmin()) in (DRIVER, TWIN)


def test_it_is_said_how_much_of_a_long_recording_was_tested(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    activity = traces("none")
    rows = StreamedRows.of(activity, 1, "none")
    weights = torch.from_numpy(penalty_weights(activity.near, 1))
    fitted = fit_whole(rows.own, pool(block_moments(rows, N_BLOCKS)), weights, 1)
    whole = returned(significance(rows, fitted))
    monkeypatch.setattr(f"{significance.__module__}._MOST_NUMBERS", N_CELLS * 1200)
    part = returned(significance(rows, fitted))
    assert whole.null == ""
    assert f"Of {rows.n_rows:,} frames 1,200 were tested" in part.null
    shorter = part.standard_error / whole.standard_error
    assert shorter.nanmedian() == pytest.approx((rows.n_rows / 1200) ** 0.5, rel=0.03)


def test_the_criterion_needs_no_more_than_the_fit() -> None:
    activity = traces("none")
    rows = StreamedRows.of(activity, 1, "none")
    blocks = block_moments(rows, N_BLOCKS)
    weights = torch.from_numpy(penalty_weights(activity.near, 1))
    table = returned(criterion_table(fit_whole(rows.own, pool(blocks), weights, 1), blocks))
    assert table.loc[table["penalty"] == ebic_minimum(table), "edges"].item() >= 1


def test_who_is_near_does_not_drive() -> None:
    """Two that show the same are each other's own dynamics, and never an edge."""
    activity = traces("none")
    rows = StreamedRows.of(activity, 1, "none")
    weights = torch.from_numpy(penalty_weights(activity.near, 1))
    fitted = fit_whole(rows.own, pool(block_moments(rows, 1)), weights, 1).at_penalty(0.0)
    lag, source, target, _ = fitted.distant_edges()
    assert len(lag) == N_CELLS**2 - activity.near.sum()
    assert not activity.near[source, target].any()

"""Pairs of a frame and its past: never across a gap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit.own_dynamics import own_dynamics_of
from napari_sparsevar.comparison.rows import rows_of_activity, rows_of_sequences
from napari_sparsevar.comparison.subject import FilteredActivity, filtered_activity
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.errors import UserError


def test_no_pair_joins_two_pieces() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((30, 3)), rng.standard_normal((20, 3)) + 100
    both, _ = rows_of_sequences([[first, second], [first]], 2, "none")
    assert len(both.past) == 28 + 18
    np.testing.assert_array_equal(np.bincount(both.piece), [28, 18])
    high = both.following[:, 0] > 0
    torch.testing.assert_close(both.past[:, 0] > 0, high)
    torch.testing.assert_close(both.past[:, 3] > 0, high)


def test_past_is_lag_major_and_precedes_what_follows() -> None:
    ramp = np.arange(40.0)[:, None] * np.array([1.0, -2.0]) + np.sin(np.arange(40.0))[:, None]
    rows, _ = rows_of_sequences([[ramp], [ramp]], 2, "none")
    torch.testing.assert_close(rows.past[1:, :2], rows.following[:-1])
    torch.testing.assert_close(rows.past[1:, 2:], rows.past[:-1, :2])


def test_windows_of_a_run_are_cut_out_of_one_filter(run: sv.Run) -> None:
    whole = rows_of_activity(run.results, [Window("all", ((0, 300),))])[0]
    a, b = rows_of_activity(
        run.results, [Window("A", ((0, 100),)), Window("B", ((100, 180), (200, 300)))]
    )
    assert (len(a.past), len(b.past), len(whole.past)) == (98, 78 + 98, 298)
    torch.testing.assert_close(a.past, whole.past[:98])
    torch.testing.assert_close(b.following[-98:], whole.following[-98:])


def test_a_run_that_reads_events_is_compared_as_if_it_did_not(run: sv.Run) -> None:
    windows, results = [Window("A", ((0, 100),)), Window("B", ((100, 300),))], run.results
    assert results.activity.events is not None
    latents = replace(results.activity, events=None)
    own = own_dynamics_of(latents, "calcium")
    plain = FilteredActivity(latents, replace(results.fitted, own=own))
    assert filtered_activity(plain) is plain
    wanted = rows_of_activity(plain, windows)
    for source, same in ((filtered_activity(results), True), (results, False)):
        for found, rows in zip(rows_of_activity(source, windows), wanted, strict=True):
            assert torch.allclose(found.past, rows.past) == same


@pytest.mark.parametrize(
    ("a", "said"),
    [
        (np.zeros((20, 2)), "never changes"),
        (np.full((20, 2), np.nan), "not finite"),
        (np.zeros(20), "shape"),
        (np.random.default_rng(0).standard_normal((20, 3)), "must have the same"),
    ],
)
def test_arrays_that_cannot_be_compared_say_why(a: np.ndarray, said: str) -> None:
    other = np.random.default_rng(1).standard_normal((20, 2))
    with pytest.raises(UserError, match=said):
        rows_of_sequences([[a], [other]], 1, "none")

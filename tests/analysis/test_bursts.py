"""Whether a few moments hold most of the activity."""

import numpy as np
import pytest

from made_activity import MadeActivity
from napari_sparsevar.analysis.bursts import burst_share


def made(series: np.ndarray, good: np.ndarray | None = None) -> MadeActivity:
    kept = np.ones(len(series), bool) if good is None else good
    return MadeActivity(series.astype(np.float32), kept)


def test_steady_activity_lies_evenly() -> None:
    noise = np.random.default_rng(0).standard_normal((5000, 50))
    assert burst_share(made(noise)) == pytest.approx(0.015, abs=0.005)


def test_moments_in_which_all_is_active_hold_their_share() -> None:
    activity = np.random.default_rng(0).standard_normal((5000, 50))
    activity[::100] *= 10.0
    assert burst_share(made(activity)) == pytest.approx(0.5, abs=0.05)
    good = np.ones(5000, bool)
    good[::100] = False
    assert burst_share(made(activity, good)) < 0.03


def test_a_silent_recording_has_none() -> None:
    assert burst_share(made(np.zeros((100, 3)))) == 0.0

"""A run keeps the events that were analysed, and reads them back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter

import napari_sparsevar as sv
from napari_sparsevar.analysis.maps.latents import LatentActivity
from napari_sparsevar.model.config import AsEvents
from napari_sparsevar.model.grid import LatentGrid
from napari_sparsevar.run.latent_events import LATENT_EVENTS, read_as_events

GRID = LatentGrid((24, 24), 4)


def activity(events: AsEvents, noise: float) -> LatentActivity:
    rng = np.random.default_rng(0)
    happened = rng.random((2000, GRID.size)) < 0.02
    calcium = lfilter([1.0], [1.0, -0.9], happened, axis=0)
    latents = (calcium + noise * rng.standard_normal(calcium.shape)).astype(np.float32)
    config = sv.ModelConfig(stride=4, events=events)
    return LatentActivity(latents, np.ones(2000, bool), GRID, config)


@pytest.mark.parametrize(
    ("events", "noise", "read"),
    [("auto", 0.05, True), ("auto", 2.0, False), ("yes", 2.0, True), ("no", 0.05, False)],
)
def test_latents_are_read_as_events_where_wanted(
    events: AsEvents, noise: float, read: bool
) -> None:
    before = activity(events, noise)
    after = read_as_events(before)
    assert (after.events is not None) == read
    assert after.dynamics == ("none" if read else "calcium")
    assert after.latents is before.latents
    assert (after.series is before.latents) != read


def test_without_own_dynamics_there_are_no_events() -> None:
    before = activity("yes", 0.05)
    plain = replace(before, config=before.config.model_copy(update={"dynamics": "none"}))
    assert read_as_events(plain).events is None


def test_events_in_a_file_are_those_in_memory(tmp_path: Path) -> None:
    before = activity("auto", 0.05)
    here, there = read_as_events(before), read_as_events(before, tmp_path / "events.npy")
    assert isinstance(there.series, np.memmap)
    np.testing.assert_array_equal(here.series, there.series)


def test_a_run_is_read_with_the_events_it_was_analysed_with(tmp_path: Path) -> None:
    movie, _ = sv.simulate_movie(n_frames=600, shape=(32, 36), n_cells=8, n_drivers=2, seed=0)
    config = sv.TrainConfig(steps=1, crop=32, model=sv.ModelConfig(stride=4, width=4, events="yes"))
    found = {}
    for events in ("yes", "no"):
        model = config.model.model_copy(update={"events": events})
        out = tmp_path / events
        list(sv.train(movie, config.model_copy(update={"model": model}), out=out, until="drivers"))
        found[events] = sv.load_run(out).results
        assert (out / LATENT_EVENTS).exists() == (events == "yes")
    read, filtered = found["yes"], found["no"]
    assert read.activity.events is not None
    assert read.fitted.own.recent == 2
    assert filtered.activity.events is None
    np.testing.assert_array_equal(read.latents, filtered.latents)
    wanted = read_as_events(replace(filtered.activity, config=read.activity.config))
    np.testing.assert_array_equal(read.activity.series, wanted.series)

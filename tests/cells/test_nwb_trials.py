"""Trials of an NWB file are in the frames of its movie, by the clock of the session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_nwb import Maker
from napari_sparsevar.cells.nwb_trials import trials_of_nwb
from napari_sparsevar.comparison.windows import read_trials, read_windows
from napari_sparsevar.errors import UserError


def written(path: Path, trials: list[tuple[float, float, str]], **timing: object) -> Path:
    """Write 50 frames at 10 Hz, from 2 s on, and trials in seconds of the session."""
    maker = Maker()
    if trials:
        maker.file.add_trial_column("label", "what was shown")
    for start, stop, label in trials:
        maker.file.add_trial(start_time=start, stop_time=stop, label=label)
    options = timing or {"rate": 10.0, "starting_time": 2.0}
    maker.file.add_acquisition(
        maker.pynwb.ophys.TwoPhotonSeries(
            name="movie",
            imaging_plane=maker.plane,
            unit="au",
            data=np.zeros((50, 6, 9), np.uint16),
            **options,
        )
    )
    return maker.write(path)


def test_frames_by_the_clock_of_the_session(tmp_path: Path) -> None:
    trials = [(2.0, 3.0, "a"), (3.0, 4.5, "b"), (0.0, 1.0, "a"), (6.5, 9.0, "b"), (8.0, 9.0, "a")]
    path = written(tmp_path / "session.nwb", trials)
    assert read_trials(path) == [(0, 10), (10, 25), (45, 50)]
    table = trials_of_nwb(path)
    assert list(table["label"]) == ["a", "b", "b"]
    found = {window.label: window.pieces for window in read_windows(path)}
    assert found == {"a": ((0, 10),), "b": ((10, 25), (45, 50))}


def test_pauses_count(tmp_path: Path) -> None:
    stamps = np.arange(50) / 10.0 + 60.0 * (np.arange(50) >= 20)
    path = written(
        tmp_path / "session.nwb", [(0.0, 2.0, "a"), (62.0, 64.0, "a")], timestamps=stamps
    )
    assert read_trials(path) == [(0, 20), (20, 40)]


def test_without_trials_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no trials"):
        read_trials(written(tmp_path / "session.nwb", []))


def test_trials_are_in_frames_of_the_movie_that_is_meant(tmp_path: Path) -> None:
    maker = Maker()
    maker.file.add_trial(start_time=0.0, stop_time=1.0)
    maker.file.add_trial(start_time=1.0, stop_time=2.0)
    for name, rate in (("a_fast", 30.0), ("b_slow", 10.0)):
        maker.file.add_acquisition(
            maker.pynwb.ophys.TwoPhotonSeries(
                name=name,
                imaging_plane=maker.plane,
                unit="au",
                data=np.zeros((60, 6, 9), np.uint16),
                rate=rate,
            )
        )
    path = maker.write(tmp_path / "session.nwb")
    assert read_trials(path) == read_trials(path, 30.0) == [(0, 30), (30, 60)]
    assert read_trials(path, 10.0) == [(0, 10), (10, 20)]
    assert read_trials(path, 15.0) == [(0, 15), (15, 30)]  # exported with half of the frames

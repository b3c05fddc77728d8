"""Covariates come as tables, arrays and NWB, and are brought to a value a frame."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from napari_sparsevar.analysis.covariates.covariates import known_frames
from napari_sparsevar.cells.covariates.reading import covariates_of
from napari_sparsevar.cells.covariates.samples import Frames, Samples, at_frames
from napari_sparsevar.errors import UserError

N_FRAMES, FPS = 40, 10.0
FRAMES = Frames(N_FRAMES, FPS)
SPEED = np.random.default_rng(0).random(N_FRAMES).astype(np.float32)


def test_a_row_a_frame_needs_no_times(tmp_path: Path) -> None:
    table = pd.DataFrame({"speed (cm/s)": SPEED, "lick": (SPEED > 0.5).astype(int)})
    table.to_csv(tmp_path / "beside.csv", index=False)
    np.save(tmp_path / "speed.npy", SPEED)
    for source in (table, tmp_path / "beside.csv", table.to_dict("list")):
        found = covariates_of(source, Frames(N_FRAMES, None))
        assert found.labels == ("speed (cm/s)", "lick")
        assert found.kinds == ("continuous", "event")
        np.testing.assert_allclose(found.values, table.to_numpy(), atol=1e-6)
    alone = covariates_of(str(tmp_path / "speed.npy"), FRAMES)
    assert alone.names == ("speed",)
    np.testing.assert_array_equal(alone.values[:, 0], SPEED)
    assert covariates_of(np.column_stack([SPEED, SPEED]), FRAMES).names == (
        "covariate 0",
        "covariate 1",
    )


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pd.DataFrame({"speed": SPEED}).to_parquet(tmp_path / "beside.parquet")
    found = covariates_of(tmp_path / "beside.parquet", FRAMES)
    np.testing.assert_array_equal(found.values[:, 0], SPEED)


@pytest.mark.parametrize(("header", "factor"), [("time", 1.0), ("time (ms)", 1000.0)])
def test_samples_in_any_order_are_averaged_over_frames(header: str, factor: float) -> None:
    times = np.arange(400) / 100.0
    order = np.random.default_rng(1).permutation(400)
    table = pd.DataFrame({header: factor * times[order], "pupil": times[order]})
    found = covariates_of(table, FRAMES)
    np.testing.assert_allclose(found.values[:, 0], np.arange(N_FRAMES) / 10 + 0.045, atol=1e-5)


def test_words_and_bare_times_are_events() -> None:
    table = pd.DataFrame({"time": [0.0, 1.05, 1.06, 3.9], "tone": ["hi", "lo", "lo", None]})
    found = covariates_of([table, pd.DataFrame({"time": [2.0]})], FRAMES)
    assert found.names == ("tone hi", "tone lo", "events")
    assert found.kinds == ("event",) * 3
    np.testing.assert_array_equal(np.argwhere(found.values > 0), [[0, 0], [10, 1], [20, 2]])
    assert found.values[10, 1] == 2.0


def test_frames_by_number_may_be_few() -> None:
    table = pd.DataFrame({"frame": [3, 3, 7], "speed": [1.0, 2.0, 5.0]})
    found = covariates_of(table, FRAMES).values[:, 0]
    assert found[[3, 7]].tolist() == [1.5, 5.0]
    assert np.isnan(np.delete(found, [3, 7])).all()
    seen = covariates_of(pd.DataFrame({"frame": [3, 3, 7], "flash": [1, 1, 1]}), FRAMES)
    assert seen.values[:, 0].sum() == 3.0


def test_times_of_frames_are_the_clock() -> None:
    """Where imaging begins later than behaviour, samples before it belong to no frame."""
    frames = Frames(N_FRAMES, FPS, 5.0 + np.arange(N_FRAMES) / FPS)
    found = covariates_of(pd.DataFrame({"time": [4.0, 5.0, 6.0], "x": [1, 1, 1]}), frames)
    assert np.flatnonzero(found.values[:, 0]).tolist() == [0, 10]


@pytest.mark.parametrize(
    "text",
    [
        "onset\tduration\ttrial_type\tcontrast\n0.5\t1\tleft\t0.2\n2\tn/a\tright\t0.8\n",
        "start_s,stop_s,trial_type,contrast\n0.5,1.5,left,0.2\n2,2,right,0.8\n",
        "start_time,stop_time,trial_type,contrast\n0.5,1.5,left,0.2\n2,2.01,right,0.8\n",
        "start,stop,trial_type,contrast\n5,15,left,0.2\n20,21,right,0.8\n",
    ],
)
def test_stimuli_last_as_long_as_a_table_says(tmp_path: Path, text: str) -> None:
    """As BIDS, NWB and lists of trials have them: words are events, numbers hold meanwhile."""
    (tmp_path / "events.tsv").write_text(text)
    found = covariates_of(tmp_path / "events.tsv", FRAMES)
    assert found.names == ("trial_type left", "trial_type right", "contrast")
    assert found.kinds == ("event", "event", "continuous")
    left, right, contrast = found.values.T
    assert np.flatnonzero(left).tolist() == list(range(5, 15))
    assert np.flatnonzero(right).tolist() == [20]
    np.testing.assert_allclose(contrast, 0.2 * left + 0.8 * right, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"PK\3\4\0\0", "save its table as CSV"), (b"MATLAB 5.0\0\0\1", "no table of text")],
)
def test_what_is_no_text_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "stimuli.xlsx").write_bytes(content)
    with pytest.raises(UserError, match=said):
        covariates_of(tmp_path / "stimuli.xlsx", FRAMES)


def test_tables_count_from_the_first_frame_of_a_movie_and_nwb_by_its_session() -> None:
    """The movie begins 5 s after the session and pauses for a minute after frame 20."""
    times = 5.0 + np.arange(N_FRAMES) / FPS
    times[20:] += 60.0
    frames = Frames(N_FRAMES, FPS, times, from_first=True)
    table = covariates_of(pd.DataFrame({"time": [0.0, 62.0, 900.0]}), frames)
    assert np.flatnonzero(table.values[:, 0]).tolist() == [0, 20]
    assert "1 of 3 events of events lie in no frame" in table.notes[0]
    session = Samples("lick", "", None, np.array([5.0, 67.0]), of_session=True)
    found = at_frames([session], frames, "the session")
    assert np.flatnonzero(found.values[:, 0]).tolist() == [0, 20]
    assert found.notes == ()
    assert known_frames(table, np.ones(N_FRAMES, bool), ())[1] == table.notes


def test_nwb_gives_behaviour_and_stimuli(tmp_path: Path) -> None:
    pynwb = pytest.importorskip("pynwb")
    file = pynwb.NWBFile("a test", "test", datetime(2026, 1, 1, tzinfo=UTC))
    behaviour = file.create_processing_module("behavior", "what it did")
    speed = pynwb.TimeSeries(
        name="speed", data=np.arange(400.0), unit="cm/s", rate=100.0, starting_time=0.0
    )
    behaviour.add(pynwb.behavior.BehavioralTimeSeries(time_series=speed))
    lick = pynwb.TimeSeries(name="lick", data=[1.0, 1.0], unit="n.a.", timestamps=[0.5, 2.0])
    with pytest.warns(UserWarning, match="deprecated"):  # and in most files there are
        behaviour.add(pynwb.behavior.BehavioralEvents(time_series=lick))
    grating = pynwb.TimeSeries(
        name="grating", data=np.arange(40) % 2, unit="n.a.", rate=10.0, starting_time=0.0
    )
    file.add_stimulus(grating)
    shown = pynwb.epoch.TimeIntervals(name="shown", description="what was shown")
    shown.add_column("image", "of what")
    for start, stop, image in ((0.5, 1.0, "face"), (2.0, 2.05, "house"), (3.0, 3.4, "face")):
        shown.add_row(start_time=start, stop_time=stop, image=image)
    file.add_time_intervals(shown)
    with pynwb.NWBHDF5IO(str(tmp_path / "session.nwb"), "w") as stream:
        stream.write(file)
    found = covariates_of(tmp_path / "session.nwb", FRAMES)
    columns = dict(zip(found.labels, found.values.T, strict=True))
    np.testing.assert_allclose(columns["speed (cm/s)"], 10.0 * np.arange(N_FRAMES) + 4.5)
    assert np.flatnonzero(columns["lick"]).tolist() == [5, 20]
    assert np.flatnonzero(columns["image face"]).tolist() == [*range(5, 10), *range(30, 34)]
    assert np.flatnonzero(columns["image house"]).tolist() == [20]
    np.testing.assert_array_equal(columns["grating"], np.arange(40) % 2)


@pytest.mark.parametrize(
    ("source", "frames", "said"),
    [
        (SPEED[:10], FRAMES, "10 rows and the recording 40 frames"),
        (pd.DataFrame({"time": [1.0], "x": [2.0]}), Frames(40, None), "give it"),
        (pd.DataFrame({"time": [900.0], "x": [1]}), FRAMES, "nothing within"),
        (pd.DataFrame({"frame": [40], "x": [1]}), FRAMES, "tells of frame 40"),
        (pd.DataFrame({"time": ["soon"], "x": [1]}), FRAMES, "no number"),
        ({"a": SPEED, "b": SPEED[:3]}, FRAMES, "one length"),
        ("gone.csv", FRAMES, "no file gone.csv"),
        (np.zeros((2, 2, 2)), FRAMES, "the shape"),
    ],
)
def test_what_is_no_covariate_of_the_recording_says_why(
    source: object, frames: Frames, said: str
) -> None:
    with pytest.raises(UserError, match=said):
        covariates_of(source, frames)


@pytest.mark.parametrize("name", ["time (ms)", "frame_time_ms", "t"])
def test_times_of_another_unit_are_never_stretched(tmp_path: Path, name: str) -> None:
    seconds = np.arange(N_FRAMES) / FPS
    pd.DataFrame({name: 1000.0 * seconds, "speed": SPEED}).to_csv(tmp_path / "t.csv", index=False)
    if name == "t":
        with pytest.raises(UserError, match=r"which lasts 4 s.*0 to 3900.*time \(ms\)"):
            covariates_of(tmp_path / "t.csv", FRAMES)
        return
    found = covariates_of(tmp_path / "t.csv", FRAMES)
    np.testing.assert_allclose(found.values[:, 0], SPEED, atol=1e-6)


@pytest.mark.parametrize("name", ["frame_time", "Frame Times", "time", "timestamp"])
def test_names_of_times(name: str) -> None:
    table = pd.DataFrame({name: np.arange(N_FRAMES) / FPS, "speed": SPEED})
    np.testing.assert_allclose(covariates_of(table, FRAMES).values[:, 0], SPEED, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["frame_diff", "frame brightness", "time_since_lick", "time in trial", "min"]
)
def test_names_that_only_begin_like_times(name: str) -> None:
    other = np.tile(np.arange(10.0), 4)
    found = covariates_of(pd.DataFrame({name: other, "speed": SPEED}), FRAMES)
    assert found.names == (name, "speed")
    np.testing.assert_allclose(found.values, np.column_stack([other, SPEED]), atol=1e-6)


def test_nothing_behind_the_last_comma(tmp_path: Path) -> None:
    rows = "\n".join(f"{frame / FPS},{value}," for frame, value in enumerate(SPEED))
    (tmp_path / "t.csv").write_text(f"time,speed,\n{rows}\n")
    assert covariates_of(tmp_path / "t.csv", FRAMES).names == ("speed",)


def test_a_switch_stays_until_it_changes() -> None:
    edges = pd.DataFrame({"time": [0.5, 1.5, 2.5], "state": [1, 0, 1]})
    found = covariates_of(edges, FRAMES).values[:, 0]
    expected = np.zeros(N_FRAMES)
    expected[5:15], expected[25:] = 1.0, 1.0
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("begin", "end", "stop"),
    [("Start Time", "End Time", 2.0), ("time", "duration", 1.0), ("start_frame", "stop_frame", 20)],
)
def test_stimuli_last_as_long_as_the_table_says(begin: str, end: str, stop: float) -> None:
    first = 10 if begin == "start_frame" else 1.0
    found = covariates_of(pd.DataFrame({begin: [first], end: [stop], "stim": [1]}), FRAMES)
    assert np.flatnonzero(found.values[:, 0]).tolist() == list(range(10, 20))
    if end != "duration":
        with pytest.raises(UserError, match="is before"):
            covariates_of(pd.DataFrame({begin: [stop], end: [first], "stim": [1]}), FRAMES)


def test_frames_beside_times_are_no_covariate() -> None:
    table = pd.DataFrame({"frame": np.arange(N_FRAMES), "time": np.arange(N_FRAMES) / FPS})
    assert covariates_of(table.assign(speed=SPEED), FRAMES).names == ("speed",)


@pytest.mark.parametrize("state", [[np.nan, np.nan, np.nan], [1.0, np.nan, np.nan]])
def test_a_switch_of_which_nothing_or_one_change_is_known(state: list[float]) -> None:
    edges = pd.DataFrame({"time": [0.5, 1.5, 2.5], "state": state})
    if np.isfinite(state).any():
        assert np.isfinite(covariates_of(edges, FRAMES).values).any()
        return
    with pytest.raises(UserError, match="nothing within"):
        covariates_of(edges, FRAMES)

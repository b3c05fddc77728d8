"""Frames that are left out take no part: not in training, not in the fit, not in any pair."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, all_rows
from napari_sparsevar.analysis.stages import Stage
from napari_sparsevar.movie.inspection import inspect
from napari_sparsevar.run.left_out import trials_kept
from napari_sparsevar.run.run import Run
from napari_sparsevar.training.events import Failed, Finished, Notice, TrainingEvent
from napari_sparsevar.training.preparation import prepare

CONFIG = sv.TrainConfig(
    steps=4, chunk_frames=32, chunks=4, crop=32, model=sv.ModelConfig(stride=4, width=4)
)
BAD = [40, 41, 42, 43, 44, 100, 200, 201]


def frames() -> np.ndarray:
    movie, _ = sv.simulate_movie(
        300, (32, 36), seed=0, n_cells=9, n_drivers=2, n_followers=2, fps=15.0
    )
    return np.asarray(movie.data).copy()


def opened(pixels: np.ndarray) -> sv.Movie:
    return sv.open_movie(pixels, fps=15.0, pixel_size_um=2.0)


def trained(
    out: Path, movie: sv.Movie, until: Stage = "map", **given: object
) -> tuple[Run, list[TrainingEvent]]:
    events = list(sv.train(movie, CONFIG, out=out, until=until, **given))  # type: ignore[arg-type]
    assert isinstance(events[-1], Finished), events[-1]
    return sv.load_run(out), events


def test_given_frames_are_as_nan(tmp_path: Path) -> None:
    """The run is the same whether frames are given or NaN, and whatever is in them."""
    lost = frames().astype(np.float32)
    lost[BAD] = np.nan
    wild = frames()
    wild[BAD] = np.random.default_rng(0).integers(0, 60_000, wild[BAD].shape)
    reference, _ = trained(tmp_path / "nan", opened(lost), "drivers")
    flags = ~np.isin(np.arange(300), BAD)
    for name, movie, given in (
        ("ranges", opened(frames()), {"bad_frames": "40-44,100,200-201"}),
        ("good", opened(wild), {"good": flags}),
        ("numbers", opened(wild), {"bad_frames": BAD}),
    ):
        run, _ = trained(tmp_path / name, movie, "drivers", **given)
        np.testing.assert_array_equal(run.results.good, reference.results.good)
        np.testing.assert_allclose(run.results.latents, reference.results.latents, atol=1e-3)
        np.testing.assert_allclose(run.contribution_map, reference.contribution_map, atol=1e-2)


def test_no_pair_reaches_across(tmp_path: Path) -> None:
    """Rows of the fit are the pairs of good frames that follow each other, and no others."""
    run, _ = trained(tmp_path / "run", opened(frames()), bad_frames=BAD)
    good = run.results.good
    assert np.flatnonzero(~good).tolist() == BAD
    rows = StreamedRows.of(run.results.activity, 1, "none")
    expected = np.flatnonzero(good[1:] & good[:-1])
    assert rows.frames.tolist() == (expected + 1).tolist()
    pairs, series = all_rows(rows), torch.from_numpy(np.array(run.results.activity.series))
    standard = (series - series[good].mean(dim=0)) / series[good].std(dim=0, unbiased=False)
    for found, index in ((pairs.past, expected), (pairs.following, expected + 1)):
        torch.testing.assert_close(found, standard[index], rtol=0.01, atol=0.01)


def test_trials_are_never_joined(tmp_path: Path) -> None:
    """Not where frames lie between them, not where one follows the other at once, nor resumed."""
    trials, out, movie = [(10, 90), (90, 150), (170, 300)], tmp_path / "run", opened(frames())
    control = sv.TrainingControl()
    for event in sv.train(movie, CONFIG, out=out, trials=trials, control=control):
        if getattr(event, "step", 0) == 2:
            control.stop()
    *_, last = sv.train(movie, CONFIG, out=out, resume=True, until="map")
    assert isinstance(last, Finished)
    run = sv.load_run(out)
    assert np.flatnonzero(~run.results.good).tolist() == [*range(10), *range(150, 170)]
    rows = StreamedRows.of(run.results.activity, 1, "none")
    expected = [frame for start, stop in trials for frame in range(start + 1, stop)]
    assert rows.frames.tolist() == expected


def test_light_that_jumps_between_trials_changes_nothing(tmp_path: Path) -> None:
    trials, jumping = [(0, 60), (60, 100), (100, 200), (200, 300)], frames().astype(np.float32)
    for number, (start, stop) in enumerate(trials):
        jumping[start:stop] += 900.0 * (number % 2) + 400.0 * (number == 3)
    found = []
    for name, pixels in (("steady", frames().astype(np.float32)), ("jumping", jumping)):
        run, _ = trained(tmp_path / name, opened(pixels), "drivers", trials=trials)
        assert run.results.good.all()
        found.append(run)
    rows = [
        all_rows(StreamedRows.of(run.results.activity, 1, "calcium")).following for run in found
    ]
    together = torch.corrcoef(torch.stack([each.flatten() for each in rows]))[0, 1]
    assert together > 0.995
    maps = [run.contribution_map.ravel() for run in found]
    assert np.corrcoef(*maps)[0, 1] > 0.98
    assert trials_kept(tmp_path / "jumping", found[1].results.good) == trials


def test_a_stimulus_is_left_out_of_all(tmp_path: Path) -> None:
    lit = frames()
    lit[10::30, 8:20] += 6000
    run, events = trained(tmp_path / "run", opened(lit))
    assert np.flatnonzero(~run.results.good).tolist() == list(range(10, 300, 30))
    said = " ".join(event.message for event in events if isinstance(event, Notice))
    assert "10 of 300 frames are suddenly brighter or darker" in said
    assert run.record.metrics["bad_frames"] == 10
    kept, _ = trained(tmp_path / "all", opened(lit), bad_frames="none")
    assert kept.results.good.all()


def test_what_is_left_out_stays_so_when_a_training_goes_on(tmp_path: Path) -> None:
    out, mask = tmp_path / "run", np.zeros((32, 36), bool)
    mask[:8] = True
    movie, control = opened(frames()), sv.TrainingControl()
    for event in sv.train(movie, CONFIG, out=out, bad_frames=BAD, ignore=mask, control=control):
        if getattr(event, "step", 0) == 2:
            control.stop()
    *_, refused = sv.train(movie, CONFIG, out=out, resume=True, bad_frames="1")
    assert isinstance(refused, Failed)
    assert "--bad-frames" in refused.message
    *_, last = sv.train(movie, CONFIG, out=out, resume=True, until="map")
    assert isinstance(last, Finished)
    run = sv.load_run(out)
    assert run.record.metrics["steps"] == 4
    assert np.flatnonzero(~run.results.good).tolist() == BAD
    np.testing.assert_array_equal(run.results.counted, ~mask)
    assert not run.contribution_map[mask].any()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bad_frames": "290-310"}, "no frame 290-310"),
        ({"bad_frames": "no/such/file.csv"}, "file.csv"),
        ({"ignore": np.zeros((3, 3))}, "3 x 3"),
        ({"good": np.ones(7, bool)}, "300 frames"),
        ({"good": np.zeros(300, bool)}, "All 300 frames"),
        ({"trials": [(0, 100), (200, 301)]}, "no trial 200:301"),
        ({"trials": [(0, 100), (90, 200)]}, "overlaps another"),
        ({"trials": []}, "All 300 frames"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    *_, last = sv.train(opened(frames()), CONFIG, out=tmp_path / "run", **given)  # type: ignore[arg-type]
    assert isinstance(last, Failed)
    assert said in last.message
    assert not (tmp_path / "run").exists()


def test_a_mask_from_a_file_and_frames_of_an_applied_run(tmp_path: Path) -> None:
    mask = np.zeros((32, 36), np.uint8)
    mask[:, -9:] = 1
    tifffile.imwrite(tmp_path / "mask.tif", mask)
    parent, _ = trained(tmp_path / "run", opened(frames()))
    *_, last = sv.apply_run(
        parent,
        opened(frames()),
        out=tmp_path / "applied",
        bad_frames="5-9",
        ignore=tmp_path / "mask.tif",
        until="map",
    )
    assert isinstance(last, Finished)
    results = sv.load_run(tmp_path / "applied").results
    assert np.flatnonzero(~results.good).tolist() == [5, 6, 7, 8, 9]
    np.testing.assert_array_equal(results.counted, mask == 0)


def test_what_a_large_movie_hides_is_left_out_of_the_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames that nobody looked at before the training are looked at while they are encoded."""
    monkeypatch.setattr(inspect, "WHOLE_BYTES", 0)
    movie, _ = sv.simulate_movie(2600, (32, 36), seed=0, n_cells=9, n_drivers=2, n_followers=2)
    lit = np.asarray(movie.data).copy()
    bad = [161, 162, 487, 1300]  # between the frames that are looked at
    lit[bad, 8:20] += 6000
    opened_movie = opened(lit)
    blocks = replace(opened_movie, data=opened_movie.data.rechunk((10, -1, -1)))
    assert not prepare(blocks, CONFIG, torch.device("cpu")).report.bad.any()
    run, events = trained(tmp_path / "run", blocks)
    assert np.flatnonzero(~run.results.good).tolist() == bad
    assert run.record.metrics["bad_frames"] == 4
    said = "4 more of 2600 frames stand out"
    assert any(said in event.message for event in events if isinstance(event, Notice))
    assert any(said in notice for notice in run.record.notices)

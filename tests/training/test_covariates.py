"""Covariates of a movie are kept in its run and taken out in its analysis, not in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import napari_sparsevar as sv
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, all_rows
from napari_sparsevar.training.events import Failed, Notice, StepLoss

LABEL = "speed (cm/s)"


@pytest.fixture(scope="module")
def speed() -> np.ndarray:
    found = np.convolve(np.random.default_rng(0).standard_normal(240), np.ones(5) / 5, "same")
    found[:3] = np.nan
    return found


@pytest.fixture(scope="module")
def run(
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    speed: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory,
) -> sv.Run:
    out = tmp_path_factory.mktemp("covariates") / "run"
    events = list(sv.train(small_movie, small_config, out=out, covariates={LABEL: speed}))
    said = [event.message for event in events if isinstance(event, Notice)]
    assert any(LABEL in sentence and "not known there" in sentence for sentence in said)
    assert any("trained without knowing it" in sentence for sentence in said)
    return sv.load_run(out)


def test_the_run_knows_them_and_they_are_taken_out(run: sv.Run, speed: np.ndarray) -> None:
    results = run.results
    assert [record.name for record in run.record.covariates] == ["speed"]
    kept = results.activity.covariates
    assert kept.labels == (LABEL,)
    np.testing.assert_array_equal(kept.values[:, 0], speed.astype(np.float32))
    assert not results.good[:3].any()
    seen = results.activity
    rows = StreamedRows.of(seen, results.fitted.lags, seen.dynamics, seen.recent)
    torch.testing.assert_close(rows.own.scale, results.fitted.own.scale)
    torch.testing.assert_close(rows.partial.shares, results.partial.shares)
    columns = results.partial.columns[rows.frames]
    told = columns[:, :-1].T @ all_rows(rows).following.double() / rows.n_rows
    assert float(told.abs().max()) < 1e-4


def test_the_network_is_the_one_trained_without(
    run: sv.Run, small_movie: sv.Movie, small_config: sv.TrainConfig, tmp_path: Path
) -> None:
    list(sv.train(small_movie, small_config, out=tmp_path / "run", until="map"))
    without = load_file(tmp_path / "run" / "model.safetensors")
    for name, value in load_file(run.path / "model.safetensors").items():
        torch.testing.assert_close(value, without[name])
    assert sv.load_run(tmp_path / "run").results.partial is None


def test_a_training_that_was_cut_short_goes_on_with_them(
    run: sv.Run,
    small_movie: sv.Movie,
    small_config: sv.TrainConfig,
    speed: np.ndarray,
    tmp_path: Path,
) -> None:
    out, beside = tmp_path / "run", {LABEL: speed}
    stream = sv.train(small_movie, small_config, out=out, covariates=beside)
    for event in stream:
        if isinstance(event, StepLoss) and event.step == 4:
            stream.close()
            break
    (failure,) = sv.train(small_movie, small_config, out=out, resume=True, covariates=beside)
    assert isinstance(failure, Failed)
    assert "leave them out to resume" in failure.message
    list(sv.train(small_movie, small_config, out=out, resume=True, until="map"))
    found = sv.load_run(out).results
    torch.testing.assert_close(
        found.partial.following, run.results.partial.following, atol=1e-5, rtol=0
    )


def test_a_network_is_applied_beside_them(
    run: sv.Run, small_movie: sv.Movie, speed: np.ndarray, tmp_path: Path
) -> None:
    out, beside = tmp_path / "run", {LABEL: speed}
    list(sv.apply_run(run, small_movie, out=out, covariates=beside, until="map"))
    applied = sv.load_run(out)
    assert applied.record.covariates == run.record.covariates
    kept = applied.results.partial
    torch.testing.assert_close(kept.following, run.results.partial.following, atol=1e-5, rtol=0)
    list(sv.apply_run(run, small_movie, out=tmp_path / "without", until="map"))
    assert sv.load_run(tmp_path / "without").results.partial is None


def test_those_of_another_recording_are_refused_before_the_training(
    small_movie: sv.Movie, small_config: sv.TrainConfig, speed: np.ndarray, tmp_path: Path
) -> None:
    (failure,) = sv.train(small_movie, small_config, out=tmp_path / "run", covariates=speed[:100])
    assert isinstance(failure, Failed)
    assert "100 rows and the recording 240 frames" in failure.message
    assert not (tmp_path / "run").exists()

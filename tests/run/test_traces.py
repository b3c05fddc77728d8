"""Traces of a region say what decoding every frame would say, without decoding any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from made_runs import made_full_run
from napari_sparsevar.analysis.covariates.basis import kernels_at
from napari_sparsevar.analysis.covariates.covariates import Covariates
from napari_sparsevar.analysis.fit.deconvolution import events_behind
from napari_sparsevar.analysis.fit.fitting import fit_whole
from napari_sparsevar.analysis.fit.lagged_rows import StreamedRows, block_moments, pool
from napari_sparsevar.analysis.fit.own_dynamics import Series
from napari_sparsevar.model.neuropil import background
from napari_sparsevar.model.temporal import CalciumDynamics, calcium_filter
from napari_sparsevar.movie.reading.standardised import inside_field
from napari_sparsevar.run.decoding import Decoding
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.traces import (
    _filtered,
    event_frames,
    model_traces,
    place_series,
    read_out,
    region_activity,
)

N_FRAMES = 80
EARLY, LATE = slice(0, 120), slice(120, 200)


def changed(run: Run, **results: Any) -> Run:
    return replace(run, results=replace(run.results, **results))


def with_covariates(run: Run) -> Run:
    """The same run with a speed taken out of its latents, which a third of them follow."""
    results = run.results
    speed = np.random.default_rng(0).standard_normal((len(results.good), 1)).astype(np.float32)
    covariates = Covariates(("speed",), ("cm/s",), ("continuous",), speed, kernels_at(2.0))
    latents = results.latents.copy()
    latents[:, ::3] += speed
    activity = replace(results.activity, latents=latents, covariates=covariates)
    rows = StreamedRows.of(activity, results.fitted.lags, "none")
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, pool(block_moments(rows, 1)), weights, results.fitted.lags)
    return changed(run, activity=activity, fitted=fitted, partial=rows.partial)


def with_events(run: Run) -> Run:
    """The same run, analysed by the events behind its latents."""
    results = run.results
    events = events_behind(Series.of(results.activity))
    activity = replace(results.activity, events=events)
    rows = StreamedRows.of(activity, results.fitted.lags, activity.dynamics, activity.recent)
    weights = torch.from_numpy(activity.weights)
    fitted = fit_whole(rows.own, pool(block_moments(rows, 1)), weights, results.fitted.lags)
    return changed(run, activity=activity, fitted=fitted)


def events_in(run: Run, region: np.ndarray) -> np.ndarray:
    """What the events of all latents are decoded to in a region, less their mean."""
    results = run.results
    alone = replace(results.activity, latents=results.activity.series, events=None)
    decoding = Decoding(changed(run, activity=alone, noise=np.ones_like(results.noise)))
    frames = [decoding.frame("reconstruction", t)[region].mean() for t in range(N_FRAMES)]
    return np.array(frames) - np.mean(np.array(frames)[results.good])


@pytest.fixture(params=["none", "calcium", "covariates", "paused", "events"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """A run whose latents forget at once, or slowly as calcium does; two frames are bad.

    Or it pauses.
    """
    run = made_full_run(tmp_path, n_frames=N_FRAMES)
    good = np.ones(N_FRAMES, bool)
    good[[20, 55]] = False
    starts = (33,) if request.param in ("paused", "events") else ()
    run = changed(run, activity=replace(run.results.activity, good=good, starts=starts))
    if request.param == "none":
        return run
    if request.param == "covariates":
        return with_covariates(run)
    if request.param == "events":
        return with_events(run)
    fitted = run.results.fitted
    own = replace(fitted.own, dynamics=CalciumDynamics(0.8, 0.4))
    return changed(run, fitted=replace(fitted, own=own))


@pytest.fixture
def region(made: Run) -> np.ndarray:
    mask = np.zeros(made.results.grid.shape, bool)
    mask[22:27, 20:29] = True
    return mask


def test_the_model_of_a_region_is_the_mean_of_what_is_decoded(
    made: Run, region: np.ndarray
) -> None:
    decoding, good = Decoding(made), np.asarray(made.results.good)
    found = model_traces(made, region)
    for kind in ("reconstruction", "prediction"):
        wanted = [decoding.frame(kind, t)[region].mean() for t in range(N_FRAMES)]
        got = getattr(found, kind)
        assert np.array_equal(np.isfinite(got), good)
        np.testing.assert_allclose(got[good], np.array(wanted)[good], rtol=1e-5)
    assert np.ptp(found.prediction[good]) > 1.0


def test_what_a_place_foretells_of_itself_and_what_others_add_make_the_prediction(
    made: Run, region: np.ndarray
) -> None:
    found, fitted = model_traces(made, region), made.results.fitted
    good = np.asarray(made.results.good)
    np.testing.assert_allclose((found.own + found.others)[good], found.prediction[good])
    assert np.nanstd(found.others) > 0
    # Without what is distant, a place is foretold by itself alone, and nothing is added.
    alone = torch.where(fitted.weights == 0, fitted.coefficients, 0.0)
    without = model_traces(changed(made, fitted=fitted.with_coefficients(alone)), region)
    np.testing.assert_allclose(without.prediction, found.own)
    assert not np.nan_to_num(without.others).any()


def test_a_place_is_foretold_better_where_speed_is_known(tmp_path: Path) -> None:
    run = with_covariates(made_full_run(tmp_path, n_frames=N_FRAMES))
    mask = np.zeros(run.results.grid.shape, bool)
    mask[:4, :4] = True  # where a latent is that follows speed
    errors = [
        np.nanstd(np.subtract(*model_traces(each, mask)[:2]))
        for each in (run, changed(run, partial=None))
    ]
    assert errors[0] < 0.8 * errors[1]


def test_a_driven_place_owes_to_others_what_its_driver_did(tmp_path: Path) -> None:
    run = made_full_run(tmp_path)
    masks = dict(zip(("driver", "driven"), np.zeros((2, 33, 34), bool), strict=True))
    masks["driver"][4:8, 4:8] = masks["driven"][24:28, 24:28] = True
    past = {place: place_series(run, mask).activity[:-1] for place, mask in masks.items()}
    added = {place: model_traces(run, mask).others[1:] for place, mask in masks.items()}
    assert np.corrcoef(added["driven"], past["driver"])[0, 1] > 0.6
    assert abs(np.corrcoef(added["driver"], past["driven"])[0, 1]) < 0.2
    assert added["driver"].std() < 0.5 * added["driven"].std()


def test_the_innovation_of_a_place_is_what_its_own_dynamics_did_not_foretell(
    made: Run, region: np.ndarray
) -> None:
    results = made.results
    good, dynamics = np.asarray(results.good), results.fitted.own.dynamics
    found = place_series(made, region)
    np.testing.assert_array_equal(found.activity, region_activity(made, region.astype(int), [1])[0])
    pieces = np.split(np.arange(N_FRAMES), results.activity.starts)
    activity = np.nan_to_num(found.activity)
    filtered = [
        calcium_filter(
            torch.from_numpy(activity[piece])[None, :, None],
            torch.from_numpy(good[piece])[None],
            dynamics,
        )
        for piece in pieces
    ]
    wanted = torch.cat([part.innovation[0, :, 0] for part in filtered])
    if results.activity.events is not None:
        wanted = torch.from_numpy(events_in(made, region))
    np.testing.assert_allclose(
        found.innovation[good], (wanted / wanted[good].std())[good], rtol=0.02
    )
    assert np.isnan(found.innovation[~good]).all()


@pytest.mark.parametrize("dynamics", [CalciumDynamics(0.0, 0.0), CalciumDynamics(0.9, 0.3)])
def test_the_compiled_filter_is_the_filter(dynamics: CalciumDynamics) -> None:
    rng = np.random.default_rng(0)
    latents, good = rng.standard_normal((200, 3)), rng.random(200) > 0.1
    tensors = torch.from_numpy(latents)[None], torch.from_numpy(good)[None]
    wanted = calcium_filter(*tensors, dynamics)
    begins = np.zeros(200, bool)
    expected, drive = _filtered(latents, good, begins, *dynamics)
    np.testing.assert_allclose(expected, wanted.expected[0].numpy(), atol=1e-12)
    np.testing.assert_allclose(drive, wanted.drive[0].numpy(), atol=1e-12)
    begins[120] = True
    apart = [_filtered(latents[p], good[p], begins[:1], *dynamics) for p in (EARLY, LATE)]
    for whole, parts in zip(
        _filtered(latents, good, begins, *dynamics), zip(*apart, strict=True), strict=True
    ):
        np.testing.assert_allclose(whole, np.concatenate(parts), atol=1e-12)


def test_the_read_out_is_the_mean_of_the_region_and_of_the_background_in_it(
    made: Run, region: np.ndarray
) -> None:
    results, rng = made.results, np.random.default_rng(1)
    frame = rng.normal(100, 10, results.grid.shape)
    frame[:16] += 30.0  # something wide
    weights, offset = read_out(made, region)
    mean, wide = np.einsum("nyx,yx->n", weights, frame)
    assert mean == pytest.approx(frame[region].mean())
    padded = torch.zeros(1, *results.grid.padded_shape)
    height, width = results.grid.shape
    padded[0, :height, :width] = torch.from_numpy((frame - results.mean) / results.noise)
    diameter = made.record.network.with_typical_cell().background_diameter
    inside = torch.from_numpy(inside_field(results.mean, results.grid.padded_shape))
    seen = background(padded, inside, diameter)[0, :height, :width]
    assert wide + offset == pytest.approx((results.noise * seen.numpy())[region].mean(), rel=1e-4)


def test_activity_of_regions_is_standardised_and_in_their_order(made: Run) -> None:
    labels = np.zeros(made.results.grid.shape, int)
    labels[2:7, 2:7], labels[22:27, 22:27] = 3, 1
    found = region_activity(made, labels, [3, 1])
    good = np.asarray(made.results.good)
    np.testing.assert_allclose(found[:, good].mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(found[:, good].std(axis=1), 1)
    assert np.isnan(found[:, ~good]).all()
    np.testing.assert_array_equal(found[::-1], region_activity(made, labels, [1, 3]))
    assert region_activity(made, labels, []).shape == (0, N_FRAMES)


def test_noise_alone_has_hardly_any_events() -> None:
    assert len(event_frames(np.random.default_rng(0).standard_normal(10_000))) < 30


def test_events_are_what_stands_out() -> None:
    trace = 0.2 * np.sin(np.arange(300.0))
    trace[[50, 140, 260]] += [4.0, 6.0, 5.0]
    trace[100] = np.nan
    assert event_frames(trace).tolist() == [50, 140, 260]
    for nothing in (np.empty(0), np.zeros(20), np.full(20, np.nan)):
        assert event_frames(nothing).size == 0

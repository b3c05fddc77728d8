"""A region over time: what the model sees of it, what it foretold, and how active it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import signal, sparse

from napari_sparsevar.analysis.covariates.partialling import Partial
from napari_sparsevar.analysis.fit.deconvolution import foretold_by_calcium
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.region import checked_mask
from napari_sparsevar.analysis.results import Results
from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.model.grid import BoolArray
from napari_sparsevar.model.neuropil import background
from napari_sparsevar.movie.reading.standardised import inside_field
from napari_sparsevar.run.run import Run

FloatArray = npt.NDArray[np.float64]

PEAK_HEIGHT = 3.0
"""An event is this many robust standard deviations above the median and above the valleys beside
it: noise alone often rises so far above its own valleys."""


class ModelTraces(NamedTuple):
    """Mean over a region in grey values, without the background; NaN in frames not used.

    Attributes
    ----------
    reconstruction, prediction : ndarray, shape (T,)
        Decoded from each frame's own code, and from what the frames before foretell of it.
    own : ndarray, shape (T,)
        What the past of the place itself foretells: its own dynamics, and the coefficients inside
        its own neighbourhood; and what covariates tell of it, where the run has some.
    others : ndarray, shape (T,)
        What the past of distant places adds to that: ``prediction - own``, 0 where they add
        nothing.
    """

    reconstruction: FloatArray
    prediction: FloatArray
    own: FloatArray
    others: FloatArray


class PlaceSeries(NamedTuple):
    """A region over time, each of variance 1; NaN in frames that were not used.

    Attributes
    ----------
    activity : ndarray, shape (T,)
        As the model sees it, of mean 0.
    innovation : ndarray, shape (T,)
        What its own dynamics did not foretell of it.
    """

    activity: FloatArray
    innovation: FloatArray


class RegionWeights(NamedTuple):
    """What to read of every frame of the movie for a region: weighted sums over pixels.

    Attributes
    ----------
    weights : ndarray, shape (2, Y, X)
        For the mean over the region, and for the background of it.
    background_offset : float
        To be added to the second: the background is a change from the mean image.
    """

    weights: FloatArray
    background_offset: float


def model_traces(run: Run, region: BoolArray) -> ModelTraces:
    """Return what the model says of a region in every frame; no pass over the movie.

    Decoder, filter and VAR are linear and all latents are filtered alike, so that the region's
    weights go through them first and a few numbers a frame and lag are left to filter. Calcium is
    linear in the events behind it, too.

    Parameters
    ----------
    run : Run
    region : ndarray of bool, shape (Y, X)
    """
    results, fitted = run.results, run.results.fitted
    good, own = np.asarray(results.good), fitted.own
    share = _share(results, region)
    decoded = results.footprints @ (share * _padded(run))
    driving = _driving(fitted, decoded)
    # A latent's drive is that of its standardised code.
    per_unit = 1.0 / (own.drive_scale.numpy() * own.deviation.numpy())
    seen = _seen_of(results, decoded, driving * per_unit)
    stretch = np.cumsum(_begins(results))
    parts = np.stack([seen.expected, np.zeros(len(good))])
    for lag in range(1, fitted.lags + 1):
        together = stretch[lag:] == stretch[:-lag]
        parts[:, lag:] += together * seen.drive[:-lag, [lag - 1, fitted.lags + lag - 1]].T
    if results.partial is not None:
        parts += _told(results.partial, driving, own.innovation.numpy() * decoded)
    level = float(share @ _padded(run, "mean"))
    itself, others = parts[0] + level, parts[1]
    traces = np.stack([seen.activity + level, itself + others, itself, others])
    traces[:, ~good] = np.nan
    return ModelTraces(*traces)


class _Seen(NamedTuple):
    """Of a mixture of latents: activity, what its past foretells (T,), and drives (T, m)."""

    activity: FloatArray
    expected: FloatArray
    drive: FloatArray


def _seen_of(results: Results, decoded: FloatArray, driving: FloatArray) -> _Seen:
    """Return the mixture of latents that weights (p,) make, and the drives that others (m, p) do.

    Drives are in units of what is analysed, latents or the events behind them.
    """
    good, mean = np.asarray(results.good), results.fitted.own.mean.numpy()
    events = results.activity.events
    weights = np.column_stack([decoded, *driving]).astype(np.float32)
    analysed = np.asarray(results.activity.series) @ weights
    projected = (analysed - mean @ weights).astype(np.float64)
    if events is None:
        dynamics = map(float, results.fitted.own.dynamics)
        expected, drive = _filtered(projected, good, _begins(results), *dynamics)
        level = float(mean @ decoded)
        return _Seen(projected[:, 0] + level, expected[:, 0] + level, drive[:, 1:])
    stretch = np.cumsum(_begins(results))
    activity = (np.asarray(results.latents) @ weights[:, 0]).astype(np.float64)
    base = float(events.baseline @ decoded)
    expected = foretold_by_calcium(
        activity[:, None] - base,
        analysed[:, :1].astype(np.float64),
        good,
        results.activity.starts,
        events.decay,
        np.array([mean @ decoded]),
    )
    drive = projected[:, 1:] * good[:, None]
    before = drive.copy()
    for lag in range(1, results.fitted.own.recent):
        together = stretch[lag:] == stretch[:-lag]
        drive[lag:] += together[:, None] * before[:-lag]
    return _Seen(activity, expected[:, 0] + base, drive)


def _driving(fitted: FittedVar, decoded: FloatArray) -> FloatArray:
    """Return how each latent's drive of variance 1 moves a place, (2 lags, p).

    First by the coefficients inside the neighbourhood of each latent of the place, then by those
    from distant ones; lag by lag each.
    """
    moved = fitted.own.innovation.numpy() * decoded
    far = np.concatenate([edges @ moved for edges in fitted.distant])
    near = fitted.nonzero @ moved - far
    return np.asarray(np.stack([near, far]).reshape(2 * fitted.lags, -1))


def _told(partial: Partial, driving: FloatArray, moved: FloatArray) -> FloatArray:
    """Return what covariates add to what a place and distant ones foretell of it, (2, T).

    What they tell of the place counts as its own; what they tell of the drives is no drive.
    """
    columns, lags = partial.columns.numpy(), len(driving) // 2
    past = partial.past.numpy().reshape(len(partial.past), lags, -1)
    found = np.zeros((2, len(columns)))
    found[0] = columns @ (partial.following.numpy() @ moved)
    for lag in range(1, lags + 1):
        for part in (0, 1):
            less = past[:, lag - 1] @ driving[part * lags + lag - 1]
            found[part, lag:] -= columns[lag:] @ less
    return found


def place_series(run: Run, region: BoolArray) -> PlaceSeries:
    """Return the activity of a region and what its own dynamics did not foretell of it.

    All latents are filtered alike, so that their mixture can be filtered in place of them; where
    events are analysed, it is the mixture of these.

    Parameters
    ----------
    run : Run
    region : ndarray of bool, shape (Y, X)
    """
    results = run.results
    good = np.asarray(results.good)
    (activity,) = region_activity(run, region.astype(np.int32), [1])
    if results.activity.events is None:
        whole = np.where(good, activity, 0.0)[:, None]
        dynamics = map(float, results.fitted.own.dynamics)
        expected, _ = _filtered(whole, good, _begins(results), *dynamics)
        innovation = activity - expected[:, 0]
    else:
        decoded = (results.footprints @ _share(results, region)).astype(np.float32)
        behind = np.asarray(results.activity.series) @ decoded
        innovation = np.where(good, behind - behind[good].mean(), np.nan).astype(np.float64)
    return PlaceSeries(activity, innovation / max(float(np.nanstd(innovation)), 1e-12))


def read_out(run: Run, region: BoolArray) -> RegionWeights:
    """Return what to read of the movie for a region: its mean, and the background in it.

    The background is linear in the pixels it is estimated from; its weights are the gradient.
    """
    results = run.results
    height, width = results.grid.shape
    share = _share(results, region)
    frame = torch.zeros(1, *results.grid.padded_shape, requires_grad=True)
    diameter = run.record.network.with_typical_cell().background_diameter
    inside = torch.from_numpy(inside_field(results.mean, results.grid.padded_shape))
    wide = background(frame, inside, diameter)[0]
    scaled = torch.from_numpy((share * _padded(run)).reshape(results.grid.padded_shape)).float()
    (slope,) = torch.autograd.grad((wide * scaled).sum(), frame)
    weights = np.nan_to_num(slope[0, :height, :width].double().numpy() / results.noise)
    mask = share.reshape(results.grid.padded_shape)[:height, :width]
    return RegionWeights(np.stack([mask, weights]), -float(np.nansum(weights * results.mean)))


def region_activity(run: Run, regions: npt.NDArray[np.integer], labels: list[int]) -> FloatArray:
    """Return the activity of regions over time, (regions, T), mean 0 and variance 1 each.

    Parameters
    ----------
    run : Run
    regions : ndarray of int, shape (Y, X)
        Label image.
    labels : list of int
        Which to return, in this order; each must be there.
    """
    results = run.results
    if not labels:
        return np.empty((0, len(results.good)))
    pixels = [_pixels(results, regions == label) for label in labels]
    shares = np.concatenate([np.full(len(each), 1.0 / len(each)) for each in pixels])
    starts = np.cumsum([0, *map(len, pixels)])
    shape = (results.footprints.shape[1], len(labels))
    by_region = sparse.csc_array((shares, np.concatenate(pixels), starts), shape=shape)
    weights = (results.footprints @ by_region).toarray()
    read = (np.asarray(results.latents) @ weights.astype(np.float32)).T
    traces: FloatArray = read.astype(np.float64)
    good = np.asarray(results.good)
    traces -= traces[:, good].mean(axis=1, keepdims=True)
    traces /= np.maximum(traces[:, good].std(axis=1, keepdims=True), 1e-12)
    traces[:, ~good] = np.nan
    return traces


def event_frames(activity: FloatArray) -> npt.NDArray[np.int64]:
    """Return the peaks that stand out of a trace (T,) by ``PEAK_HEIGHT``, in order of time."""
    known = activity[np.isfinite(activity)]
    if not known.size:
        return np.empty(0, np.int64)
    middle = float(np.median(known))
    rise = max(PEAK_HEIGHT * 1.4826 * float(np.median(np.abs(known - middle))), 1e-9)
    whole = np.where(np.isfinite(activity), activity, middle)
    peaks, _ = signal.find_peaks(whole, height=middle + rise, prominence=rise)
    return np.asarray(peaks, np.int64)


@compiled
def _filtered(
    latents: FloatArray,
    good: npt.NDArray[np.bool_],
    begins: npt.NDArray[np.bool_],
    decay: float,
    noise: float,
) -> tuple[FloatArray, FloatArray]:
    """Return ``expected`` and ``drive`` of ``calcium_filter``, each (T, n), without its gradient.

    Compiled: torch takes 5 s for 100,000 frames, and keeps the interpreter from the screen.
    """
    n_frames, n = latents.shape
    expected, drive = np.zeros((n_frames, n)), np.zeros((n_frames, n))
    variance = 1.0 - noise
    for t in range(n_frames):
        if begins[t]:
            variance = 1.0 - noise
        gain = variance / (variance + noise) if good[t] else 0.0
        for i in range(n):
            innovation = latents[t, i] - expected[t, i] if good[t] else 0.0
            drive[t, i] = innovation
            if t > 0 and not begins[t]:
                drive[t, i] += decay * (1.0 - gain) * drive[t - 1, i]
            if t + 1 < n_frames and not begins[t + 1]:
                expected[t + 1, i] = decay * (expected[t, i] + gain * innovation)
        variance = decay**2 * (1.0 - gain) * variance + (1.0 - decay**2) * (1.0 - noise)
    return expected, drive


def _begins(results: Results) -> npt.NDArray[np.bool_]:
    """Return at which frames, (T,), time begins anew."""
    begins = np.zeros(len(results.good), bool)
    begins[list(results.activity.starts)] = True
    return begins


def _share(results: Results, region: BoolArray) -> FloatArray:
    """Return the weight of every pixel in the mean over those of a region that count."""
    pixels = _pixels(results, region)
    share = np.zeros(results.footprints.shape[1])
    share[pixels] = 1.0 / len(pixels)
    return share


def _pixels(results: Results, region: BoolArray) -> npt.NDArray[np.intp]:
    """Return which pixels of the padded field a region is: those that count, else all."""
    counted = checked_mask(region, results.grid) & results.counted
    y, x = np.nonzero(counted if counted.any() else region)
    return np.asarray(y * results.grid.padded_shape[1] + x)


def _padded(run: Run, which: str = "noise") -> FloatArray:
    """Return mean or noise of every pixel that counts, flat on the padded field, else 0."""
    results = run.results
    padded = np.zeros(results.grid.padded_shape)
    padded[: results.grid.shape[0], : results.grid.shape[1]] = np.nan_to_num(
        getattr(results, which)
    )
    return padded.ravel()

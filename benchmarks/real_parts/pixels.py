"""What is predicted, and predictions that know nothing but pixels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_sparsevar.model.neuropil import background
from napari_sparsevar.model.temporal import estimate_dynamics
from real_parts.model import Model

Frames = NDArray[np.float32]
BoolArray = NDArray[np.bool_]
SMOOTHING_PX = 1.8
_LAGS = 12
_LEAST_SIGNAL = 1e-3


def contrast_frames(model: Model) -> Frames:
    """Return standardised frames without background inside the field of view, (T, Y, X)."""
    inside = torch.from_numpy(model.frames.inside)
    values = torch.from_numpy(model.frames.read(0, model.frames.movie.n_frames))
    values = values - background(values, inside, model.config.background_diameter)
    height, width = model.grid.shape
    return np.ascontiguousarray(values[:, :height, :width].numpy())


def pixel_predictions(contrast: Frames, training: BoolArray) -> Iterator[tuple[str, Frames]]:
    """Yield the name of each simple prediction and the frames it predicts, (T, Y, X).

    Frame t is predicted from frames before t. All that is fitted is fitted on training frames, one
    slope a pixel; the first frame is predicted as 0.
    """
    mean = contrast[training].mean(axis=0)
    values = contrast - mean
    smooth = gaussian_filter(values, (0.0, SMOOTHING_PX, SMOOTHING_PX))
    yield "last frame", _last(contrast)
    yield "per-pixel AR(1)", mean + _scaled(_last(values), values, training)
    yield "AR(1) on smoothed pixels", mean + _scaled(_last(smooth), values, training)
    filtered = calcium_expected(values, training)
    yield "per-pixel noise-aware filter", mean + _scaled(filtered, values, training)
    filtered = calcium_expected(smooth, training)
    yield "noise-aware filter, smoothed pixels", mean + _scaled(filtered, values, training)


def calcium_expected(values: Frames, training: BoolArray) -> Frames:
    r"""Return what each pixel's own past foretells under decay and white noise, (T, Y, X).

    One decay for all pixels, as the model has it; the share of signal of each pixel is the least
    squares fit of :math:`s \gamma^{lag}` to its autocovariance over training frames.
    """
    flat = values.reshape(len(values), -1)
    scaled = flat / np.maximum(flat[training].std(axis=0), 1e-6)
    good = torch.from_numpy(training)[None]
    decay = estimate_dynamics(torch.from_numpy(scaled)[None], good).decay
    signal = _signal_share(scaled, training, decay)
    expected = np.zeros_like(flat)
    variance, state = signal.copy(), np.zeros_like(signal)
    for t, frame in enumerate(flat):
        expected[t] = state
        gain = variance / (variance + 1.0 - signal)
        state = decay * (state + gain * (frame - state))
        variance = decay**2 * (1.0 - gain) * variance + (1.0 - decay**2) * signal
    return expected.reshape(values.shape)


def _signal_share(scaled: Frames, training: BoolArray, decay: float) -> Frames:
    powers = decay ** np.arange(1, _LAGS + 1)
    total = np.zeros(scaled.shape[1])
    for lag, power in enumerate(powers, start=1):
        both = np.flatnonzero(training[lag:] & training[:-lag])
        total += power * np.einsum("tp,tp->p", scaled[both + lag], scaled[both]) / len(both)
    share = total / max(float(np.square(powers).sum()), 1e-12)
    return np.clip(share, _LEAST_SIGNAL, 1.0 - _LEAST_SIGNAL).astype(np.float32)


def _last(values: Frames) -> Frames:
    return np.concatenate([np.zeros_like(values[:1]), values[:-1]])


def _scaled(predictor: Frames, values: Frames, training: BoolArray) -> Frames:
    """Give every pixel's predictor the slope that is best on training frames."""
    rows = np.flatnonzero(training[1:] & training[:-1]) + 1
    product = np.einsum("tyx,tyx->yx", predictor[rows], values[rows])
    power = np.einsum("tyx,tyx->yx", predictor[rows], predictor[rows])
    slope = product / np.maximum(power, 1e-12)
    return np.asarray(predictor * slope, dtype=np.float32)

"""Traces of components (PCA, NMF) or of the true neurons, and a sparse VAR on them."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.decomposition import NMF, PCA
from sklearn.exceptions import ConvergenceWarning

from recovery_parts.answer import Answer, FloatArray, edges_between, paint
from recovery_parts.cases import Trial
from recovery_parts.frames import clean_frames, gaussian_weights, without_background
from recovery_parts.sparse_var import fit_sparse_var, own_history

PENALTY = 0.5
SMOOTHING_PX = 1.8  # as in pooling: without it the components fit pixel noise
SPACING_PX = 2
NMF_ITERATIONS = 200


def pca(trial: Trial) -> Answer:
    """Take as many principal components as there are neurons; their signs mean nothing."""
    frames = clean_frames(trial.movie).values
    rows, columns = _smoothing(frames)
    pooled = (rows @ frames @ columns.T).reshape(len(frames), -1)
    model = PCA(len(trial.truth.centres), random_state=trial.seed)
    traces = model.fit_transform(pooled)
    images = np.abs(_to_pixels(model.components_, rows, columns))
    return _answer(traces, images, signed=True)


def nmf(trial: Trial) -> Answer:
    """Take as many non-negative components as there are neurons, of what exceeds the median."""
    frames = clean_frames(trial.movie).values
    rows, columns = _smoothing(frames)
    pooled = (rows @ frames @ columns.T).reshape(len(frames), -1)
    above = np.maximum(pooled - np.median(pooled, axis=0), 0.0)
    model = NMF(
        len(trial.truth.centres),
        init="nndsvda",
        random_state=trial.seed,
        max_iter=NMF_ITERATIONS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        traces = model.fit_transform(above)
    return _answer(traces, _to_pixels(model.components_, rows, columns), signed=False)


def oracle(trial: Trial) -> Answer:
    """Know where the neurons are: the ceiling for any way of finding them."""
    return _oracle(trial, drives=False)


def oracle_drives(trial: Trial) -> Answer:
    """Know where the neurons are and take their own decay and noise out: our own ceiling."""
    return _oracle(trial, drives=True)


def _oracle(trial: Trial, *, drives: bool) -> Answer:
    frames, noise = clean_frames(trial.movie)
    shapes = without_background(trial.truth.footprints / noise)
    design = shapes.reshape(len(shapes), -1).astype(np.float64).T
    traces = np.linalg.lstsq(design, frames.reshape(len(frames), -1).T, rcond=None)[0].T
    own = own_history(len(shapes))
    strengths = np.maximum(fit_sparse_var(traces, own, PENALTY, drives=drives), 0.0)
    drawn = paint(strengths.sum(axis=1), trial.truth.footprints.astype(np.float64))
    return Answer(drawn, edges_between(strengths, trial.truth.centres.astype(np.float64)))


def _answer(traces: NDArray[np.float32], images: FloatArray, *, signed: bool) -> Answer:
    """Fit the sparse VAR to components and paint their outgoing strengths.

    ``signed`` components count by the size of their coefficients, others by positive ones.
    """
    coefficients = fit_sparse_var(traces, own_history(traces.shape[1]), PENALTY)
    strengths = np.abs(coefficients) if signed else np.maximum(coefficients, 0.0)
    edges = edges_between(strengths, np.array([_peak(image) for image in images]))
    return Answer(paint(strengths.sum(axis=1), images), edges)


def _smoothing(frames: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return Gaussian averages every `SPACING_PX` pixels along rows and columns."""
    height, width = frames.shape[1:]
    rows, columns = (
        gaussian_weights(np.arange(0, length, SPACING_PX) + 0.5, length, SMOOTHING_PX)
        for length in (height, width)
    )
    return rows, columns


def _to_pixels(
    components: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> FloatArray:
    """Draw components of smoothed frames in pixels, (components, Y, X)."""
    coarse = components.reshape(-1, len(rows), len(columns)).astype(np.float64)
    drawn: FloatArray = rows.T @ coarse @ columns
    return drawn


def _peak(image: FloatArray) -> tuple[int, int]:
    """Return row and column where an image, smoothed over a cell, is highest."""
    smooth = gaussian_filter(image, SMOOTHING_PX)
    row, column = np.unravel_index(int(np.argmax(smooth)), image.shape)
    return int(row), int(column)

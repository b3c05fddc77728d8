"""What a lab does today: suite2p's regions of interest, then a lasso on their traces."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LassoLarsIC

from recovery_parts.answer import Answer, FloatArray, edges_between, nothing_found, paint
from recovery_parts.cases import Trial
from recovery_parts.frames import raw_frames

REPOSITORY = Path(__file__).parents[2]
PYTHON = REPOSITORY / ".venv-suite2p" / "bin" / "python"
SCRIPT = Path(__file__).with_name("suite2p_extract.py")
NOT_INSTALLED = (
    "suite2p is left out: it is not installed. `make suite2p` makes its environment "
    f"({PYTHON.parents[1].name})."
)
NEUROPIL_SHARE = 0.7
THRESHOLD_SCALING = 0.7
"""Best for suite2p: on seeds 101 and 102 of strong_noise, weak_coupling and short its default, 1,
found hardly any neuron in noise (mean AUROC 0.65), 0.7 about the right number (0.74), and 0.5
hundreds (0.75, but an average precision of 0.36 in place of 0.47)."""


class Regions(NamedTuple):
    """Regions of interest.

    Attributes
    ----------
    traces : ndarray, shape (T, regions)
        Fluorescence less the share of the neuropil around.
    images : ndarray, shape (regions, Y, X)
        Weight of each pixel.
    """

    traces: FloatArray
    images: FloatArray


def is_installed() -> bool:
    """Tell whether the environment of suite2p is there."""
    return PYTHON.is_file()


def suite2p(trial: Trial) -> Answer:
    """Take all regions suite2p finds, told cell size, decay and frame rate, and regress."""
    regions = find_regions(trial, THRESHOLD_SCALING)
    n_regions = len(regions.images)
    if n_regions < 2:
        return nothing_found(trial.movie.shape, f"suite2p found {n_regions} regions")
    positive = np.maximum(lasso_by_criterion(regions.traces), 0.0)
    places = np.array([_centre(image) for image in regions.images])
    drawn = paint(positive.sum(axis=1), regions.images)
    return Answer(drawn, edges_between(positive, places), f"{n_regions} regions")


def lasso_by_criterion(traces: FloatArray) -> FloatArray:
    """Predict each trace from the frame before by scikit-learn's `LassoLarsIC` (BIC).

    Returns
    -------
    ndarray, shape (units, units)
        From source (row) to target (column), the diagonal 0.
    """
    centred = traces - traces.mean(axis=0)
    deviation = centred.std(axis=0)
    values = centred / np.where(deviation > 0, deviation, 1.0)
    coefficients = np.zeros((values.shape[1],) * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for target in range(values.shape[1]):
            model = LassoLarsIC(criterion="bic").fit(values[:-1], values[1:, target])
            coefficients[:, target] = model.coef_
    np.fill_diagonal(coefficients, 0.0)
    return coefficients


def find_regions(trial: Trial, threshold_scaling: float) -> Regions:
    """Run suite2p in its own environment.

    Raises
    ------
    RuntimeError
        If it fails; the message holds the end of what it said.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "frames.npy", raw_frames(trial.movie), allow_pickle=False)
        numbers = (trial.movie.fps, trial.decay_s, 2 * trial.cell_radius_px, threshold_scaling)
        command = [PYTHON, SCRIPT, folder / "frames.npy", folder, *numbers]
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"suite2p failed: {done.stderr[-500:]}")
        return _read(folder, trial.movie.shape)


def _read(folder: Path, shape: tuple[int, int]) -> Regions:
    """Read what `suite2p_extract.py` wrote."""

    def load(name: str) -> NDArray[np.float64]:
        values = np.load(folder / f"{name}.npy", allow_pickle=False)
        return np.asarray(values, dtype=np.float64)

    traces = load("fluorescence") - NEUROPIL_SHARE * load("neuropil")
    pixels = load("pixels")
    images = np.zeros((len(traces), *shape))
    region, row, column = pixels[:, :3].astype(np.int64).T
    images[region, row, column] = pixels[:, 3]
    return Regions(traces.T, images)


def _centre(image: FloatArray) -> FloatArray:
    """Return the centre of mass of a region, row and column."""
    weights = np.maximum(image, 0.0)
    positions = np.indices(image.shape).reshape(2, -1)
    centre: FloatArray = positions @ weights.ravel() / max(weights.sum(), 1e-12)
    return centre

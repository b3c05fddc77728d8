"""What people use instead: correlation, partial correlation, Granger causality, lasso by BIC.

Each takes signals (T, n) and which frames count (T,), and returns a number a pair of cells, (n, n):
rows drive columns, the more above 0 the surer that a source excites its target.
"""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

FIND_LINKS = Path(__file__).with_name("find_links.py")


def correlation(signals: FloatArray, counts: BoolArray) -> FloatArray:
    """Return correlations within a frame: they know no direction."""
    return np.corrcoef(signals[counts].T)


def partial_correlation(signals: FloatArray, counts: BoolArray) -> FloatArray:
    """Return correlations within a frame, all other cells held: they know no direction."""
    inverse = np.linalg.inv(np.corrcoef(signals[counts].T))
    scale = np.sqrt(np.diag(inverse))
    return -inverse / np.outer(scale, scale)


def granger(signals: FloatArray, counts: BoolArray, lags: int = 1) -> FloatArray:
    """Return F of each source's past in the least squares of each target.

    One vector autoregression of all signals; F has the sign of the sum over lags.
    """
    n = signals.shape[1]
    centred = signals - signals[counts].mean(axis=0)
    past = np.concatenate([centred[lags - k : len(centred) - k] for k in range(1, lags + 1)], 1)
    past, now = past[counts[lags:]], centred[lags:][counts[lags:]]
    inverse = np.linalg.inv(past.T @ past)
    found = inverse @ (past.T @ now)
    left = (now**2).sum(axis=0) - np.einsum("ij,ij->j", found, past.T @ now)
    variance = left / (len(now) - n * lags)
    f = np.empty((n, n))
    for source in range(n):
        own = source + n * np.arange(lags)
        block = np.linalg.solve(inverse[np.ix_(own, own)], found[own])
        f[source] = np.einsum("kj,kj->j", found[own], block) / lags / variance
    return f * np.sign(found.reshape(lags, n, n).sum(axis=0))


def lasso_by_criterion(signals: FloatArray, counts: BoolArray) -> FloatArray:
    """Return coefficients of scikit-learn's ``LassoLarsIC`` (BIC), one lag."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoLarsIC

    values = (signals - signals[counts].mean(axis=0)) / signals[counts].std(axis=0)
    past, now = values[:-1][counts[1:]], values[1:][counts[1:]]
    found = np.zeros((values.shape[1],) * 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for target in range(values.shape[1]):
            found[:, target] = LassoLarsIC(criterion="bic").fit(past, now[:, target]).coef_
    return found


def pcmci(signals: FloatArray, counts: BoolArray, python: Path) -> FloatArray:
    """Return partial correlations at lag 1 by tigramite, in an environment of its own.

    Raises
    ------
    RuntimeError
        If it fails; the message holds the end of what it said.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.save(folder / "signals.npy", signals, allow_pickle=False)
        np.save(folder / "counts.npy", counts, allow_pickle=False)
        command = [str(python), str(FIND_LINKS), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"tigramite failed: {done.stderr[-500:]}")
        return np.asarray(np.load(folder / "links.npy", allow_pickle=False))

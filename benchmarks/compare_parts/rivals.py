"""What people do instead: Chow's F test, Fisher-z of lagged correlations, likelihood ratios."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from scipy import stats

from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.model.embedded_var import RIDGE, universal_penalty

Array = npt.NDArray[np.float64]
BLOCK = 5
PERMUTATIONS = 99


def _pairs(values: Array) -> tuple[Array, Array]:
    centred = values - values.mean(axis=0)
    return centred[:-1], centred[1:]


def chow(a: Array, b: Array) -> float:
    """Least squares on all latents, together and apart; Bonferroni over targets.

    NaN where there are not enough frames for least squares.
    """
    (xa, ya), (xb, yb) = _pairs(a), _pairs(b)
    p, freedom = xa.shape[1], len(xa) + len(xb) - 2 * xa.shape[1]
    if min(len(xa), len(xb)) <= p + 10:
        return math.nan

    def squares(x: Array, y: Array) -> Array:
        coefficients = np.linalg.lstsq(x, y, rcond=None)[0]
        return np.asarray(((y - x @ coefficients) ** 2).sum(axis=0))

    apart = squares(xa, ya) + squares(xb, yb)
    together = squares(np.concatenate([xa, xb]), np.concatenate([ya, yb]))
    ratio = (together - apart) / p / (apart / freedom)
    return float(min(1.0, p * stats.f.sf(ratio, p, freedom).min()))


def fisher_z(a: Array, b: Array) -> float:
    """Compare lagged correlations edge by edge; the smallest p-value after Benjamini-Hochberg."""
    scores = []
    for values in (a, b):
        past, following = _pairs(values)
        past, following = past / past.std(axis=0), following / following.std(axis=0)
        scores.append(np.arctanh(np.clip(past.T @ following / len(past), -0.999, 0.999)))
    error = math.sqrt(1 / (len(a) - 4) + 1 / (len(b) - 4))
    p_values = np.sort(2 * stats.norm.sf(abs(scores[0] - scores[1]).ravel() / error))
    return float((p_values * len(p_values) / np.arange(1, len(p_values) + 1)).min())


def likelihood_ratio(a: Array, b: Array, seed: int) -> float:
    """Sparse VARs together and apart, ratio of residuals; blocks of lagged pairs permuted."""
    (xa, ya), (xb, yb) = _pairs(a), _pairs(b)
    x, y = np.concatenate([xa, xb]), np.concatenate([ya, yb])
    x, y = x / x.std(axis=0), y / y.std(axis=0)
    count = len(x) // BLOCK
    grams = [part.T @ part for part in np.array_split(x, count)]
    crosses = [p.T @ f for p, f in zip(*(np.array_split(v, count) for v in (x, y)), strict=True)]
    squares = [(part**2).sum(axis=0) for part in np.array_split(y, count)]
    sizes = np.array([len(part) for part in np.array_split(y, count)])
    gram, cross, square = np.stack(grams), np.stack(crosses), np.stack(squares)
    labels = np.arange(count) >= count * len(xa) // len(x)

    def log_residual(chosen: npt.NDArray[np.bool_]) -> float:
        n, p = int(sizes[chosen].sum()), x.shape[1]
        g = torch.from_numpy(gram[chosen].sum(axis=0) / n) + RIDGE * torch.eye(p)
        c = torch.from_numpy(cross[chosen].sum(axis=0) / n)
        weights = 1.0 - torch.eye(p, dtype=torch.float64)
        found = solve_lasso(g, c, universal_penalty(p, n) * weights)
        left = square[chosen].sum(axis=0) / n
        left = left - ((2 * c - g @ found) * found).sum(dim=0).numpy()
        return float(n * np.log(left).sum())

    together = log_residual(np.ones(count, bool))
    observed = together - log_residual(labels) - log_residual(~labels)
    rng = np.random.default_rng(seed)
    beaten = 0
    for _ in range(PERMUTATIONS):
        drawn = rng.permutation(labels)
        beaten += together - log_residual(drawn) - log_residual(~drawn) >= observed
    return (1 + beaten) / (1 + PERMUTATIONS)

r"""One sparse VAR for both windows: the null hypothesis.

Past and following are centred within each window, so that another level of activity is no other
dynamics. The penalty of each coefficient follows the spread of its score (Belloni et al. 2012,
Econometrica 80:2369),

.. math:: \lambda_{kj} = w_{kj} \sqrt{2 \log P / n}\; \max(\sigma_k\sigma_j,
          \sqrt{\textstyle\sum_t (x_{tk} e_{tj})^2 / n}),

because with a single penalty two bursts that met by chance enter the model, and what it finds is
fitted again without shrinkage: shrinkage looks like a difference where sources are correlated in
one window only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from napari_sparsevar.comparison.rows import Rows
from napari_sparsevar.lasso import solve_lasso
from napari_sparsevar.lasso.restricted import solve_on_active_sets
from napari_sparsevar.model.embedded_var import RIDGE, universal_penalty


class Centred(NamedTuple):
    """Rows of one window, mean 0 within it and in standard deviations of all windows.

    Attributes
    ----------
    past : Tensor, shape (n, P), float32
    following : Tensor, shape (n, p), float32
    """

    past: Tensor
    following: Tensor


class PooledFit(NamedTuple):
    """The sparse VAR of both windows.

    Attributes
    ----------
    coefficients : Tensor, shape (P, p), float64
        Without shrinkage.
    windows : list of Centred
    residuals : list of Tensor, shape (n, p), float32
        Of each window.
    """

    coefficients: Tensor
    windows: list[Centred]
    residuals: list[Tensor]


def centre(rows: Sequence[Rows]) -> list[Centred]:
    """Centre within windows and scale over all of them; what never changes becomes 0."""
    past = [window.past - window.past.mean(dim=0) for window in rows]
    following = [window.following - window.following.mean(dim=0) for window in rows]
    past_scale, following_scale = _scale(past), _scale(following)
    return [
        Centred(x / past_scale, y / following_scale) for x, y in zip(past, following, strict=True)
    ]


def _scale(parts: list[Tensor]) -> Tensor:
    squares = torch.stack([part.square().sum(dim=0) for part in parts]).sum(dim=0)
    return (squares / sum(len(part) for part in parts)).sqrt().clamp_min(1e-6)


def fit_pooled(rows: Sequence[Rows], weights: Tensor) -> PooledFit:
    """Fit one sparse VAR to the rows of all windows.

    Parameters
    ----------
    rows : sequence of Rows
    weights : Tensor, shape (P, p)
        Penalty weights; 0 leaves a coefficient free.
    """
    windows = centre(rows)
    gram, cross = _moments(windows)
    sparse = fit_sparse(windows, weights)
    coefficients = solve_on_active_sets(gram, torch.ones(()), sparse, cross)
    fitted = coefficients.float()
    residuals = [window.following - window.past @ fitted for window in windows]
    return PooledFit(coefficients, windows, residuals)


def fit_sparse(
    windows: Sequence[Centred], weights: Tensor, initial: Tensor | None = None
) -> Tensor:
    """Return lasso coefficients (P, p), float64, of all rows of the windows.

    Parameters
    ----------
    windows : sequence of Centred
    weights : Tensor, shape (P, p)
    initial : Tensor, shape (P, p), optional
        Where to start.
    """
    gram, cross = _moments(windows)
    own = solve_on_active_sets(gram, weights, torch.zeros_like(cross), cross)
    spread: Tensor = torch.zeros_like(cross)
    variance: Tensor = torch.zeros_like(cross[0])
    for window in windows:
        left = window.following - window.past @ own.float()
        spread += window.past.square().T @ left.square()
        variance += left.square().sum(dim=0)
    n, size = _count(windows), gram.shape[0]
    loading = torch.maximum(spread / n, variance / n).sqrt()
    penalty = universal_penalty(size, n) * loading * weights
    return solve_lasso(gram, cross, penalty, initial=own if initial is None else initial)


def _moments(windows: Sequence[Centred]) -> tuple[Tensor, Tensor]:
    """Return gram (P, P) and cross products (P, p), float64."""
    n, size = _count(windows), windows[0].past.shape[1]
    gram = RIDGE * torch.eye(size, dtype=torch.float64)
    cross = torch.zeros(size, windows[0].following.shape[1], dtype=torch.float64)
    for window in windows:
        gram += (window.past.T @ window.past) / n
        cross += (window.past.T @ window.following) / n
    return gram, cross


def _count(windows: Sequence[Centred]) -> int:
    return sum(len(window.past) for window in windows)

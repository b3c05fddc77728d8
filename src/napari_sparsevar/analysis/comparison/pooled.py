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

from napari_sparsevar.analysis.comparison.rows import Rows
from napari_sparsevar.analysis.least_squares import refitted
from napari_sparsevar.lasso import solve_lasso
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
        Centred(x / past_scale, y / following_scale)
        for x, y in zip(past, following, strict=True)
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
    past = torch.cat([window.past for window in windows])
    following = torch.cat([window.following for window in windows])
    n, size = past.shape
    gram = (past.T @ past / n).double()
    gram += RIDGE * torch.eye(size, dtype=gram.dtype, device=gram.device)
    cross = (past.T @ following / n).double()
    own = refitted(gram, cross, weights == 0)
    left = following - past @ own.float()
    spread = ((past.square().T @ left.square()) / n).sqrt()
    loading = torch.maximum(spread, left.square().mean(dim=0).sqrt()).double()
    penalty = universal_penalty(size, n) * loading * weights
    coefficients = refitted(gram, cross, solve_lasso(gram, cross, penalty, initial=own) != 0)
    fitted = coefficients.float()
    residuals = [window.following - window.past @ fitted for window in windows]
    return PooledFit(coefficients, windows, residuals)

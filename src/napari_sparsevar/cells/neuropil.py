"""How much of the light around a cell lies over the cell itself."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from napari_sparsevar.cells.cells import BoolArray, Float32Array, FloatArray
from napari_sparsevar.errors import UserError

NeuropilShare = float | Literal["estimated"]
"""Of the light around a cell; ``estimated``: what ``estimated_shares`` finds for each."""

USUAL_SHARE, LARGEST_SHARE = 0.7, 2.0

_HELD, _ALONE = 0.1, 2.0
"""A component is shared that holds this share of the variance of all surrounds, and as much as so
many of them have alone."""

_MOST_SURROUNDS = 256
"""What the field shares is read from at most so many."""

_ROWS_TOGETHER = 4096


def check_share(share: NeuropilShare | None) -> None:
    """Refuse what is no share of the neuropil.

    Raises
    ------
    UserError
    """
    if isinstance(share, str) or share is None:
        fine = share in ("estimated", None)
    else:
        fine = 0.0 <= share <= LARGEST_SHARE
    if not fine:
        raise UserError(
            f"The share of the neuropil is {share}: choose 0 to {LARGEST_SHARE:g} or 'estimated'."
        )


def estimated_shares(
    raw: Float32Array, neuropil: Float32Array, good: BoolArray | None = None
) -> FloatArray:
    r"""Return how much of the light of its surround lies over each cell, (n,).

    .. math:: r_k = \frac{\sum_t f_{tk} \hat n_{tk}}{\sum_t \hat n_{tk}^2}, \qquad
              \hat n_k = U (U'U)^{-1} U' n_k

    with the fluorescence f of the cell, the light n of its surround, and what surrounds share, U:
    their principal components that hold a tenth of the variance or more, each surround counting
    alike.
    Two-stage least squares (Angrist & Krueger 2001, J. Econ. Perspect. 15:69): a regression on the
    surround itself comes out too small because of its noise, and too large where light of the cell
    reaches it, and neither is shared. Over a cell lies no more than around it: a larger share says
    that what the cell does goes with the field, and is cut to 1.

    Parameters
    ----------
    raw, neuropil : ndarray of float32, shape (T, n)
        Frames that are not finite are left out.
    good : ndarray of bool, shape (T,), optional
        Others are left out too: an artefact is shared by the whole field.

    Returns
    -------
    ndarray of float64, shape (n,)
        From 0 to 1; 0 for a cell without a surround. 0.7, which most programs take, for all where
        surrounds share too little to tell.
    """
    finite = np.isfinite(raw).all(axis=1) & np.isfinite(neuropil).all(axis=1)
    frames = np.flatnonzero(finite if good is None else finite & good)
    if len(frames) < 2:
        return np.full(raw.shape[1], USUAL_SHARE)
    looked_at = np.unique(np.linspace(0, raw.shape[1] - 1, _MOST_SURROUNDS).round().astype(int))
    surrounds = neuropil[:, looked_at]
    (around,) = _products(surrounds, (surrounds,), frames)
    mixing = _shared(around)
    if not mixing.size:
        return np.full(raw.shape[1], USUAL_SHARE)
    squares = np.einsum("ik,ij,jk->k", mixing, around, mixing)
    of_cells, of_surrounds = _products(surrounds, (raw, neuropil), frames)
    told, lying = mixing.T @ of_cells, mixing.T @ of_surrounds / np.maximum(squares, 1e-20)[:, None]
    own = (lying**2 * squares[:, None]).sum(axis=0)
    shares = (told * lying).sum(axis=0) / np.where(own > 0, own, np.inf)
    return np.asarray(np.clip(shares, 0.0, 1.0))


def _shared(around: FloatArray) -> FloatArray:
    """Return how surrounds of such products are mixed to their main components, (m, k)."""
    deviation = np.sqrt(around.diagonal())
    usable = deviation > 1e-6 * max(float(deviation.max()), 1e-20)
    scale = np.where(usable, 1.0 / np.where(usable, deviation, 1.0), 0.0)
    values, vectors = np.linalg.eigh(around * np.outer(scale, scale))
    least = max(_HELD * values.sum(), _ALONE)
    return np.asarray(scale[:, None] * vectors[:, values >= least])


def _products(
    first: Float32Array, others: tuple[Float32Array, ...], frames: npt.NDArray[np.intp]
) -> list[FloatArray]:
    """Return sums over frames of products of traces, each less its mean, (m, n) of each other.

    Some frames at a time: copies of all traces in double precision may not fit.
    """
    found = [np.zeros((first.shape[1], other.shape[1])) for other in others]
    means = [values[frames].mean(axis=0, dtype=np.float64) for values in (first, *others)]
    for start in range(0, len(frames), _ROWS_TOGETHER):
        rows = frames[start : start + _ROWS_TOGETHER]
        mixed = (first[rows] - means[0]).T
        for total, other, mean in zip(found, others, means[1:], strict=True):
            total += mixed @ (other[rows] - mean)
    return found

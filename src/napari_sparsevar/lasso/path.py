"""Exact solution paths: every knot, and the coefficients anywhere between."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_sparsevar.lasso.compiled import for_ranges
from napari_sparsevar.lasso.derivative import attach_derivative
from napari_sparsevar.lasso.homotopy import trace_path
from napari_sparsevar.lasso.solve import explain_failure
from napari_sparsevar.lasso.types import CONVERGED, Array, precision_of, to_array
from napari_sparsevar.lasso.validation import check_penalty, check_problem, check_weights

MAX_KNOTS = 1000
_Traced = tuple[int, Array, Array, Array, Array]


@dataclass(frozen=True, eq=False)
class LassoPath:
    """The piecewise linear solution path of one target.

    Attributes
    ----------
    penalties
        (m,) float64 knots, descending. The first is the largest penalty with an active
        coefficient just below it, the last the end of the path (not a knot itself if the path
        ended at ``min_penalty``).
    offsets, columns, values
        Nonzero coefficients: those of knot i are ``values[offsets[i]:offsets[i + 1]]`` in the
        columns ``columns[offsets[i]:offsets[i + 1]]``.
    gram, cross, weights
        (P, P), (P,), (P,): the problem.
    """

    penalties: Tensor
    offsets: Tensor
    columns: Tensor
    values: Tensor
    gram: Tensor
    cross: Tensor
    weights: Tensor

    @property
    def coefficients(self) -> Tensor:
        """Coefficients at all knots, (P, m) float64."""
        n_knots = self.penalties.numel()
        dense = self.values.new_zeros(self.cross.numel(), n_knots)
        knots = torch.repeat_interleave(
            torch.arange(n_knots, device=dense.device), self.offsets.diff()
        )
        dense[self.columns, knots] = self.values
        return dense

    def at(self, penalty: float | Tensor) -> Tensor:
        """Return the coefficients at a penalty, differentiable as those of `solve_lasso`.

        Parameters
        ----------
        penalty
            Number or scalar tensor, not below the end of the path.

        Returns
        -------
        Tensor
            (P,), of the type of ``gram``.
        """
        at = torch.as_tensor(penalty, dtype=self.gram.dtype, device=self.gram.device)
        if at.ndim != 0:
            raise ValueError(f"penalty must be a number, not a tensor {tuple(at.shape)}.")
        check_penalty(at, self.cross)
        solution = self._interpolate(float(at.detach())).to(self.gram.dtype)
        penalties = (at * self.weights)[:, None]
        return attach_derivative(self.gram, self.cross[:, None], penalties, solution[:, None])[:, 0]

    def _interpolate(self, penalty: float) -> Tensor:
        """Return the coefficients (P,) float64; constant above the first knot."""
        last = float(self.penalties[-1])
        # A float32 penalty may round to just below the end.
        if penalty < last * (1 - 1e-6):
            raise ValueError(f"The path ends at penalty {last:g}, above {penalty:g}.")
        penalty = max(penalty, last)
        after = int((self.penalties > penalty).sum())
        if after == 0:
            return self._knot(0)
        upper, lower = float(self.penalties[after - 1]), float(self.penalties[after])
        share = (upper - penalty) / (upper - lower)
        if share == 1.0:
            return self._knot(after)
        return (1.0 - share) * self._knot(after - 1) + share * self._knot(after)

    def _knot(self, knot: int) -> Tensor:
        here = slice(int(self.offsets[knot]), int(self.offsets[knot + 1]))
        dense = self.values.new_zeros(self.cross.numel())
        dense[self.columns[here]] = self.values[here]
        return dense


def lasso_path(
    gram: Tensor,
    cross: Tensor,
    *,
    weights: Tensor | None = None,
    min_penalty: float = 0.0,
    max_knots: int = MAX_KNOTS,
) -> LassoPath:
    r"""Return the exact solution path of one target (Efron et al. 2004).

    .. math:: b(\lambda) = \arg\min_b \tfrac12 b' G b - C' b + \lambda \sum_k w_k |b_k|

    Parameters
    ----------
    gram
        (P, P) X'X / n, float32 or float64.
    cross
        (P,) X'y / n.
    weights
        (P,), not negative; 0 leaves a coefficient unpenalised. All 1 by default.
    min_penalty
        Where to end.
    max_knots
        Number of knots after which to end.

    Returns
    -------
    LassoPath
        Knots and what lies between. Where collinear columns leave a choice, the path takes
        the column that comes first.
    """
    if cross.ndim != 1:
        raise ValueError(f"cross must be ({gram.shape[0]},), not {tuple(cross.shape)}.")
    by_target = None if weights is None else weights[:, None]
    return lasso_paths(
        gram, cross[:, None], weights=by_target, min_penalty=min_penalty, max_knots=max_knots
    )[0]


def lasso_paths(
    gram: Tensor,
    cross: Tensor,
    *,
    weights: Tensor | None = None,
    min_penalty: float = 0.0,
    max_knots: int = MAX_KNOTS,
) -> list[LassoPath]:
    """Return the exact solution paths of many targets, traced in parallel on the CPU.

    Parameters
    ----------
    gram
        (P, P)
    cross
        (P, K)
    weights
        (P,) for all targets or (P, K).
    min_penalty, max_knots
        Where to end, as in `lasso_path`.

    Returns
    -------
    list of LassoPath
        One a target.
    """
    check_problem(gram, cross)
    if weights is None:
        weights = torch.ones_like(cross)
    elif weights.ndim == 1:
        check_weights(weights, gram)
        weights = weights.to(gram)[:, None].expand_as(cross)
    check_penalty(weights, cross, name="weights")
    if not 0.0 <= min_penalty < float("inf"):
        raise ValueError(f"min_penalty must be finite and not negative, not {min_penalty}.")
    if max_knots < 1:
        raise ValueError(f"max_knots must be positive, not {max_knots}.")
    traced = _trace_targets(gram, cross, weights, min_penalty, max_knots)
    paths = []
    for target, (status, *knots) in enumerate(traced):
        if status != CONVERGED:
            raise ValueError(explain_failure(target, status))
        penalties, offsets, columns, values = (
            torch.from_numpy(array).to(gram.device) for array in knots
        )
        problem = gram, cross[:, target], weights[:, target]
        paths.append(LassoPath(penalties, offsets, columns, values, *problem))
    return paths


def _trace_targets(
    gram: Tensor, cross: Tensor, weights: Tensor, min_penalty: float, max_knots: int
) -> list[_Traced]:
    precision = precision_of(gram.dtype)
    shared, by_target, weights_by_target = to_array(gram), to_array(cross.T), to_array(weights.T)
    traced: dict[int, _Traced] = {}

    def work(start: int, stop: int) -> None:
        for target in range(start, stop):
            traced[target] = trace_path(
                shared,
                by_target[target],
                weights_by_target[target],
                float(min_penalty),
                max_knots,
                precision.dependence,
                precision.no_variance,
                precision.slack,
            )

    for_ranges(work, cross.shape[1], chunk=1)
    return [traced[target] for target in range(cross.shape[1])]

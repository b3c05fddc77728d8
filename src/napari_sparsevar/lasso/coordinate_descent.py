"""Coordinate descent on a small problem: finds which coefficients are not zero."""

from __future__ import annotations

from napari_sparsevar.lasso.compiled import compiled
from napari_sparsevar.lasso.types import Array


@compiled
def descend(
    gram: Array,
    penalty: Array,
    coefficients: Array,
    residual: Array,
    first: int,
    n_sweeps: int,
    tolerance: float,
) -> None:
    """Minimise over one coefficient after the other, in place.

    Updates ``residual`` = cross - gram @ coefficients along (covariance updates, Friedman et al.
    2010, Journal of Statistical Software 33:1).

    Parameters
    ----------
    gram
        (m, m)
    penalty, coefficients, residual
        (m,)
    first
        Coefficients before this one (the unpenalised block, solved exactly elsewhere) stay.
    n_sweeps
        Passes over all coefficients.
    tolerance
        A coefficient leaves zero only if its optimality condition is violated by more than this.
    """
    size = penalty.size
    for _ in range(n_sweeps):
        for k in range(first, size):
            old = coefficients[k]
            if old == 0.0 and abs(residual[k]) <= penalty[k] + tolerance:
                continue
            unpenalised = residual[k] + gram[k, k] * old
            if unpenalised > penalty[k]:
                new = (unpenalised - penalty[k]) / gram[k, k]
            elif unpenalised < -penalty[k]:
                new = (unpenalised + penalty[k]) / gram[k, k]
            else:
                new = 0.0
            change = new - old
            if change != 0.0:
                coefficients[k] = new
                row = gram[k]
                for m in range(size):
                    residual[m] -= change * row[m]

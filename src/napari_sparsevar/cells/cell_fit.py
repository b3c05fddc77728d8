"""Who drives whom among cells: the tables and matrices of a finished fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.evidence.edge_evidence import EdgeEvidence
from napari_sparsevar.analysis.evidence.inference import interval
from napari_sparsevar.analysis.evidence.stability import Stability
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.arguments import checked
from napari_sparsevar.cells.activity import CellActivity, Trials
from napari_sparsevar.cells.agreement import Agreement, agreement_of
from napari_sparsevar.cells.cells import BoolArray, Cells, Float32Array, FloatArray
from napari_sparsevar.cells.tables import cell_table, covariate_table, edges_of_cells
from napari_sparsevar.errors import UserError

MatrixKind = Literal["estimate", "coefficient", "score", "p_adjusted", "p_fdr", "stability"]
MATRIX_KINDS: tuple[MatrixKind, ...] = get_args(MatrixKind)

PAIR_COLUMNS = (
    *("lag", "coefficient", "estimate", "low", "high"),
    *("p_adjusted", "p_fdr", "stability"),
)


@dataclass(frozen=True, eq=False)
class CellFit:
    """A sparse VAR among cells, with what can be trusted of it.

    Attributes
    ----------
    cells : Cells
        The n cells as they came, with names, outlines and positions as far as known.
    activity : CellActivity
        Traces of the m cells that could be fitted.
    fitted_cells : ndarray of int, shape (m,)
        Which of the n they are.
    fitted : FittedVar
    evidence : EdgeEvidence
    stability : Stability
    trials : sequence of (start, stop), optional
        Frames that belong together; nothing is foretold across.
    fps : float, optional
        Frames per second.
    said : str
        What the traces are: ``raw fluorescence less 0.7 of the neuropil``.
    notes : tuple of str
        What a person should know, a sentence each.
    seed : int
    beside : CellFit, optional
        The same cells read in another way: see ``disagreements``.
    shares : ndarray, shape (c, m), optional
        Share of the variance of each fitted cell that each of c covariates tells: ``covariates``.
    """

    cells: Cells
    activity: CellActivity
    fitted_cells: npt.NDArray[np.intp]
    fitted: FittedVar
    evidence: EdgeEvidence
    stability: Stability
    trials: Trials | None = None
    fps: float | None = None
    said: str = ""
    notes: tuple[str, ...] = ()
    seed: int = 0
    beside: CellFit | None = None
    shares: FloatArray | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the n cells are called, as they came."""
        return tuple(self.cells.names)

    @property
    def lags(self) -> int:
        """How many past frames predict the next one."""
        return self.fitted.lags

    @property
    def good(self) -> BoolArray:
        """Frames that were used, (T,)."""
        return self.activity.good

    @property
    def series(self) -> Float32Array:
        """What was fitted, (T, n); NaN for cells and frames that were left out."""
        found = np.full((len(self.good), len(self.names)), np.nan, np.float32)
        found[:, self.fitted_cells] = self.activity.series
        found[~self.good] = np.nan
        return found

    @property
    def positions(self) -> FloatArray | None:
        """Y and x of each cell, (n, 2): micrometres, or pixels where their size is unknown."""
        centres = self.cells.centres
        return None if centres is None else centres * (self.cells.pixel_size_um or 1.0)

    @property
    def tested(self) -> bool:
        """Whether there are p-values."""
        return self.evidence.tested

    @cached_property
    def edges(self) -> pd.DataFrame:
        """Every edge, the surest first: see ``edges_of_cells`` for its columns."""
        return edges_of_cells(
            self.cells, self.fitted_cells, self.fitted, self.evidence, self.stability.edges
        )

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """Every cell, the surest driver first: see ``cell_table`` for its columns."""
        return cell_table(self.cells, self.fitted_cells, self.fitted, self.evidence, self.edges)

    @cached_property
    def covariates(self) -> pd.DataFrame:
        """Every covariate that was taken out, and how much it tells: see ``covariate_table``."""
        return covariate_table(self.activity, self.shares)

    @cached_property
    def agreement(self) -> Agreement:
        """On how many edges beyond chance this fit and the one beside it agree, and the others."""
        return agreement_of(self, self if self.beside is None else self.beside)

    @property
    def disagreements(self) -> pd.DataFrame:
        """Edges beyond chance by this fit or the one beside it, not by both: ``agreement_of``."""
        return self.agreement.disagreements

    @checked
    def trace(self, cell: str) -> Float32Array:
        """Return what was fitted of one cell, (T,); NaN where it or a frame was left out.

        Raises
        ------
        UserError
            If there is no such cell.
        """
        place = self._place(cell)
        found = np.full(len(self.good), np.nan, np.float32)
        if place is not None:
            found[self.good] = self.activity.series[self.good, place]
        return found

    @checked
    def pair(self, source: str, target: str) -> pd.DataFrame:
        """Return all that is known of one cell driving another.

        Parameters
        ----------
        source, target : str
            Names of two cells.

        Returns
        -------
        DataFrame
            A row a lag, with ``lag``, ``coefficient``, ``estimate``, ``low``, ``high``,
            ``p_adjusted``, ``p_fdr`` and ``stability`` as in ``edges``; NaN where a cell was left
            out, or both are one.

        Raises
        ------
        UserError
            If there is no such cell.
        """
        first, second = self._place(source), self._place(target)
        lags = np.arange(1, self.lags + 1)
        if first is None or second is None or self.activity.near[first, second]:
            return pd.DataFrame({"lag": lags}).reindex(columns=PAIR_COLUMNS)
        rows = (lags - 1) * len(self.fitted_cells) + first
        evidence = self.evidence
        low, high = interval(evidence.estimate[rows, second], evidence.standard_error[rows, second])
        by_lag = {
            "coefficient": self.fitted.coefficients[rows, second],
            "estimate": evidence.estimate[rows, second],
            "low": low,
            "high": high,
            "p_adjusted": evidence.edge_p[rows, second],
            "p_fdr": evidence.edge_fdr[rows, second],
            "stability": self.stability.edges[rows, second],
        }
        numbers = {name: values.double().numpy() for name, values in by_lag.items()}
        return pd.DataFrame({"lag": lags, **numbers})[list(PAIR_COLUMNS)]

    def _place(self, cell: str) -> int | None:
        """Return which of the fitted cells one is; None where it was left out."""
        if cell not in self._numbers:
            raise UserError(f"There is no cell {cell!r} in this fit; its names are in names.")
        found = np.flatnonzero(self.fitted_cells == self._numbers[cell])
        return int(found[0]) if len(found) else None

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    @checked
    def matrix(self, kind: MatrixKind = "estimate", lag: int | None = None) -> FloatArray:
        """Return one number a pair of cells, (n, n): rows drive columns.

        Parameters
        ----------
        kind : {"estimate", "coefficient", "score", "p_adjusted", "p_fdr", "stability"}
            ``estimate`` and ``coefficient`` are summed over lags; ``score``, how many standard
            deviations of chance an effect is, is that of the lag at which it is largest. They are
            0 where nothing is known: on the diagonal, between cells that are one, for a cell that
            was left out. p-values are the smallest over lags (``p_fdr`` times their number) and
            stability is the largest; NaN there.
        lag : int, optional
            Only this many frames later.

        Raises
        ------
        UserError
            If there is no such matrix or lag.
        """
        if lag is not None and not 1 <= lag <= self.lags:
            raise UserError(f"There is no lag {lag}; the fit has lags 1 to {self.lags}.")
        among = _among_fitted(self, kind, lag)
        effect = kind in ("estimate", "coefficient", "score")
        found = np.full((len(self.names),) * 2, 0.0 if effect else np.nan)
        found[np.ix_(self.fitted_cells, self.fitted_cells)] = among
        return np.asarray(np.nan_to_num(found)) if effect else found


def _among_fitted(fit: CellFit, kind: MatrixKind, lag: int | None) -> FloatArray:
    """Return a matrix of the fitted cells alone, (m, m)."""
    if kind == "coefficient":
        chosen = fit.fitted.distant if lag is None else (fit.fitted.distant[lag - 1],)
        return np.asarray(np.sum([lagged.toarray() for lagged in chosen], axis=0))
    evidence = fit.evidence
    values = {
        "estimate": evidence.estimate,
        "score": evidence.score,
        "p_adjusted": evidence.edge_p,
        "p_fdr": evidence.edge_fdr,
        "stability": fit.stability.edges,
    }[kind]
    size = len(fit.fitted_cells)
    by_lag = values.double().numpy().reshape(fit.lags, size, size)
    found = by_lag[lag - 1] if lag is not None else _over_lags(by_lag, kind)
    return np.asarray(np.where(fit.activity.near, np.nan, found))


def _over_lags(by_lag: FloatArray, kind: MatrixKind) -> FloatArray:
    """Return one matrix for those at each lag, (lags, m, m) to (m, m)."""
    match kind:
        case "estimate":
            return np.asarray(by_lag.sum(axis=0))
        case "score":
            largest = np.nan_to_num(np.abs(by_lag)).argmax(axis=0)
            return np.asarray(np.take_along_axis(by_lag, largest[None], axis=0)[0])
        case "stability":
            return np.asarray(by_lag.max(axis=0))
        case "p_fdr":
            return np.asarray(np.minimum(by_lag.min(axis=0) * len(by_lag), 1.0))
    return np.asarray(by_lag.min(axis=0))

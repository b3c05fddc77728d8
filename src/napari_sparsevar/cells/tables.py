"""Edges between cells, and cells, as tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.edge_evidence import EdgeEvidence
from napari_sparsevar.analysis.evidence.edges import edge_table
from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.fit.fitting import Edges, FittedVar
from napari_sparsevar.cells.activity import CellActivity
from napari_sparsevar.cells.cells import Cells, FloatArray

COVARIATE_COLUMNS = ("name", "unit", "kind", "share", "largest", "cell")

Numbers = npt.NDArray[np.intp]


def edges_of_cells(
    cells: Cells, chosen: Numbers, fitted: FittedVar, evidence: EdgeEvidence, stability: Tensor
) -> pd.DataFrame:
    """Return every edge, the surest first.

    Parameters
    ----------
    cells : Cells
    chosen : ndarray of int, shape (m,)
        Which of them were fitted.
    fitted : FittedVar
    evidence : EdgeEvidence
    stability : Tensor, shape (P, m)
        Of each coefficient: ``Stability.edges``.

    Returns
    -------
    DataFrame
        One row an edge: a coefficient that the lasso keeps, or an effect beyond chance.

        ================== ======================================================================
        Column             Meaning
        ================== ======================================================================
        source, target     Names of the two cells.
        lag                Frames from one to the other.
        coefficient        Standard deviations of the target's innovation for one of the source's
                           drive, shrunk by the lasso.
        estimate           The same, debiased.
        low, high          Its 95 % interval.
        p_adjusted         Family-wise, over all pairs and lags; NaN where nothing was tested.
        p_fdr              Adjusted for the false discovery rate instead.
        stability          Share of random halves of the recording in which it is selected.
        distance           Between the cells, in micrometres or, where the size of a pixel is not
                           known, pixels; NaN without positions.
        ================== ======================================================================
    """
    listed = _listed(fitted, evidence)
    where = torch.from_numpy(listed.lag * fitted.n_series + listed.source)
    target = torch.from_numpy(listed.target)
    names = np.asarray(cells.names)[chosen].tolist()
    table = edge_table(fitted, names, evidence, stability, listed)
    table.insert(
        table.columns.get_loc("p_adjusted") + 1,
        "p_fdr",
        evidence.edge_fdr[where, target].double().numpy(),
    )
    table["distance"] = _distances(cells, chosen, listed)
    surprise = evidence.score[where, target].abs().nan_to_num(-1.0).numpy()
    order = np.lexsort((-surprise, table["p_adjusted"].fillna(2.0)))
    return table.iloc[order].reset_index(drop=True)


def cell_table(
    cells: Cells, chosen: Numbers, fitted: FittedVar, evidence: EdgeEvidence, edges: pd.DataFrame
) -> pd.DataFrame:
    """Return every cell, the surest driver first.

    Parameters
    ----------
    cells : Cells
    chosen : ndarray of int, shape (m,)
        Which of them were fitted.
    fitted : FittedVar
    evidence : EdgeEvidence
    edges : DataFrame
        Of ``edges_of_cells``.

    Returns
    -------
    DataFrame
        One row a cell, also one that drives none or could not be fitted:

        =================== =====================================================================
        Column              Meaning
        =================== =====================================================================
        name                As it came.
        strength            Sum of its coefficients over targets and lags: above 0 where others
                            follow it up, below where they go down; NaN where it was left out.
        p_adjusted          Family-wise, over all cells, that it drives none; NaN where untested.
        stability           Share of halves in which its surest edge is selected.
        drives, driven_by   Number of edges beyond chance (p_adjusted <= 0.05) out and in.
        y, x                Where it lies, in pixels; NaN without positions.
        plane               Plane in depth, from 1.
        =================== =====================================================================
    """
    n, names = len(cells), list(cells.names)
    sure = edges[edges["p_adjusted"] <= LEVEL]
    strength = np.sum([lagged.sum(axis=1) for lagged in fitted.distant], axis=0)
    surest = edges.drop_duplicates("source").set_index("source")["stability"]
    centres = np.full((n, 2), np.nan) if cells.centres is None else cells.centres
    table = pd.DataFrame(
        {
            "name": names,
            "strength": _of_all(n, chosen, strength),
            "p_adjusted": _of_all(n, chosen, evidence.source_p.double().numpy()),
            "stability": surest.reindex(names).to_numpy(),
            "drives": _counted(sure["source"], names),
            "driven_by": _counted(sure["target"], names),
            "y": centres[:, 0],
            "x": centres[:, 1],
            "plane": np.ones(n, int) if cells.plane is None else cells.plane,
        }
    )
    sureness = _of_all(n, chosen, evidence.source_evidence.double().numpy())
    keys = (
        -table["strength"].abs().fillna(-1.0).to_numpy(),
        -np.nan_to_num(sureness, nan=-1.0),
        table["p_adjusted"].fillna(2.0).to_numpy(),
    )
    return table.iloc[np.lexsort(keys)].reset_index(drop=True)


def _listed(fitted: FittedVar, evidence: EdgeEvidence) -> Edges:
    """Return the edges worth a row: kept by the lasso, or beyond chance by either count."""
    beyond = (evidence.edge_p <= LEVEL) | (evidence.edge_fdr <= LEVEL)
    worth = (beyond | (fitted.coefficients != 0)) & (fitted.weights != 0)
    row, target = (where.numpy() for where in torch.nonzero(worth, as_tuple=True))
    lag, source = np.divmod(row, fitted.n_series)
    return Edges(lag, source, target, fitted.coefficients.numpy()[row, target])


def _distances(cells: Cells, chosen: Numbers, listed: Edges) -> FloatArray:
    if cells.centres is None:
        return np.full(len(listed.source), np.nan)
    placed = cells.centres[chosen] * (cells.pixel_size_um or 1.0)
    return np.asarray(np.hypot(*(placed[listed.source] - placed[listed.target]).T))


def _of_all(n: int, chosen: Numbers, values: FloatArray) -> FloatArray:
    """Return values of the fitted cells as those of all n, NaN for the others."""
    found = np.full(n, np.nan)
    found[chosen] = values
    return found


def _counted(ends: pd.Series, names: list[str]) -> npt.NDArray[np.int64]:
    return np.asarray(ends.value_counts().reindex(names, fill_value=0).to_numpy(), np.int64)


def covariate_table(activity: CellActivity, shares: FloatArray | None) -> pd.DataFrame:
    """Return a row a covariate; none where none were taken out.

    Columns are ``name``, ``unit``, ``kind`` (event or continuous), ``share`` (of the variance of a
    cell's activity that it tells and no other covariate does, mean over cells, less what chance
    would), ``largest`` and ``cell`` (of the cell of which it tells most).

    Parameters
    ----------
    activity : CellActivity
        Of the m fitted cells.
    shares : ndarray, shape (c, m), optional
    """
    if activity.covariates is None or shares is None:
        return pd.DataFrame(columns=list(COVARIATE_COLUMNS))
    found = activity.covariates
    columns = (
        found.names,
        found.units,
        found.kinds,
        shares.mean(axis=1),
        shares.max(axis=1),
        [activity.names[cell] for cell in shares.argmax(axis=1)],
    )
    return pd.DataFrame(dict(zip(COVARIATE_COLUMNS, columns, strict=True)))

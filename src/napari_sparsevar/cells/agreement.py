"""Where two fits of the same cells disagree: two witnesses of who drives whom."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from napari_sparsevar.analysis.evidence.level import LEVEL

Ends = list[tuple[str, str, int]]

COLUMNS = [
    "source",
    "target",
    "lag",
    "estimate",
    "p_adjusted",
    "estimate_beside",
    "p_adjusted_beside",
    "disagreement",
]


class Witness(Protocol):
    """What is asked of a ``CellFit``."""

    @property
    def names(self) -> tuple[str, ...]:
        """Of all cells."""
        ...

    @property
    def edges(self) -> pd.DataFrame:
        """The edges that are kept or beyond chance."""
        ...

    def matrix(
        self, kind: Literal["estimate", "p_adjusted"] = "estimate", lag: int | None = None
    ) -> npt.NDArray[np.float64]:
        """Return one number a pair of cells."""
        ...


class Agreement(NamedTuple):
    """Edges beyond chance by either of two fits.

    Attributes
    ----------
    both : int
        How many are beyond chance in both, with the same sign.
    disagreements : DataFrame
        The others: see ``agreement_of``.
    """

    both: int
    disagreements: pd.DataFrame


def agreement_of(fit: Witness, beside: Witness) -> Agreement:
    """Compare the edges that are beyond chance in two fits of the same cells.

    Returns
    -------
    Agreement
        Its table has one row an edge, the surest first:

        ================== ======================================================================
        Column             Meaning
        ================== ======================================================================
        source, target     Names of the two cells.
        lag                Frames from one to the other.
        estimate           Debiased effect by the first fit.
        p_adjusted         Its family-wise p-value; NaN where it could not be tested.
        estimate_beside,   The same by the other.
        p_adjusted_beside
        disagreement       ``not beside``: beyond chance (p <= 0.05) by the first alone,
                           ``only beside``: by the other alone, ``sign``: by both, one up, one down.
        ================== ======================================================================
    """
    ends = list(dict.fromkeys([*_sure(fit), *_sure(beside)]))
    here, there = _known(fit, ends), _known(beside, ends)
    in_one, in_other = here["p_adjusted"] <= LEVEL, there["p_adjusted"] <= LEVEL
    opposed = here["estimate"] * there["estimate"] < 0
    agreed = in_one & in_other & ~opposed
    said = np.where(~in_other, "not beside", np.where(~in_one, "only beside", "sign"))
    table = pd.DataFrame(ends, columns=COLUMNS[:3])
    table[COLUMNS[3:5]] = here
    table[COLUMNS[5:7]] = there
    table["disagreement"] = said
    return Agreement(int(agreed.sum()), table[~agreed].reset_index(drop=True))


def _sure(fit: Witness) -> Ends:
    edges = fit.edges[fit.edges["p_adjusted"] <= LEVEL]
    return list(zip(edges["source"], edges["target"], edges["lag"], strict=True))


def _known(fit: Witness, ends: Ends) -> pd.DataFrame:
    """Return estimate and p-value of edges, also of those that are not in its table."""
    number = {name: index for index, name in enumerate(fit.names)}
    source = np.array([number[end[0]] for end in ends], np.intp)
    target = np.array([number[end[1]] for end in ends], np.intp)
    lags = np.array([end[2] for end in ends], np.intp)
    found = pd.DataFrame(np.nan, index=range(len(ends)), columns=["estimate", "p_adjusted"])
    for lag in np.unique(lags):
        at = lags == lag
        for kind in ("estimate", "p_adjusted"):
            found.loc[at, kind] = fit.matrix(kind, int(lag))[source[at], target[at]]
    return found

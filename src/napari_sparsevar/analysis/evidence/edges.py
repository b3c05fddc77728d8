"""The edges of the sparse VAR between different places, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import interval
from napari_sparsevar.analysis.fit.fitting import Edges, FittedVar


class TestedEdges(Protocol):
    """What tests say of all pairs, (P, n) each."""

    @property
    def estimate(self) -> Tensor:
        """Debiased effects."""
        ...

    @property
    def standard_error(self) -> Tensor:
        """Their standard errors."""
        ...

    @property
    def edge_p(self) -> Tensor:
        """Family-wise adjusted p-values."""
        ...


def edge_table(
    fitted: FittedVar,
    names: Sequence[int] | Sequence[str],
    found: TestedEdges,
    stability: Tensor,
    listed: Edges | None = None,
) -> pd.DataFrame:
    """Return edges between different places, by default in the order of lag, source and target.

    Parameters
    ----------
    fitted : FittedVar
    names : sequence of int or of str
        ``Activity.names``.
    found : TestedEdges
    stability : Tensor, shape (P, n)
        Share of random halves of the recording in which each coefficient is selected.
    listed : Edges, optional
        By default all coefficients between different places that are not zero.

    Returns
    -------
    DataFrame
        One row an edge:

        ================== ======================================================================
        Column             Meaning
        ================== ======================================================================
        source, target     Names of the two ends.
        lag                Frames from one to the other.
        coefficient        Standard deviations of the target's innovation for one of the source's
                           drive, shrunk by the lasso.
        estimate           The coefficient debiased, of all that lies near the source.
        low, high          Its 95 % interval.
        p_adjusted         Family-wise, over all pairs.
        stability          Share of random halves of the recording in which it is selected.
        ================== ======================================================================
    """
    lag, source, target, coefficient = listed or fitted.distant_edges()
    where = torch.from_numpy(lag * fitted.n_series + source), torch.from_numpy(target)
    estimate = found.estimate[where]
    low, high = interval(estimate, found.standard_error[where])
    tested = {
        "estimate": estimate,
        "low": low,
        "high": high,
        "p_adjusted": found.edge_p[where],
        "stability": stability[where],
    }
    called = np.asarray(names)
    return pd.DataFrame(
        {
            "source": called[source],
            "target": called[target],
            "lag": lag + 1,
            "coefficient": coefficient,
            **{name: values.double().numpy() for name, values in tested.items()},
        }
    )

"""The edges of the sparse VAR between different places, as a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from napari_sparsevar.analysis.evidence.inference import interval
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.fit.fitting import FittedVar
from napari_sparsevar.analysis.maps.projection import Projection

COLUMNS = [
    "source",
    "target",
    "lag",
    "coefficient",
    "effect",
    "estimate",
    "low",
    "high",
    "p_adjusted",
    "stability",
    "source_y",
    "source_x",
    "target_y",
    "target_x",
]


def edge_table(
    fitted: FittedVar,
    projection: Projection,
    found: Significance,
    stability: Tensor,
) -> pd.DataFrame:
    """Return every edge between different places, strongest effect first.

    Columns: ``source`` and ``target`` (latents), ``lag`` (frames), ``coefficient`` (standard
    deviations of the target's innovation for one of the source's drive, shrunk by the lasso),
    ``effect`` (how much one standard deviation of the source moves the predicted frame, in noise
    scales of a pixel), ``estimate`` (the coefficient debiased, of the source's whole cell) with its
    95 % interval ``low`` to ``high``, ``p_adjusted`` (family-wise, over all pairs), ``stability``
    (share of random halves of the movie in which it is selected), and the positions in pixels.
    """
    lag, source, target, coefficient = fitted.distant_edges()
    effect = coefficient * projection.amplitude[target]
    centres = projection.grid.centres()
    table = pd.DataFrame(
        {
            "source": source,
            "target": target,
            "lag": lag + 1,
            "coefficient": coefficient,
            "effect": effect,
            **_tested_columns(lag * fitted.n_latents + source, target, found, stability),
            "source_y": centres[source, 0],
            "source_x": centres[source, 1],
            "target_y": centres[target, 0],
            "target_x": centres[target, 1],
        },
        columns=COLUMNS,
    )
    order = np.argsort(-np.abs(effect), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _tested_columns(
    row: npt.NDArray[np.intp],
    target: npt.NDArray[np.intp],
    found: Significance,
    stability: Tensor,
) -> dict[str, npt.NDArray[np.float64]]:
    """Look up what the tests say about coefficients at these rows and targets."""
    where = torch.from_numpy(row), torch.from_numpy(target)
    estimate = found.estimate[where]
    low, high = interval(estimate, found.standard_error[where])
    columns = {
        "estimate": estimate,
        "low": low,
        "high": high,
        "p_adjusted": found.edge_p[where],
        "stability": stability[where],
    }
    return {name: values.double().numpy() for name, values in columns.items()}

"""The edges of the sparse VAR between different places, as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from napari_sparsevar.analysis.contribution import amplitude
from napari_sparsevar.analysis.fitting import FittedVar
from napari_sparsevar.model.grid import LatentGrid

COLUMNS = [
    "source",
    "target",
    "lag",
    "coefficient",
    "effect",
    "source_y",
    "source_x",
    "target_y",
    "target_x",
]


def edge_table(fitted: FittedVar, footprints: sparse.csr_array, grid: LatentGrid) -> pd.DataFrame:
    """Return every edge between different places, strongest effect first.

    Columns: ``source`` and ``target`` (latents), ``lag`` (frames), ``coefficient`` (standard
    deviations of the target's innovation for one of the source's drive), ``effect`` (how much one
    standard deviation of the source moves the predicted frame, in noise scales of a pixel), and the
    positions in pixels.
    """
    distant = fitted.distant()
    lag, source, target = np.nonzero(distant)
    coefficient = distant[lag, source, target]
    effect = coefficient * amplitude(fitted, footprints)[target]
    centres = grid.centres()
    table = pd.DataFrame(
        {
            "source": source,
            "target": target,
            "lag": lag + 1,
            "coefficient": coefficient,
            "effect": effect,
            "source_y": centres[source, 0],
            "source_x": centres[source, 1],
            "target_y": centres[target, 0],
            "target_x": centres[target, 1],
        },
        columns=COLUMNS,
    )
    order = np.argsort(-np.abs(effect), kind="stable")
    return table.iloc[order].reset_index(drop=True)

"""The edges of a movie's VAR in its field of view: where they lie and what they do to the frame."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from napari_sparsevar.analysis.evidence.edges import edge_table
from napari_sparsevar.analysis.evidence.significance import Significance
from napari_sparsevar.analysis.fit.fitting import Edges, FittedVar
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
"""Of ``placed_edges``."""


def placed_edges(
    fitted: FittedVar, projection: Projection, found: Significance, stability: Tensor
) -> pd.DataFrame:
    """Return every edge between different places, strongest effect first.

    Returns
    -------
    DataFrame
        The columns of ``edge_table``, source and target being latents (``p_adjusted`` may be told
        by cells that were found there, of which estimate and interval say nothing), and

        ================== ======================================================================
        Column             Meaning
        ================== ======================================================================
        effect             How much one standard deviation of the source moves the predicted
                           frame, in noise scales of a pixel.
        source_y, source_x Centre of the source in pixels.
        target_y, target_x Centre of the target in pixels.
        ================== ======================================================================
    """
    tested = edge_table(fitted, range(fitted.n_series), found, stability)
    table = tested.assign(**_placed(fitted.distant_edges(), projection))[COLUMNS]
    return table.iloc[_strongest_first(table["effect"])].reset_index(drop=True)


def strongest_edges(fitted: FittedVar, projection: Projection, most: int) -> pd.DataFrame:
    """Return the edges with the largest effects on the frame, without listing all of them.

    The columns are those of ``placed_edges`` that need no test: ``source``, ``target``, ``lag``,
    ``effect`` and the positions.
    """
    edges = fitted.distant_edges()
    effect = np.abs(edges.coefficient * projection.amplitude[edges.target])
    if len(effect) > most:  # only those are put in order that may be listed
        listed = np.flatnonzero(effect >= np.partition(effect, -most)[-most])
        edges, effect = edges.take(listed), effect[listed]
    chosen = _strongest_first(effect)[:most]
    edges = edges.take(chosen)
    known = {"source": edges.source, "target": edges.target, "lag": edges.lag + 1}
    return pd.DataFrame({**known, **_placed(edges, projection)})


def _strongest_first(effect: npt.ArrayLike) -> npt.NDArray[np.intp]:
    return np.argsort(-np.abs(np.asarray(effect)), kind="stable")


def _placed(edges: Edges, projection: Projection) -> dict[str, npt.NDArray[np.float64]]:
    """Return effects and positions of both ends."""
    centres = projection.grid.centres()
    return {
        "effect": edges.coefficient * projection.amplitude[edges.target],
        "source_y": centres[edges.source, 0],
        "source_x": centres[edges.source, 1],
        "target_y": centres[edges.target, 0],
        "target_x": centres[edges.target, 1],
    }

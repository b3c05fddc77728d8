"""The list of the cells that drive others."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from napari_sparsevar.analysis.evidence.level import LEVEL
from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.figures.panels.ranking import draw_ranking
from napari_sparsevar.figures.style import shortened

NOBODY = "no cell drives others\nbeyond chance"


def draw_cell_list(axes: Axes, listed: pd.DataFrame, *, numbered: bool = False) -> None:
    """Draw how strongly cells drive others, whom, and how sure that is.

    Parameters
    ----------
    axes : Axes
    listed : DataFrame
        From ``listed_drivers``.
    numbered : bool
        Whether their numbers stand on a map.
    """
    names = [shortened(str(name)) for name in listed["name"]]
    if numbered:
        names = [f"{number}  {name}" for number, name in enumerate(names, start=1)]
    draw_ranking(
        axes,
        names,
        listed["strength"].fillna(0.0).to_numpy(float),
        {
            "drives": [str(number) for number in listed["drives"]],
            "p": [p_value_text(value) for value in listed["p_adjusted"]],
        },
        "strength",
        faint=list(~(listed["p_adjusted"] <= LEVEL)),
        empty=NOBODY,
    )


def cell_list_words(listed: pd.DataFrame) -> str:
    """Return what the list shows."""
    if listed.empty:
        return "No cell drives another among the pairs that are shown."
    return (
        "The surest drivers. Strength: sum of the coefficients over targets and lags; drives: "
        f"edges with p <= {LEVEL:g}; p: that it drives nobody, adjusted for all cells, pale above "
        f"{LEVEL:g}."
    )

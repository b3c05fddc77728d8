"""Whether all cells take part in the same bursts, which looks as if they drove each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_sparsevar.analysis.bursts import burst_share
from napari_sparsevar.analysis.evidence.words import percent_text
from napari_sparsevar.cells.activity import CellActivity

MANY_TIMES = 2.0
"""How much more the busiest frames hold than if cells were active each by itself: then it is told.

In simulations cells that drive each other stay below 1.4; where half of 24 cells burst together it
is 1.6 to 4.5, in networks of 100 spiking cells that burst 5 to 8.
"""


def burst_notes(activity: CellActivity, seed: int = 0) -> tuple[str, ...]:
    """Return a sentence if most cells are active in the same moments, else nothing.

    The share of the busiest frames (``burst_share``) is held against that of the same series, each
    shifted in time by itself: of few cells, or cells that are seldom active, it is large without
    any bursts.

    Parameters
    ----------
    activity : CellActivity
        What is fitted.
    seed : int
        Of the shifts.
    """
    share, alone = burst_share(activity), burst_share(_each_by_itself(activity, seed))
    if share < MANY_TIMES * alone:
        return ()
    return (
        f"Bursts: the busiest 1 % of the frames hold {percent_text(share)} of the activity, "
        f"{percent_text(alone)} if cells were active each by itself. What all take part in looks "
        "like influence: leave these frames out (good, --bad-frames) and see what stays.",
    )


def _each_by_itself(activity: CellActivity, seed: int) -> CellActivity:
    rng = np.random.default_rng(seed)
    good = np.flatnonzero(activity.good)
    shifted = activity.series.copy()
    for cell, by in enumerate(rng.integers(0, max(len(good), 1), len(activity.names)).tolist()):
        shifted[good, cell] = np.roll(shifted[good, cell], by)
    return replace(activity, series=shifted)

"""The panel of activity over time, one row a place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from napari_sparsevar.figures.colours import INK, PALETTE

FloatArray = npt.NDArray[np.float64]

MOST_POINTS = 1500
"""Points of a line; of more frames means are drawn."""

ROW_MM, AROUND_ROWS_MM = 6.0, 16.0

APART = 4.5
"""Standard deviations between the zero lines of two rows."""
_BAR = 5.0
"""Length of the bar beside the rows, in standard deviations."""
_FRAMES_AT_ONCE = 4096


def traces_height_mm(n_rows: int) -> float:
    """Return how high the traces of so many places are printed."""
    return AROUND_ROWS_MM + ROW_MM * max(n_rows, 2)


def draw_traces(
    axes: Axes,
    activity: FloatArray,
    names: Sequence[str],
    fps: float | None,
    *,
    colours: Sequence[str] | None = None,
    first_frame: int = 0,
    apart: float = APART,
) -> None:
    """Draw activity (n, T) in standard deviations, the first place on top.

    Parameters
    ----------
    axes : Axes
    activity : ndarray, shape (n, T)
        NaN in frames that were not used.
    names : sequence of str
    fps : float or None
        Frames per second; frames are counted where it is not known.
    colours : sequence of str, optional
        One a row.
    first_frame : int
        Number of the first frame.
    apart : float
        Standard deviations between the zero lines of two rows.
    """
    per_unit = fps or 1.0
    levels = -apart * np.arange(len(names))
    for number, (level, trace) in enumerate(zip(levels, activity, strict=True)):
        frames, values = binned(trace, MOST_POINTS)
        colour = colours[number] if colours else PALETTE[0]
        axes.plot((frames + first_frame) / per_unit, values + level, color=colour, linewidth=0.5)
    axes.set_yticks(levels, list(names))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(first_frame / per_unit, (first_frame + activity.shape[1]) / per_unit)
    axes.set_xlabel("time (s)" if fps else "frame")
    _deviation_bar(axes, float(levels[0]))


def _deviation_bar(axes: Axes, level: float) -> None:
    """Draw how high some standard deviations are, right of the first row."""
    place = axes.get_yaxis_transform()
    axes.plot(
        [1.01, 1.01],
        [level, level + _BAR],
        transform=place,
        color=INK,
        linewidth=1,
        solid_capstyle="butt",
        clip_on=False,
    )
    axes.annotate(
        f"{_BAR:g} s.d.",
        (1.01, level + _BAR / 2),
        xycoords=place,
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
    )


def mean_activity(
    latents: npt.NDArray[np.float32], good: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the mean over latents of their absolute deviation from their mean, (T,).

    Every latent counts in units of its own standard deviation, so the value is about 0.8 for noise.

    Parameters
    ----------
    latents : ndarray, shape (T, p)
        May be mapped from disk; a part is read at a time.
    good : ndarray of bool, shape (T,)
        Frames that were used; the others are NaN.
    """
    parts = [
        slice(start, start + _FRAMES_AT_ONCE) for start in range(0, len(latents), _FRAMES_AT_ONCE)
    ]
    used = max(1, int(good.sum()))
    mean = sum(latents[part][good[part]].sum(axis=0, dtype=float) for part in parts) / used
    square = sum(((latents[part][good[part]] - mean) ** 2).sum(axis=0) for part in parts) / used
    scale = np.sqrt(np.maximum(square, np.finfo(float).tiny))
    activity = [(np.abs(latents[part] - mean) / scale).mean(axis=1) for part in parts]
    return np.where(good, np.concatenate(activity), np.nan)


def frames_each(n_frames: int, longest: int) -> int:
    """Return how many frames each of at most ``longest`` points stands for."""
    return -(-n_frames // longest)


def binned(values: FloatArray, longest: int) -> tuple[FloatArray, FloatArray]:
    """Return centres (in frames) and means of equal bins, at most ``longest``; NaN are left out."""
    size = frames_each(len(values), longest)
    edges = np.arange(0, len(values), size)
    centres = edges + (np.diff([*edges, len(values)]) - 1) / 2
    known = np.isfinite(values)
    counts = np.add.reduceat(known.astype(float), edges)
    sums = np.add.reduceat(np.where(known, values, 0.0), edges)
    return centres, np.divide(sums, counts, out=np.full(len(edges), np.nan), where=counts > 0)

"""The panel of all cells over time, a row each, as an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from napari_sparsevar.cells.cells import Float32Array
from napari_sparsevar.figures.panels.map import number_text
from napari_sparsevar.figures.panels.traces import binned, frames_each
from napari_sparsevar.figures.style import shortened

RASTER = "raster"

MOST_ROWS, MOST_COLUMNS = 600, 1200
_MOST_NAMES = 24
_LOWEST, _HIGHEST = 1.0, 99.5
"""Percentiles of the first and the last grey."""


def draw_raster(
    axes: Axes, activity: Float32Array, names: Sequence[str], fps: float | None, first_frame: int
) -> None:
    """Draw activity (n, T) in standard deviations, dark where it is high; NaN is white.

    Parameters
    ----------
    axes : Axes
    activity : ndarray, shape (n, T)
    names : sequence of str
        Written where there are few.
    fps : float or None
    first_frame : int
        Number of the first frame.
    """
    n, n_frames = activity.shape
    means = np.stack([binned(one.astype(float), MOST_COLUMNS)[1] for one in activity])
    rows = np.stack([binned(column, MOST_ROWS)[1] for column in means.T], axis=1)
    low, high = np.nanpercentile(rows, [_LOWEST, _HIGHEST])
    unit = fps or 1.0
    image = axes.imshow(
        rows,
        cmap="Greys",
        vmin=float(low),
        vmax=float(max(high, low + 1e-9)),
        extent=(first_frame / unit, (first_frame + n_frames) / unit, n - 0.5, -0.5),
        aspect="auto",
        interpolation="none",
        gid=RASTER,
    )
    axes.spines[:].set_visible(True)
    axes.set_xlabel("time (s)" if fps else "frame")
    if n <= _MOST_NAMES:
        axes.set_yticks(np.arange(n), [shortened(name, 12) for name in names])
        axes.tick_params(axis="y", length=0)
    else:
        axes.set_yticks([])
        axes.set_ylabel(f"{n:,} cells")
    figure = axes.get_figure(root=False)
    assert figure is not None
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=14, pad=0.02)
    bar.set_label("activity (s.d.)")
    bar.outline.set_linewidth(0.6)
    bar.set_ticks(list(image.get_clim()), labels=[number_text(one) for one in image.get_clim()])


def raster_words(n: int, n_frames: int) -> str:
    """Return what the image shows."""
    rows, columns = -(-n // MOST_ROWS), frames_each(n_frames, MOST_COLUMNS)
    means = [
        f"{size:,} {what}" for size, what in ((rows, "cells"), (columns, "frames")) if size > 1
    ]
    mean = f" Every point is the mean of {' x '.join(means)}." if means else ""
    return (
        "What was fitted of every cell, in standard deviations about its mean, dark where it is "
        f"high; white where it was not used.{mean}"
    )

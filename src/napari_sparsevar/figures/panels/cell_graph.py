"""The panel of cells where they lie, or in a circle, with arrows from who drives to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.figures.cell_listing import FloatArray, Numbers
from napari_sparsevar.figures.colours import DIVERGING, GREY, INK, LIGHT_GREY
from napari_sparsevar.figures.panels.map import draw_arrow, number_text
from napari_sparsevar.figures.panels.numbering import draw_numbers
from napari_sparsevar.figures.panels.scale_bar import scale_bar
from napari_sparsevar.figures.style import shortened

ARROW, CELLS = "arrow", "cells"
"""Names of what is drawn in a figure and in an SVG."""

MOST_ARROWS = 200
"""The strongest; of more none can be followed."""

MOST_AROUND = 48
"""Names that fit around a circle."""

UP, DOWN = (mpl.colors.to_hex(mpl.colormaps[DIVERGING](place)) for place in (0.88, 0.12))

_MARGIN = 0.06
_THINNEST, _WIDEST, _ROOMY = 0.5, 2.2, 40
"""Points, and how many arrows have room at full width."""


@dataclass(frozen=True)
class Layout:
    """Where cells stand in a drawing.

    Attributes
    ----------
    places : ndarray, shape (n, 2)
        x and y in pixels of the field, or in a circle of radius 1; NaN where not known.
    size : tuple of float
        Width and height of the field, which begins at -0.5.
    circle : bool
    """

    places: FloatArray
    size: tuple[float, float]
    circle: bool


def layout_of(fit: CellFit, order: Numbers) -> Layout:
    """Return where cells stand: at their positions, without any in a circle in this order."""
    centres = fit.cells.centres
    if centres is None or not np.isfinite(centres).all(axis=1).any():
        angles = np.empty(len(order))
        angles[order] = np.pi / 2 - 2 * np.pi * np.arange(len(order)) / len(order)
        return Layout(np.stack([np.cos(angles), np.sin(angles)], axis=1), (2.0, 2.0), True)
    if fit.cells.shape is not None:
        height, width = fit.cells.shape
        return Layout(centres[:, ::-1], (float(width), float(height)), False)
    low, high = np.nanmin(centres, axis=0), np.nanmax(centres, axis=0)
    margin = _MARGIN * max(float((high - low).max()), 1.0)
    height, width = high - low + 2 * margin
    return Layout((centres - low + margin - 0.5)[:, ::-1], (float(width), float(height)), False)


@dataclass(frozen=True)
class Arrows:
    """Arrows of a graph, the weakest first, so that the strongest lie on top.

    Attributes
    ----------
    source, target : ndarray of int, shape (k,)
    value : ndarray, shape (k,)
    passes : ndarray of bool, shape (k,)
        Which are beyond the level; the others are thin and pale.
    """

    source: Numbers
    target: Numbers
    value: FloatArray
    passes: npt.NDArray[np.bool_]

    @property
    def top(self) -> float:
        """The largest value, either sign; 1 where there is none."""
        return float(np.abs(self.value).max(initial=0.0)) or 1.0


def arrows_of(
    values: FloatArray, passing: npt.NDArray[np.bool_], others: npt.NDArray[np.bool_]
) -> Arrows:
    """Return the strongest pairs that pass and, where they are asked for, of the others."""
    pale, strong = (_strongest(values, which) for which in (others & ~passing, passing))
    source, target = np.concatenate([pale, strong], axis=1)
    passes = np.arange(len(source)) >= pale.shape[1]
    return Arrows(source, target, values[source, target], passes)


def _strongest(values: FloatArray, which: npt.NDArray[np.bool_]) -> Numbers:
    """Return source and target of the largest values, the largest last, (2, k)."""
    pairs = np.stack(np.nonzero(which))
    order = np.argsort(np.abs(values[pairs[0], pairs[1]]), kind="stable")
    return pairs[:, order[-MOST_ARROWS:]]


def draw_graph(
    axes: Axes,
    fit: CellFit,
    layout: Layout,
    arrows: Arrows,
    listed: pd.DataFrame,
    order: Numbers,
    points_per_unit: float,
) -> None:
    """Draw cells and arrows; numbers of the listed drivers, or names around a circle.

    Parameters
    ----------
    axes : Axes
    fit : CellFit
    layout : Layout
    arrows : Arrows
    listed : DataFrame
        From ``listed_drivers``.
    order : ndarray of int, shape (n,)
        Around the circle.
    points_per_unit : float
        How large a unit of the layout is in print.
    """
    _frame(axes, fit, layout)
    radius = _radius(layout, points_per_unit)
    for number, (source, target, value, passes) in enumerate(
        zip(arrows.source, arrows.target, arrows.value, arrows.passes, strict=True), start=1
    ):
        if not np.isfinite(layout.places[[source, target]]).all():
            continue
        draw_arrow(
            axes,
            tuple(layout.places[source]),
            tuple(layout.places[target]),
            name=f"{ARROW}-{number}",
            colour=UP if value > 0 else DOWN,
            shrink=radius + 0.5,
            shrink_end=radius + 0.5,
            width=_width(value, arrows),
            faint=not passes,
        )
    _draw_cells(axes, fit, layout, arrows, radius)
    if layout.circle and len(order) <= MOST_AROUND:
        _name_around(axes, fit.names, layout, order, radius)
    else:
        _number_drivers(axes, layout, listed, radius, points_per_unit)
    _legend(axes, arrows)


def _frame(axes: Axes, fit: CellFit, layout: Layout) -> None:
    axes.set_aspect("equal")
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    width, height = layout.size
    if layout.circle:
        # Room for names all around.
        reach = 1.45 if len(layout.places) <= MOST_AROUND else 1.12
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        axes.spines[:].set_visible(False)
        return
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.spines[:].set_visible(True)
    if fit.cells.pixel_size_um:
        scale_bar(axes, (height, width), fit.cells.pixel_size_um)


def _radius(layout: Layout, points_per_unit: float) -> float:
    """Return how large a cell is drawn, in points."""
    n = max(len(layout.places), 1)
    apart = 2 * np.pi / n if layout.circle else np.sqrt(layout.size[0] * layout.size[1] / n)
    return float(np.clip(0.2 * apart * points_per_unit, 0.8, 3.0))


def _width(value: float, arrows: Arrows) -> float:
    """Return how wide an arrow is, in points: where there are many, all are thinner."""
    crowd = max(1.0, np.count_nonzero(arrows.passes) / _ROOMY)
    widest = max(_WIDEST / np.sqrt(crowd), _THINNEST + 0.4)
    return float(_THINNEST + (widest - _THINNEST) * abs(value) / arrows.top)


def _draw_cells(axes: Axes, fit: CellFit, layout: Layout, arrows: Arrows, radius: float) -> None:
    linked = np.zeros(len(fit.names), bool)
    linked[arrows.source[arrows.passes]] = linked[arrows.target[arrows.passes]] = True
    axes.scatter(
        layout.places[:, 0],
        layout.places[:, 1],
        s=(2 * radius) ** 2,
        c=[INK if one else LIGHT_GREY for one in linked],
        linewidths=0,
        zorder=3,
        gid=CELLS,
    )


def _name_around(
    axes: Axes, names: Sequence[str], layout: Layout, order: Numbers, radius: float
) -> None:
    for cell in order:
        x, y = layout.places[cell]
        angle = float(np.degrees(np.arctan2(y, x)))
        left = x < -1e-9
        axes.annotate(
            shortened(names[cell], 12),
            (x, y),
            xytext=((radius + 3) * x, (radius + 3) * y),
            textcoords="offset points",
            rotation=angle + 180 if left else angle,
            rotation_mode="anchor",
            ha="right" if left else "left",
            va="center",
            fontsize=6,
        )


def _number_drivers(
    axes: Axes, layout: Layout, listed: pd.DataFrame, radius: float, points_per_unit: float
) -> None:
    places = layout.places[listed["cell"].to_numpy(int)]
    area = np.pi * (radius / points_per_unit) ** 2
    table = pd.DataFrame(
        {
            "number": np.arange(1, len(listed) + 1),
            "x": places[:, 0],
            "y": places[:, 1],
            "area_px": area,
        }
    )
    if layout.circle:
        # Outside of the circle, as names are.
        for row in table.itertuples():
            axes.annotate(
                str(row.number),
                (row.x, row.y),
                xytext=(6 * row.x, 6 * row.y),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=6,
            )
        return
    draw_numbers(axes, table[np.isfinite(places).all(axis=1)], points_per_unit)


def _legend(axes: Axes, arrows: Arrows) -> None:
    """Draw what colours and widths are, below the panel."""
    if not len(arrows.value):
        words = "no pair is beyond chance"
        axes.text(1, -0.03, words, transform=axes.transAxes, ha="right", va="top", color=GREY)
        return
    half = arrows.top / 2
    handles = [
        Line2D([], [], color=colour, linewidth=_width(value, arrows))
        for colour, value in ((UP, half), (UP, arrows.top), (DOWN, half), (DOWN, arrows.top))
    ]
    names = [f"+{number_text(half)}", f"+{number_text(arrows.top)}"]
    names += [number_text(-half), number_text(-arrows.top)]
    axes.legend(
        handles,
        names,
        loc="upper right",
        bbox_to_anchor=(1, -0.02),
        ncols=4,
        frameon=False,
        handlelength=1.4,
        columnspacing=1.0,
        borderpad=0,
        borderaxespad=0,
    )

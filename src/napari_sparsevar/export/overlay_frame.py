"""One picture of the overlay: grey frame, map, drivers, and a strip with scale bar and time."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy import ndimage

from napari_sparsevar.export.material import Material
from napari_sparsevar.figures.colours import CONTRIBUTION
from napari_sparsevar.figures.panels.colour_maps import colour_map
from napari_sparsevar.figures.panels.field import contribution_limits
from napari_sparsevar.figures.panels.scale_bar import LONGEST_SHARE, round_length
from napari_sparsevar.readers.movies import contrast_limits
from napari_sparsevar.readers.runs import driver_colours
from napari_sparsevar.run.run import Run

Pixels = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]

LEAST_PIXELS = 512
"""The longer side of a small field of view is enlarged to about this, by a whole number."""

_STRIP_PIXELS = 36
_DPI = 100.0


class OverlayPainter:
    """Paints frames of one run.

    Parameters
    ----------
    material : Material
        With its movie.
    contribution, drivers : bool
        Whether they are drawn.
    """

    def __init__(self, material: Material, *, contribution: bool, drivers: bool) -> None:
        run, movie = material.run, material.needed_movie("A movie of the overlay")
        height, width = run.results.contribution.shape
        self._zoom = max(1, round(LEAST_PIXELS / max(height, width)))
        self._low, self._high = contrast_limits(movie)
        self._map = _coloured(run) if contribution else None
        # An even number of pixels each way: the codecs hold colours at half the resolution.
        self._inner = height * self._zoom, width * self._zoom
        self.size = _even(self._inner[0] + _STRIP_PIXELS), _even(self._inner[1])
        self._strip = _Strip(self.size[1], width, self._zoom, run.pixel_size_um, run.fps)
        self._lines = _outlines(material, self._zoom) if drivers else None

    def paint(self, index: int, raw: Float32Array) -> Pixels:
        """Return a picture (Y, X, 3) of a frame (Y, X) in grey values."""
        grey = (np.nan_to_num(raw, nan=self._low) - self._low) / (self._high - self._low)
        colours = np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2)
        if self._map is not None:
            cover = self._map[..., 3:]
            colours = colours * (1 - cover) + self._map[..., :3] * cover
        small = np.round(255 * colours).astype(np.uint8)
        large = small.repeat(self._zoom, axis=0).repeat(self._zoom, axis=1)
        if self._lines is not None:
            large = _over(large, self._lines)
        picture = np.zeros((*self.size, 3), np.uint8)
        picture[: self._inner[0], : self._inner[1]] = large
        picture[-_STRIP_PIXELS:] = self._strip.paint(index)
        return picture


class _Strip:
    """Scale bar and time in white on black."""

    def __init__(
        self, pixels: int, width: int, zoom: int, pixel_size_um: float | None, fps: float | None
    ) -> None:
        figure = _figure(_STRIP_PIXELS, pixels)
        figure.set_facecolor("black")
        size = pixel_size_um or 1.0
        length = round_length(LONGEST_SHARE * width * size)
        left, share = 8 / pixels, length / size * zoom / pixels
        figure.add_artist(mpl.lines.Line2D([left, left + share], [0.5, 0.5], color="w", lw=3))
        text = f"{length:g} {'µm' if pixel_size_um else 'px'}"
        style: dict[str, Any] = {"color": "white", "fontsize": 10, "va": "center"}
        figure.text(left + share + 8 / pixels, 0.47, text, **style)
        self._time = figure.text(1 - left, 0.47, "", ha="right", **style)
        self._figure, self._fps = figure, fps

    def paint(self, index: int) -> Pixels:
        self._time.set_text(f"{index / self._fps:.2f} s" if self._fps else f"frame {index}")
        return _drawn(self._figure)[..., :3]


def _outlines(material: Material, zoom: int) -> Pixels:
    """Return outlines and ranks of the drivers as a picture to be laid over, (Y, X, 4)."""
    labels = material.run.results.drivers.labels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    figure = _figure(*labels.shape)
    figure.patch.set_alpha(0.0)
    colours = driver_colours(material.run.drivers["label"])
    around = withStroke(linewidth=1.5, foreground="black")
    lines = np.zeros((*labels.shape, 4), np.uint8)
    edge = _edge(labels, max(1, zoom // 4))
    for row in material.run.results.drivers.table.itertuples():
        colour = colours[int(row.label)]
        lines[edge & (labels == int(row.label))] = [*(round(255 * c) for c in to_rgb(colour)), 255]
        x, y = (row.x + 0.5) * zoom / labels.shape[1], 1 - (row.y + 0.5) * zoom / labels.shape[0]
        word = figure.text(x, y, str(row.rank), color=colour, fontsize=9, ha="center", va="center")
        word.set_path_effects([around])
    words = _drawn(figure)
    return np.where(words[..., 3:] > lines[..., 3:], words, lines)


def _edge(labels: npt.NDArray[np.int32], thickness: int) -> npt.NDArray[np.bool_]:
    """Return the outermost pixels of every label."""
    size, outside = 2 * thickness + 1, {"mode": "constant", "cval": 0}
    least = ndimage.minimum_filter(labels, size, **outside)
    most = ndimage.maximum_filter(labels, size, **outside)
    return np.asarray((labels > 0) & ((least != labels) | (most != labels)))


def _coloured(run: Run) -> Float32Array:
    """Return the map in colours that lie over the movie, (Y, X, 4)."""
    low, high = limits = contribution_limits(run)
    shown = (np.nan_to_num(run.results.contribution) - low) / (high - low)
    return np.asarray(colour_map(CONTRIBUTION, limits)(np.clip(shown, 0, 1)), np.float32)


def _over(picture: Pixels, above: Pixels) -> Pixels:
    share = above[..., 3:].astype(np.float32) / 255
    return np.round(picture * (1 - share) + above[..., :3] * share).astype(np.uint8)


def _figure(height: int, width: int) -> Figure:
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    FigureCanvasAgg(figure)
    return figure


def _drawn(figure: Figure) -> Pixels:
    canvas: Any = figure.canvas
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def _even(pixels: int) -> int:
    return pixels + pixels % 2

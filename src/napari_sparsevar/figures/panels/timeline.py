"""The panel of the windows in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.figures.colours import GREY, window_colour
from napari_sparsevar.figures.panels.traces import FloatArray, binned
from napari_sparsevar.figures.style import shortened

_POINTS = 600
_LETTER_POINTS = 5.0
_MOST_ROWS = 3


def draw_timeline(
    axes: Axes, windows: Sequence[Window], activity: FloatArray, fps: float | None
) -> None:
    """Draw the activity (T,) over time with the windows behind it."""
    per_unit = fps or 1.0
    frames, values = binned(activity, _POINTS)
    axes.plot(frames / per_unit, values, color=GREY, linewidth=0.6)
    colours = {window.label: window_colour(index) for index, window in enumerate(windows)}
    for window in windows:
        for start, stop in window.pieces:
            axes.axvspan(
                start / per_unit, stop / per_unit, color=colours[window.label], alpha=0.25, lw=0
            )
    _name(axes, windows, colours, len(activity))
    axes.set_xlim(0, len(activity) / per_unit)
    axes.set_xlabel("time (s)" if fps else "frame")
    axes.set_ylabel("activity")
    axes.set_yticks([])


def _name(axes: Axes, windows: Sequence[Window], colours: Mapping[str, str], n_frames: int) -> None:
    """Write each label above its window's longest piece, in as many rows as keep them apart."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    points_per_frame = 0.95 * 72 * figure.get_figwidth() / n_frames
    ends: list[float] = []
    for centre, label in sorted((_centre(window), window.label) for window in windows):
        text = shortened(label)
        half = min((0.5 * _LETTER_POINTS * len(text) + 2) / points_per_frame, n_frames / 2)
        centre = min(max(centre, half), n_frames - half)
        row = next((row for row, end in enumerate(ends) if end < centre - half), len(ends))
        if row == _MOST_ROWS:
            row = ends.index(min(ends))
        ends[row : row + 1] = [centre + half]
        axes.annotate(
            text,
            (centre / n_frames, 1),
            xycoords="axes fraction",
            xytext=(0, 1.5 + 8 * row),
            textcoords="offset points",
            ha="center",
            color=colours[label],
            fontweight="bold",
        )


def _centre(window: Window) -> float:
    start, stop = max(window.pieces, key=lambda piece: piece[1] - piece[0])
    return (start + stop) / 2

"""What is on a drawn figure: its words, and whether they can be read."""

from __future__ import annotations

from itertools import combinations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts(figure: Figure) -> list[str]:
    return [one.get_text() for one in figure.findobj(Text) if one.get_visible()]


def shown(figure: Figure) -> list[Text]:
    """Texts that are on the page: labels of ticks beyond the limits exist but are not."""
    found: list[Text] = []
    for axes in figure.findobj(Axes):
        if not axes.axison:
            continue
        found += [*axes.texts, axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            found += [tick.label1 for tick in ticks]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def assert_on_the_page(figure: Figure) -> None:
    page = figure.bbox.padded(2.0)
    for one in shown(figure):
        box = one.get_window_extent()
        assert page.x0 <= box.x0, one
        assert box.x1 <= page.x1, one
        assert page.y0 <= box.y0, one
        assert box.y1 <= page.y1, one


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Texts of a drawn figure that lie on each other, arrows' numbers aside."""
    figure.draw_without_rendering()
    boxes = [
        (one.get_text(), one.get_window_extent())
        for one in shown(figure)
        if one.get_bbox_patch() is None
    ]
    return [
        (first, second)
        for (first, one), (second, other) in combinations(boxes, 2)
        if one.padded(-1.0).overlaps(other.padded(-1.0))
    ]

"""Widgets in a row or in a column."""

from __future__ import annotations

from typing import TypeAlias

from qtpy.QtWidgets import QBoxLayout, QHBoxLayout, QLayout, QVBoxLayout, QWidget

Item: TypeAlias = QWidget | QLayout | tuple[QWidget | QLayout, int] | None
"""What lies in a box, and how much of the room that is left it takes; None for empty room."""

MARGINS = (8, 6, 8, 8)
"""Round what is in a dock."""


def in_column(
    *items: Item,
    inside: QWidget | None = None,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    spacing: int | None = None,
) -> QVBoxLayout:
    """Return items one below the other.

    Parameters
    ----------
    *items : widget or layout, or such and its stretch, or None
    inside : QWidget, optional
        Whose content they are.
    margins : tuple of int
        Left, top, right and bottom, in pixels.
    spacing : int, optional
        Pixels between two; as the style has it where not given.
    """
    box = QVBoxLayout() if inside is None else QVBoxLayout(inside)
    _fill(box, items, margins, spacing)
    return box


def in_row(
    *items: Item,
    inside: QWidget | None = None,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    spacing: int | None = None,
) -> QHBoxLayout:
    """Return items one beside the other; everything else as in ``in_column``."""
    box = QHBoxLayout() if inside is None else QHBoxLayout(inside)
    _fill(box, items, margins, spacing)
    return box


def boxed(layout: QLayout) -> QWidget:
    """Return a widget that holds a layout."""
    widget = QWidget()
    widget.setLayout(layout)
    return widget


def _fill(
    box: QBoxLayout, items: tuple[Item, ...], margins: tuple[int, ...], spacing: int | None
) -> None:
    box.setContentsMargins(*margins)
    if spacing is not None:
        box.setSpacing(spacing)
    for item in items:
        if item is None:
            box.addStretch(1)
            continue
        part, stretch = item if isinstance(item, tuple) else (item, 0)
        if isinstance(part, QWidget):
            box.addWidget(part, stretch)
        else:
            box.addLayout(part, stretch)

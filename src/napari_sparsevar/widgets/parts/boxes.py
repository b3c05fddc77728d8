"""Widgets in a row or a column, sentences that break their lines, and what scrolls."""

from __future__ import annotations

from typing import Any, TypeAlias

from qtpy.QtCore import QEvent, QSize, Qt
from qtpy.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

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


def wrapped_label(text: str = "") -> QLabel:
    """Return a label that breaks its lines instead of widening the dock."""
    label = QLabel(text)
    label.setWordWrap(True)
    label.setMinimumWidth(80)
    policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    # The width decides the height; "Minimum" would ask for the height of a very narrow label.
    policy.setHeightForWidth(True)
    label.setSizePolicy(policy)
    return label


class FittingScroll(QScrollArea):
    """As tall as its content where there is room; scrolls where there is not.

    Parameters
    ----------
    content : QWidget
        What to show. May hold labels that break their lines.
    minimum_height : int
        Pixels that always stay in sight.
    """

    def __init__(self, content: QWidget, minimum_height: int) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._minimum_height = minimum_height
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(content)

    def sizeHint(self) -> QSize:
        """Ask for the height of the content at the present width."""
        content, viewport = self.widget(), self.viewport()
        if content is None or viewport is None:
            return super().sizeHint()
        hint = content.sizeHint()
        if content.hasHeightForWidth():
            hint.setHeight(content.heightForWidth(viewport.width()))
        # A style sheet may give a frame to an area that was made without one.
        frame = 2 * self.frameWidth()
        return hint + QSize(frame, frame)

    def minimumSizeHint(self) -> QSize:
        """Insist on no more than there is."""
        hint = self.sizeHint()
        return QSize(super().minimumSizeHint().width(), min(self._minimum_height, hint.height()))

    def resizeEvent(self, event: Any) -> None:
        """Another width breaks lines elsewhere."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Pass on that the content has grown or shrunk; Qt watches it here already."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))

"""Sentences in a dock: they break their lines instead of widening it."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QSizePolicy


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

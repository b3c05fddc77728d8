"""What a run is worth and what to know of its movie, in the words of ``run.verdict``."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QToolButton, QWidget

from napari_sparsevar.widgets.parts.boxes import FittingScroll, boxed, in_column, wrapped_label

if TYPE_CHECKING:
    from napari_sparsevar.run.verdict import Verdict


class VerdictPanel(QWidget):
    """Headline and advice, always in sight; findings, limits and warnings, which scroll.

    Parameters
    ----------
    brief : bool
        Without findings and limits, for a dock that has little room; warnings are unfolded.
    """

    def __init__(self, *, brief: bool = False) -> None:
        super().__init__()
        self._brief, self._cramped = brief, False
        self._told: tuple[Verdict | None, tuple[str, ...]] | None = None
        self.headline = wrapped_label()
        self.details = wrapped_label()
        self.advice = wrapped_label()
        self.fold = QToolButton()
        self.warnings = wrapped_label()
        self._arrange()
        self.fold.toggled.connect(self._on_fold)
        self.fold.setChecked(brief)
        self.tell(None)

    def _arrange(self) -> None:
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.fold.setToolTip("<qt>What was seen in the movie and may mislead.</qt>")
        lines = in_column(self.details, self.fold, self.warnings, spacing=3)
        self.lines = FittingScroll(boxed(lines), minimum_height=44)
        parts = (
            (self.headline, self.advice, self.lines)
            if self._brief
            else (self.headline, self.lines, self.advice)
        )
        in_column(*parts, inside=self, spacing=4)

    def tell(self, verdict: Verdict | None, warnings: Iterable[str] = ()) -> None:
        """Say what there is to say; nothing of a run where there is none.

        Parameters
        ----------
        verdict : Verdict or None
        warnings : iterable of str
            Sentences about the movie; each is said once.
        """
        told = verdict, tuple(dict.fromkeys(warnings))
        if told == self._told:
            return
        self._told = told
        self.headline.setText("" if verdict is None else f"<b>{_text(verdict.headline)}</b>")
        self.advice.setText("" if verdict is None else _text(verdict.advice))
        found = [] if verdict is None or self._brief else list(verdict.findings)
        limits = [] if verdict is None or self._brief else verdict.limits
        self.details.setText(_paragraphs([*found, *(f"⚠ {limit}" for limit in limits)]))
        self.warnings.setText(_paragraphs(told[1]))
        for label in (self.headline, self.details, self.advice):
            label.setVisible(bool(label.text()))
        self.fold.setVisible(bool(told[1]))
        self._show_lines()
        self.setVisible(verdict is not None or bool(told[1]))
        self._on_fold(self.fold.isChecked())

    def leave_room(self, height: int, others: int = 0) -> None:
        """Let what scrolls take no more than its share of so many pixels of a dock.

        Parameters
        ----------
        height : int
            Of the dock.
        others : int
            Pixels that all else in the dock needs; where they leave none, what scrolls is hidden.
        """
        least = self.lines.minimumSizeHint().height()
        said = [label for label in (self.headline, self.advice) if label.text()]
        taken = sum(label.heightForWidth(max(self.width(), 1)) + 4 for label in said)
        left = height - others - taken
        self._cramped = left < least
        share = height // (5 if self._brief else 4)
        self.lines.setMaximumHeight(max(min(share, left), least))
        self._show_lines()

    def _show_lines(self) -> None:
        self.lines.setVisible(
            bool(self.details.text() or self.warnings.text()) and not self._cramped
        )

    def _on_fold(self, unfolded: bool) -> None:
        number = len(self._told[1]) if self._told else 0
        plural = "s" * (number != 1)
        self.fold.setText(f"{'▾' if unfolded else '▸'} {number} warning{plural} about the movie")
        self.warnings.setVisible(unfolded and number > 0)


def _paragraphs(sentences: Iterable[str]) -> str:
    return "".join(f'<p style="margin: 0 0 3px 0">{_text(said)}</p>' for said in sentences)


def _text(said: str) -> str:
    return escape(said, quote=False)

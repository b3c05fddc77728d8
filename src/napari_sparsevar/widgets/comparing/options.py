"""What a comparison is asked: which pairs, at what level, with how many draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QWidget

from napari_sparsevar.widgets.comparing.windows import MarkedWindows
from napari_sparsevar.widgets.parts.boxes import in_column
from napari_sparsevar.widgets.parts.fields import Choice, Rows, folded, number, tooltip
from napari_sparsevar.widgets.parts.lifetime import watch

if TYPE_CHECKING:
    from napari_sparsevar.comparison.options import ComparisonOptions

LEVEL, DRAWS, SEED = 0.05, 1000, 0


class CompareOptions(QWidget):
    """A choice of pairs, and three numbers folded away.

    Parameters
    ----------
    windows : MarkedWindows
        Their labels can be chosen as the baseline.
    """

    def __init__(self, windows: MarkedWindows) -> None:
        super().__init__()
        self._windows = windows
        self.pairs = Choice(label="Compare", choices=self._offered)
        self.level = number(
            0.001,
            0.5,
            decimals=3,
            step=0.01,
            value=LEVEL,
            label="Level",
            tooltip=tooltip("Adjusted p-values up to this count as a change."),
        )
        self.draws = number(
            99,
            100_000,
            step=500,
            value=DRAWS,
            label="Draws",
            tooltip=tooltip("Of the null distribution; the least p-value is 1/(1 + draws)."),
        )
        self.seed = number(
            0,
            2**31 - 1,
            step=1,
            value=SEED,
            label="Seed",
            tooltip=tooltip("The same seed draws the same null distribution."),
        )
        self._pairs_row = Rows(self.pairs)
        more = folded(Rows(self.level, self.draws, self.seed).native)
        in_column(self._pairs_row.native, more, inside=self, spacing=2)
        watch(windows.changed, self.show_labels, self)
        self.show_labels()

    def options(self) -> ComparisonOptions:
        """Return what the fields say."""
        # Here: torch takes seconds to load.
        from napari_sparsevar.comparison.options import ComparisonOptions

        return ComparisonOptions(
            draws=int(self.draws.value),
            level=self.level.value,
            seed=int(self.seed.value),
            # Two windows make one pair, whichever was the baseline of more.
            baseline=self.pairs.value if len(self._windows) > 2 else None,
        )

    def show_labels(self) -> None:
        """Offer the windows there are, keeping the choice."""
        self.pairs.reset_choices()
        self._pairs_row.visible = len(self._windows) > 2

    def _offered(self, *_: Any) -> list[tuple[str, str | None]]:
        each = [(f"each against {window.label}", window.label) for window in self._windows]
        return [("all pairs", None), *each]

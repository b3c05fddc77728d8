"""The panel of the null distribution."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import DynamicsTest
from napari_sparsevar.figures.colours import INK, LIGHT_GREY, OBSERVED


def draw_null(axes: Axes, test: DynamicsTest, adjusted: float | None = None) -> None:
    """Draw the null distribution of the test of dynamics and the observed value.

    Parameters
    ----------
    axes : Axes
    test : DynamicsTest
    adjusted : float, optional
        Its p-value adjusted for several pairs.
    """
    more = "" if adjusted is None else f"\nadjusted {p_value_text(adjusted)}"
    axes.hist(test.null, bins="auto", color=LIGHT_GREY, edgecolor="white", linewidth=0.3)
    axes.axvline(test.statistic, color=OBSERVED, linewidth=1.2)
    axes.margins(x=0.08)
    low, high = axes.get_xlim()
    right = test.statistic > (low + high) / 2
    axes.annotate(
        f"observed\np = {p_value_text(test.p_value)}{more}",
        (test.statistic, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-3 if right else 3, -1),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        color=OBSERVED,
    )
    axes.set_xlabel("largest difference (s.d. of its null)", color=INK)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_ylabel("draws")
    # Room above the bars for the words.
    axes.set_ylim(0, axes.get_ylim()[1] * (1.5 if more else 1.3))

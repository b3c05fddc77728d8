"""The result of a comparison in plain words."""

from __future__ import annotations

from napari_sparsevar.analysis.evidence.words import p_value_text
from napari_sparsevar.comparison.result import Comparison


def sentence(comparison: Comparison, adjusted: float | None = None) -> str:
    """Say what was found.

    Parameters
    ----------
    comparison : Comparison
    adjusted : float, optional
        P-value adjusted for several pairs, which then decides.
    """
    a, b, level = comparison.a.label, comparison.b.label, comparison.level
    decides = comparison.p_value if adjusted is None else adjusted
    name = "p" if adjusted is None else "adjusted p"
    changed, anything = len(comparison.dynamics.changed(level)), comparison.anything
    if decides <= level:
        places = len(comparison.dynamics.changed_places(level))
        where = (
            f"{changed} of {comparison.dynamics.tested_edges:,} edges and {places} of "
            f"{len(comparison.dynamics.places):,} {comparison.places_are} after adjustment"
        )
        return (
            f"The dynamics differ between {a} and {b} ({name} = {p_value_text(decides)}; {where}); "
            "activity level alone would not explain it."
        )
    said = (
        f"No difference in the dynamics of {a} and {b} was found ({name} = {p_value_text(decides)})"
    )
    if anything.p_value <= level:
        return (
            f"{said}, but something else changed, most of all the {anything.what} "
            f"(p = {p_value_text(anything.p_value)})."
        )
    return f"{said}, nor in anything else (p = {p_value_text(anything.p_value)}). That is no proof."

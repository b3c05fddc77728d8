"""What reports have in common: one page, in which nothing that a person typed is markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from napari_sparsevar.comparison.result import ComparisonSet
from napari_sparsevar.comparison.sentence import sentence

if TYPE_CHECKING:
    from napari_sparsevar.figures.report_figures import ReportFigure

Rows = list[tuple[str, str]]
"""Names and values."""

MOST_COMPARISONS = 8
"""The latest, which are shown."""


def page_of(template: str, **given: Any) -> str:
    """Return a page as HTML; whatever is given is text in it."""
    environment = Environment(
        loader=PackageLoader("napari_sparsevar.figures", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**given)


def comparison_words(found: ComparisonSet, figures: Sequence[ReportFigure]) -> dict[str, Any]:
    """Return what a page says of windows that were compared."""
    several = len(found.pairs) > 1
    said = [
        sentence(pair, adjusted if several else None)
        for pair, adjusted in zip(found.pairs, found.adjusted, strict=True)
    ]
    return {
        "name": found.name,
        "created": found.created,
        "windows": [f"{window}, {window.n_frames:,} frames" for window in found.windows],
        "sentences": said,
        "figures": figures,
    }

"""A run, or a fit of cells, as one page that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from napari_sparsevar.analysis.evidence.words import p_value_text, percent_text
from napari_sparsevar.cells.cell_fit import CellFit
from napari_sparsevar.comparison.store import load_comparisons, warn
from napari_sparsevar.disk.files import replacing
from napari_sparsevar.errors import REPLACE, UserError
from napari_sparsevar.figures.captions import penalty_words
from napari_sparsevar.figures.cell_report import cell_report_page
from napari_sparsevar.figures.kinds.path import chosen_penalties
from napari_sparsevar.figures.listing import known_places
from napari_sparsevar.figures.options import Place
from napari_sparsevar.figures.page import (
    MOST_COMPARISONS,
    Rows,
    comparison_words,
    page_of,
)
from napari_sparsevar.figures.report_figures import comparison_figures, found_figures
from napari_sparsevar.figures.write import opened
from napari_sparsevar.run.annotations import Marks, read_marks
from napari_sparsevar.run.record import software_versions
from napari_sparsevar.run.run import Run

ENDINGS = (".html", ".htm")

TEMPLATE = "report.html.j2"


def write_report(
    source: Run | CellFit | Path,
    out: Path,
    *,
    penalty: float | None = None,
    marks: Marks | None = None,
    place: Place | None = None,
    overwrite: bool = False,
    tell: Callable[[str], None] = warn,
) -> None:
    """Write the report of a run or of cells as one HTML file that loads nothing and runs nothing.

    Parameters
    ----------
    source : Run, CellFit or Path
        A run or a fit of cells, or its directory, which keeps comparisons.
    out : Path
        Ends in .html.
    penalty : float, optional
        Of a run: where on the solution path; that of the run by default.
    marks : Marks, optional
        Names, notes and regions; those that the run directory keeps by default.
    place : Place, optional
        Whose influence is drawn first.
    overwrite : bool
    tell : callable
        Gets a sentence for everything that cannot be opened.

    Raises
    ------
    UserError
        If it cannot be opened, or the file cannot be written.
    """
    check_report_path(out, overwrite=overwrite)
    found = opened(source)
    if isinstance(found, CellFit):
        page = cell_report_page(found, source if isinstance(source, Path) else None, tell)
    else:
        shown = found if penalty is None else found.at_penalty(penalty)
        marks = marks or read_marks(found.path, found.results.contribution.shape, tell, found.stack)
        page = report_page(shown, marks, tell, place)
    with replacing(out, overwrite=overwrite) as path:
        path.write_text(page, encoding="utf-8")


def check_report_path(out: Path, *, overwrite: bool = False) -> None:
    """Raise UserError for a file that cannot become a report, before the work."""
    if out.suffix.lower() not in ENDINGS:
        raise UserError(f"{out} is no name of a report: choose one that ends in .html.")
    if out.exists() and not overwrite:
        raise UserError(f"{out} exists already; choose another name.", options=REPLACE)


def report_page(
    run: Run,
    marks: Marks,
    tell: Callable[[str], None] = warn,
    place: Place | None = None,
) -> str:
    """Return the report as HTML; whatever a person typed is text in it, never markup.

    Parameters
    ----------
    run : Run
    marks : Marks
    tell : callable
    place : Place, optional
        Whose influence is drawn first.
    """
    known: list[str] = []

    def told(said: str) -> None:
        known.append(said)
        tell(said)

    comparisons = load_comparisons(run.path, told)[-MOST_COMPARISONS:]
    return page_of(
        TEMPLATE,
        title=run.movie_name,
        question="what drives what",
        run=run,
        movie=movie_rows(run),
        found=found_rows(run),
        verdict=run.verdict,
        places=place_rows(run, marks, ("driver", "region")),
        candidates=place_rows(run, marks, ("candidate",)),
        unit="µm" if run.pixel_size_um else "px",
        figures=found_figures(run, marks, tell, place),
        comparisons=[
            comparison_words(found, comparison_figures(run, found, tell)) for found in comparisons
        ],
        notices=[*run.record.notices, *known],
        settings=setting_rows(run.record.configuration),
        network=setting_rows(run.record.network.model_dump()),
        trained_with=sorted(run.record.versions.items()),
        written_with=sorted(software_versions().items()),
    )


def movie_rows(run: Run) -> Rows:
    """Return what there is to say about the movie."""
    movie = run.record.movie
    n_frames, height, width = movie.shape
    length = f" ({n_frames / run.fps:,.1f} s)" if run.fps else ""
    return [
        ("Movie", movie.name),
        ("File", movie.source or "from memory"),
        ("Frames", f"{n_frames:,}{length}"),
        ("Field of view", f"{height} x {width} px"),
        ("Frame rate", f"{run.fps:g} frames/s" if run.fps else "not known"),
        ("Pixel size", f"{run.pixel_size_um:g} µm" if run.pixel_size_um else "not known"),
        ("Values", movie.dtype),
    ]


def found_rows(run: Run) -> Rows:
    """Return the outcome in a few numbers."""
    criterion = chosen_penalties(run.results.criterion)
    choices = [
        (f"Penalty, {name}", f"{value:.3g}")
        for name, value in criterion.items()
        if not math.isnan(value)
    ]
    edges, tested = run.results.fitted.n_edges, run.results.significance.tested
    return [
        ("Drivers", str(len(run.drivers))),
        (
            f"Candidates, {'not beyond chance' if tested else 'not tested'}",
            str(len(run.candidates)),
        ),
        ("Edges between places", f"{edges:,}"),
        ("Penalty", penalty_words(run).removeprefix("penalty ")),
        *choices,
        ("Trained", f"{run.record.created} on {run.record.device}"),
        *_metric_rows(run.record.metrics),
    ]


def place_rows(run: Run, marks: Marks, kinds: tuple[str, ...]) -> list[dict[str, str]]:
    """Return places of these kinds as words, one row each."""
    size, known = run.pixel_size_um or 1.0, known_places(run, *marks)
    return [
        {
            "number": str(row.number),
            "name": str(row.name) + (" (hidden)" if row.hidden else ""),
            "y": f"{size * row.y:.1f}",
            "x": f"{size * row.x:.1f}",
            "area": f"{size**2 * row.area_px:,.0f}",
            "contribution": f"{row.strength:.3g}",
            "stability": percent_text(row.stability),
            "p": p_value_text(row.p_adjusted),
            "note": str(row.note),
        }
        for row in known[known["kind"].isin(kinds)].itertuples()
    ]


def setting_rows(settings: Mapping[str, Any], group: str = "") -> Rows:
    """Return settings as names and values; those of a group after its name."""
    rows: Rows = []
    for name, value in settings.items():
        words = f"{group}{_words(name)}"
        if isinstance(value, Mapping):
            rows += setting_rows(value, f"{words}: ")
        else:
            rows.append((words, _value(value)))
    return rows


def _metric_rows(metrics: Mapping[str, Any]) -> Rows:
    said_already = ("penalty", "drivers", "edges")
    units = {"seconds": ("Training time", " s"), "peak_memory_mb": ("Largest memory", " MB")}
    rows: Rows = []
    for name, value in metrics.items():
        words, unit = units.get(name, (_words(name), ""))
        if name not in said_already:
            rows.append((words, _value(value) + unit))
    return rows


def _words(name: object) -> str:
    words = str(name).replace("_", " ")
    return words[:1].upper() + words[1:]


def _value(value: object) -> str:
    if value is None:
        return "not known"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

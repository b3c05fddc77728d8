"""The report of a fit of cells: whole in itself, true, and nothing that is typed is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

import napari_sparsevar as sv
from made_fits import made_fit
from napari_sparsevar.cells.words import sentence
from napari_sparsevar.comparison.store import save_comparisons
from napari_sparsevar.comparison.windows import Window
from napari_sparsevar.figures.report import write_report

SCRIPT = "<script>alert('x')</script>"
HALVES = [Window("early", ((0, 200),)), Window("<b>", ((200, 400),))]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The report of a folder with a comparison, with names and notes that are markup."""
    folder = tmp_path_factory.mktemp("cells")
    made = made_fit()
    names = tuple(SCRIPT if name == "b & c" else name for name in made.names)
    fit = replace(
        made,
        cells=replace(made.cells, names=names),
        activity=replace(made.activity, names=names[:4]),
        notes=(f"Careful {SCRIPT}.",),
    )
    path = sv.save_fit(fit, folder / "fit")
    save_comparisons(path, sv.compare(fit, HALVES, draws=199))
    write_report(path, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_it_says_what_was_found(page: str) -> None:
    text = unescape(re.sub(r"<[^>]+>", "", page))
    for said in (
        "who drives whom",
        sentence(made_fit()),
        "5, 4 of them fitted",
        "400 (40.0 s), 400 of them used",
        "Drivers beyond chance",
        "5 of 5 cells",
        "early-b",
        "No difference in the dynamics of early and",
        "napari-sparsevar",
    ):
        assert said in text, said
    assert "nan" not in text
    assert page.count("<img") == 4


def test_names_are_text_and_nothing_is_fetched(page: str) -> None:
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page
    assert all(
        source.startswith("data:image/svg+xml;base64,")
        for source in re.findall(r'src="([^"]+)', page)
    )
    assert "default-src 'none'" in page
    assert "href" not in page


def test_edges_and_drivers_are_those_of_the_fit(page: str) -> None:
    fit = made_fit()
    rows = re.findall(r"<tr.*?</tr>", page)
    edges = [row for row in rows if "95 %" not in row and " to " in row]
    assert len(edges) == len(fit.edges.head(10))
    for row, edge in zip(edges, fit.edges.itertuples(), strict=False):
        assert f"{edge.target}</td>" in row
        assert ('class="faint"' in row) == (not edge.p_adjusted <= 0.05)


def test_a_fit_that_was_never_saved_has_a_report_too(tmp_path: Path) -> None:
    write_report(made_fit(outlines=False, fps=None), tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Comparisons" not in text
    assert "not known" in text

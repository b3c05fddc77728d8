"""The report: one page, whole in itself, in which nothing a person typed is markup."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from made_comparisons import made_set
from made_runs import without_drivers
from napari_sparsevar.comparison.store import save_comparisons
from napari_sparsevar.errors import UserError
from napari_sparsevar.figures.report import report_page, write_report
from napari_sparsevar.run.annotations import Annotations, Marks
from napari_sparsevar.run.run import Run
from napari_sparsevar.run.store import write_record

SCRIPT = "<script>alert('x')</script>"


class Page(HTMLParser):
    """Tags with their attributes, and the text between them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def pictures(self) -> list[str]:
        return [attributes["src"] for tag, attributes in self.tags if tag == "img"]


@pytest.fixture(scope="module")
def page(full_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The report of a run with a comparison, a region, and names that are markup."""
    folder = tmp_path_factory.mktemp("report") / "run"
    folder.mkdir()
    record = full_run.record.model_copy(
        update={"notices": (f"Careful {SCRIPT}.", "600 frames are few.")}
    )
    run = replace(full_run, path=folder, record=record)
    write_record(folder, record)
    save_comparisons(folder, made_set(2))
    first = run.drivers.iloc[0]
    notes = Annotations().with_place(
        float(first["y"]), float(first["x"]), 1.0, name=SCRIPT, note='"><img src=http://x.y/z>'
    )
    regions = np.zeros(run.contribution_map.shape, np.int32)
    regions[20:28, 20:28] = 7
    return Page(report_page(run, Marks(notes.with_region(7, name="<b>bold</b>"), regions)))


def test_names_are_text(page: Page) -> None:
    allowed = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li"}
    allowed |= {"div", "table", "thead", "tbody", "tr", "th", "td", "figure", "img", "figcaption"}
    assert {tag for tag, _ in page.tags} <= allowed
    for typed in (SCRIPT, '"><img src=http://x.y/z>', "<b>bold</b>", f"Careful {SCRIPT}."):
        assert typed in page.text


def test_nothing_is_fetched_and_nothing_runs(page: Page) -> None:
    for tag, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("href", "srcset", "action", "data", "style"):
            assert name not in attributes, tag
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.pictures)
    for source in page.pictures:
        svg = base64.b64decode(source.split(",")[1]).decode("utf-8")
        references = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert all(one.startswith(("#", "data:image/png;base64,")) for one in references)
        assert "<script" not in svg
        assert "@import" not in svg
    assert "url(" not in page.text
    policy = next(a["content"] for _, a in page.tags if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_figures_tables_settings_checks_and_versions_are_there(page: Page, full_run: Run) -> None:
    # Drivers, contribution, path, training, a comparison, a region and up to three drivers.
    assert len(page.pictures) == 6 + min(3, len(full_run.drivers))
    for expected in (
        "600 frames are few.",
        "33 x 34 px",
        "15 frames/s",
        "2 µm",
        "Warmup fraction",
        "Model: Lags",
        "9.8.7",
        "Training time",
        "12.5 s",
        "A (0:100), 100 frames; B (100:200), 100 frames",
        "The dynamics differ between A and B",
        f"{2 * full_run.drivers['y'].iloc[0]:.1f}",
    ):
        assert expected in page.text, expected


def test_the_verdict_comes_first_and_candidates_apart(full_run: Run, page: Page) -> None:
    for said in full_run.verdict.sentences():
        assert page.text.index(said) < page.text.index("Checks and warnings"), said
    assert "Candidates: they" not in page.text
    run = without_drivers(full_run, np.nan)
    text = Page(report_page(run, Marks())).text
    assert text.count("Nothing could be tested against chance") >= 2
    assert "Candidates, not tested" in text
    assert text.index("Candidates: they stand out of the map") < text.index("How sparse")
    assert f"{2 * run.candidates['y'].iloc[0]:.1f}" in text
    assert "more than chance would" not in text
    assert "beyond chance (p of" not in text


def test_it_can_be_read_on_a_phone_and_printed(page: Page) -> None:
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in (
        page.tags
    )
    assert "@media print" in page.text
    for tag, attributes in page.tags:
        assert "width" not in attributes, tag
        assert tag != "img" or attributes["alt"]


def test_without_drivers_there_is_a_report_too(full_run: Run, tmp_path: Path) -> None:
    record = full_run.record.model_copy(update={"notices": ()})
    out = tmp_path / "report.html"
    write_report(replace(full_run, path=tmp_path, record=record), out, penalty=10.0)
    text = Page(out.read_text(encoding="utf-8")).text
    assert "No place drives others more than chance would." in text
    assert "None." in text
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("name", ["report.pdf", "report", "report.html.txt"])
def test_another_format_is_refused(full_run: Run, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"\.html"):
        write_report(full_run, tmp_path / name)


def test_nothing_is_replaced_unasked(full_run: Run, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("mine")
    with pytest.raises(UserError, match=r"choose another name\.$"):
        write_report(full_run, out)
    assert out.read_text() == "mine"

"""``sparsevar figure``: options reach the drawing, failures are one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_called import one_sentence, sparsevar

from made_comparisons import made_folder, made_run, made_set
from made_runs import made_full_run, with_training
from napari_sparsevar.comparison.store import save_comparisons
from napari_sparsevar.figures import write
from napari_sparsevar.run.run import Run

COMPARISON = ["--kind", "comparison"]


@pytest.fixture
def run_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made_folder(tmp_path / "run")
    monkeypatch.setattr(write, "load_run", made_run)
    for count in (3, 2):
        save_comparisons(folder, made_set(count))
    return folder


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_a_figure_and_its_caption_are_written(run_path: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"figure.{ending}"
    done = sparsevar("figure", run_path, "--out", out, "--kind", "comparison")
    assert done.exit_code == 0, done.output
    assert one_sentence(done.stdout)
    assert str(out) in done.stdout
    assert str(tmp_path / "figure.caption.txt") in done.stdout
    assert out.stat().st_size > 10_000
    assert "seed 11" in (tmp_path / "figure.caption.txt").read_text(encoding="utf-8")


def test_every_option_reaches_the_drawing(
    run_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        write, "write_figure", lambda *given, **options: calls.append((given, options))
    )
    out = tmp_path / "figure.png"
    options = ["--comparison", "A-B-C", "--pair", "A-C", "--dpi", "72", "--width", "85"]
    done = sparsevar(
        "figure", run_path, "--out", out, "--kind", "comparison", *options, "--overwrite"
    )
    assert done.exit_code == 0, done.output
    (((*places, chosen), given),) = calls
    assert places == [run_path, out, "comparison"]
    assert chosen == write.FigureOptions(width_mm=85, comparison="A-B-C", pair="A-C")
    given.pop("tell")
    assert given == {"dpi": 72, "overwrite": True}


@pytest.mark.parametrize(
    ("name", "options", "named"),
    [
        ("figure.tiff", [], ".svg, .pdf, .png"),
        ("figure.svg", [*COMPARISON, "--comparison", "X"], "A-B-C, A-B"),
        ("figure.svg", [*COMPARISON, "--pair", "A-C"], "A-B"),
        ("figure.svg", [*COMPARISON, "--width", "5"], "180"),
        ("figure.svg", ["--dpi", "1"], "--dpi"),
        ("figure.svg", ["--kind", "guess"], "--kind"),
        ("missing/figure.svg", COMPARISON, "missing"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    run_path: Path, tmp_path: Path, name: str, options: list[str], named: str
) -> None:
    before = list(tmp_path.iterdir())
    done = sparsevar("figure", run_path, "--out", tmp_path / name, *options)
    assert done.exit_code == 2
    assert done.stdout == ""
    assert one_sentence(done.stderr), done.stderr
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == before


def test_a_damaged_comparison_is_said_and_another_is_drawn(run_path: Path, tmp_path: Path) -> None:
    (run_path / "comparisons" / "A-B" / "comparison.json").unlink()
    out = tmp_path / "figure.svg"
    done = sparsevar("figure", run_path, "--out", out, *COMPARISON)
    assert done.exit_code == 0, done.output
    assert one_sentence(done.stderr), done.stderr
    assert "A-B is damaged" in done.stderr
    assert out.exists()


@pytest.fixture
def full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()

    def load(path: Path) -> Run:
        return with_training(made_full_run(path))

    monkeypatch.setattr(write, "load_run", load)
    return folder


def test_options_of_a_place_and_a_penalty_reach_the_figure(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    options = ["--kind", "influence", "--driver", "1", "--penalty", "0.05", "--width", "85"]
    done = sparsevar("figure", full, "--out", out, *options)
    assert done.exit_code == 0, done.output
    assert "What driver 1 drives" in out.read_text(encoding="utf-8")
    assert "penalty 0.05" in (tmp_path / "figure.caption.txt").read_text(encoding="utf-8")
    done = sparsevar("figure", full, "--out", out, "--overwrite", "--kind", "influence", "--region")
    assert done.exit_code == 2
    wrong = ["--kind", "influence", "--region", "nobody"]
    done = sparsevar("figure", full, "--out", out, "--overwrite", *wrong)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "nobody" in done.stderr
    assert done.stderr.endswith("; choose one with --driver or --region.\n")
    done = sparsevar("figure", full, "--out", out)
    assert done.stderr == f"{out} exists already; choose another name or add --overwrite.\n"


def test_the_overview_is_drawn_unless_another_is_asked_for(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "figure.svg"
    done = sparsevar("figure", full, "--out", out)
    assert done.exit_code == 0, done.output
    assert "How sparse" in out.read_text(encoding="utf-8")


def test_a_report_is_written(full: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = sparsevar("report", full, "--out", out)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"Wrote {out}.\n"
    assert out.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    done = sparsevar("report", full, "--out", out)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr

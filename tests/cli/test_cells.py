"""``sparsevar traces`` and ``cells``: fitted, said, kept and written for others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from cli_called import one_sentence, sparsevar

import napari_sparsevar as sv
from made_fits import NAMES, made_fit, made_traces
from made_runs import SOURCE, TARGETS, made_full_run
from napari_sparsevar.cells import open as opening
from napari_sparsevar.cells.cells import TraceKind
from napari_sparsevar.cells.formats.format import CellChoice, CellChoiceNeeded, CellFormat
from napari_sparsevar.cli.cell_options import Kind
from napari_sparsevar.cli.cells import Format
from napari_sparsevar.export.cells.everything import FORMATS
from napari_sparsevar.movie.write import write_movie
from napari_sparsevar.run import run as run_module
from napari_sparsevar.training.events import Finished


def read(path: Path, choice: CellChoice) -> sv.Cells:
    """Open named traces, and ask where their cells are."""
    if choice.cells_in is None:
        sentence = f"{path} does not say where its cells are."
        raise CellChoiceNeeded(sentence, "cells_in", ("rows", "columns"))
    kind = choice.kind or "raw"
    values = np.load(path, allow_pickle=False)
    return sv.Cells(NAMES, traces={kind: values if choice.cells_in == "columns" else values.T})


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    table = CellFormat(
        name="named", suffixes=(), claims=lambda path: True, read=read, uses=("cells_in",)
    )
    monkeypatch.setattr(opening, "cell_format_of", lambda path: table)
    np.save(tmp_path / "F.npy", made_traces())
    return tmp_path / "F.npy"


@pytest.fixture
def fit(tmp_path: Path) -> Path:
    return sv.save_fit(made_fit(), tmp_path / "fit")


def test_options_offer_what_there_is() -> None:
    assert {each.value for each in Kind} == set(get_args(TraceKind))
    assert {each.value for each in Format} == set(FORMATS)


def test_traces_become_a_fit_that_is_told(traces: Path, tmp_path: Path) -> None:
    out = tmp_path / "fit"
    (tmp_path / "bad.csv").write_text("frame\n7\n")
    (tmp_path / "trials.csv").write_text("start_s,stop_s\n0,20\n20,40\n")
    given = ["--cells-in", "columns", "--fps", "10", "--lags", "2", "--seed", "3"]
    given += ["--bad-frames", tmp_path / "bad.csv", "--trials", tmp_path / "trials.csv"]
    done = sparsevar("traces", traces, "--out", out, *given)
    assert done.exit_code == 0, done.output
    found = sv.load_fit(out)
    assert (found.fps, found.lags, found.seed, found.names) == (10.0, 2, 3, NAMES)
    assert np.flatnonzero(~found.good).tolist() == [7]
    assert [list(trial) for trial in found.trials or ()] == [[0, 200], [200, 400]]
    assert "edges are beyond chance" in done.stdout
    assert found.said in done.stdout
    assert "never changes" in done.stdout
    assert str(out) in done.stdout
    again = sparsevar("traces", traces, "--out", out, *given)
    assert again.exit_code == 2
    assert one_sentence(again.stderr)
    assert "--overwrite" in again.stderr
    told = json.loads(
        sparsevar("traces", traces, "--out", out, *given, "--overwrite", "--json").stdout
    )
    assert told == json.loads(sparsevar("info", out, "--json").stdout)
    assert told["cells"] == 5
    assert told["left_out"] == ["still"]
    assert told["surest_edges"][0]["source"] == "b & c"
    assert told["surest_edges"][0]["distance"] is None


def test_what_a_file_leaves_open_is_asked_with_its_option(traces: Path, tmp_path: Path) -> None:
    done = sparsevar("traces", traces, "--out", tmp_path / "fit")
    assert done.exit_code == 2
    assert done.stderr.endswith("where its cells are: give --cells-in rows or columns.\n")
    assert one_sentence(done.stderr)


def test_choices_travel_to_the_fit(traces: Path, tmp_path: Path) -> None:
    given = ["--cells-in", "columns", "--kind", "dff", "--detrend", "50", "--events", "no"]
    done = sparsevar("traces", traces, "--out", tmp_path / "fit", *given)
    assert done.exit_code == 0, done.output
    assert sv.load_fit(tmp_path / "fit").said == "ΔF/F less its drift over 50 frames"
    refused = sparsevar("traces", traces, "--out", tmp_path / "other", "--neuropil", "9")
    assert refused.exit_code == 2
    assert not (tmp_path / "other").exists()


def test_covariates_come_from_files(traces: Path, tmp_path: Path) -> None:
    times = np.arange(400) / 10.0
    speed = pd.DataFrame({"time": times, "speed (cm/s)": np.sin(times)})
    speed.to_csv(tmp_path / "speed.csv", index=False)
    (tmp_path / "tones.csv").write_text("time,tone\n3.0,high\n20.0,high\n")
    given = ["--cells-in", "columns", "--fps", "10", "--out", tmp_path / "fit"]
    beside = ["--covariates", tmp_path / "speed.csv", "--covariates", tmp_path / "tones.csv"]
    done = sparsevar("traces", traces, *given, *beside)
    assert done.exit_code == 0, done.output
    assert sv.load_fit(tmp_path / "fit").covariates["name"].tolist() == ["speed", "tone high"]
    told = json.loads(sparsevar("info", tmp_path / "fit", "--json").stdout)
    assert [row["kind"] for row in told["covariates"]] == ["continuous", "event"]
    assert "told by speed (cm/s)" in sparsevar("info", tmp_path / "fit").stdout
    wrong = sparsevar("traces", traces, *given, "--overwrite", "--covariates", tmp_path / "no.csv")
    assert wrong.exit_code == 2
    assert one_sentence(wrong.stderr)


def test_a_fit_is_written_for_others(fit: Path, tmp_path: Path) -> None:
    done = sparsevar("cells", fit, "--out", tmp_path / "usual")
    assert done.exit_code == 0, done.output
    assert "Wrote csv, graphml to" in done.stdout
    matrix = pd.read_csv(tmp_path / "usual" / "matrix-estimate.csv", index_col=0)
    assert tuple(matrix.columns) == NAMES
    some = ["--format", "graphml", "--format", "npy", "--all-edges", "--json"]
    done = sparsevar("cells", fit, "--out", tmp_path / "some", *some)
    assert json.loads(done.stdout)["cells"] == 5
    graph = nx.read_graphml(tmp_path / "some" / "graph.graphml")
    assert graph.number_of_edges() == len(made_fit().edges)
    assert not list((tmp_path / "some").glob("*.csv"))


def test_a_fit_is_told_by_every_command_that_meets_it(fit: Path, tmp_path: Path) -> None:
    assert sparsevar("info", fit).stdout == sparsevar("cells", fit).stdout
    refused = sparsevar("export", fit, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "sparsevar cells" in refused.stderr


def test_wrong_words_are_one_sentence(fit: Path, tmp_path: Path) -> None:
    for words, said in [
        ([fit, "--format", "csv"], "--out FOLDER"),
        ([fit, "cells.tif"], "has its cells"),
        ([fit, "--out", fit], "is no export of ours"),
        ([tmp_path / "none"], "Give the cells of"),
    ]:
        done = sparsevar("cells", *words)
        assert done.exit_code == 2
        assert one_sentence(done.stderr)
        assert said in done.stderr


def test_cells_of_a_run_are_read_and_fitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made_full_run(tmp_path / "run", lags=1)
    monkeypatch.setattr(run_module, "load_run", lambda path: run)
    labels = np.zeros(run.results.grid.shape, np.int32)
    for number, (row, column) in enumerate((SOURCE, *TARGETS), start=7):
        labels[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = number
    np.save(tmp_path / "labels.npy", labels)
    done = sparsevar("cells", tmp_path / "run", tmp_path / "labels.npy", "--out", tmp_path / "fit")
    assert done.exit_code == 0, done.output
    fit = sv.load_fit(tmp_path / "fit")
    assert fit.names == tuple(str(7 + n) for n in range(1 + len(TARGETS)))
    assert fit.edges["source"][0] == "7"
    assert "read from the latents" in done.stdout


def test_cells_that_nobody_drew_are_found_in_the_movie_of_a_run(tmp_path: Path) -> None:
    movie, _ = sv.simulate_movie(400, (40, 40), seed=0, n_cells=6, n_drivers=1, n_followers=2)
    file = write_movie(movie.data, tmp_path / "movie.tif", fps=movie.fps, pixel_size_um=1.0)
    run = tmp_path / "run"
    *_, last = sv.train(sv.open_movie(file), sv.TrainConfig(steps=1), out=run, until="map")
    assert isinstance(last, Finished)
    done = sparsevar("cells", run, "--detect", "--diameter", 7, "--out", tmp_path / "fit")
    assert done.exit_code == 0, done.output
    fit = sv.load_fit(tmp_path / "fit")
    assert 3 <= len(fit.names) <= 12
    assert any("found by brightness" in note for note in fit.notes)


def test_found_and_brought_at_once_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "labels.npy", np.eye(4, dtype=int))
    done = sparsevar("cells", tmp_path / "run", tmp_path / "labels.npy", "--detect")
    assert one_sentence(done.stderr)
    assert "--detect" in done.stderr


@pytest.mark.parametrize(
    "options",
    [("--neuropil", "0.7"), ("--events", "no"), ("--seed", "3"), ("--detect",), ("--plane", "1")],
)
def test_a_fit_is_not_said_to_follow_what_it_cannot(fit: Path, options: tuple[str, ...]) -> None:
    found = sparsevar("cells", str(fit), *options)
    assert found.exit_code != 0
    assert one_sentence(found.stderr)
    assert f"which {options[0]} cannot change" in found.stderr

"""``sparsevar compare`` on a fit of cells: the same options, cells by their names."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_called import one_sentence, sparsevar

import napari_sparsevar as sv


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit of five cells; from frame 600 on, "a" drives "ç"."""
    traces = np.random.default_rng(0).standard_normal((1200, 5)).astype(np.float32)
    traces[601:, 2] += 0.6 * traces[600:-1, 0]
    fit = sv.fit_traces(traces, 10.0, names=["a", "b", "ç", "12", "e"])
    return sv.save_fit(fit, tmp_path_factory.mktemp("cells") / "fit")


def test_cells_are_compared_and_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_text(
        "start_s,stop_s,label\n0,30,rest\n30,60,rest\n60,90,go\n90,120,go\n"
    )
    done = sparsevar("compare", folder, "--trials", tmp_path / "trials.csv", "--draws", "199")
    assert done.exit_code == 0, done.output
    for said in ("The dynamics differ", "changed cells", "ç", "rest-go"):
        assert said in done.stdout, said
    assert "place" not in done.stdout


def test_json_names_cells(folder: Path) -> None:
    windows = ["--a", "0:600", "--b", "600:1200", "--draws", "199"]
    done = sparsevar("compare", folder, *windows, "--json")
    assert done.exit_code == 0, done.output
    (pair,) = json.loads(done.stdout)["pairs"]
    assert (pair["edges"][0]["source_name"], pair["edges"][0]["target_name"]) == ("a", "ç")


def test_a_window_past_the_end_is_one_sentence(folder: Path) -> None:
    done = sparsevar("compare", folder, "--a", "0:600", "--b", "600:1300")
    assert done.exit_code == 2
    assert one_sentence(done.stderr)
    assert "has 1200 frames" in done.stderr

"""The real training, on a movie so small that it takes seconds."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
from cli_called import one_sentence, sparsevar

from napari_sparsevar.cells.store import load_fit
from napari_sparsevar.cli.verdict import verdict_text
from napari_sparsevar.comparison.store import load_comparisons
from napari_sparsevar.run.run import load_run
from napari_sparsevar.training import config


@pytest.fixture(scope="module")
def run(small: Path) -> Path:
    out = small.with_name("run")
    done = sparsevar("train", small, "--out", out, "--preset", "fast", "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert str(out) in done.stdout.splitlines()[0]
    assert verdict_text(load_run(out).verdict) in done.stdout
    return out


def test_a_run_holds_every_file(run: Path) -> None:
    expected = {"run.json", "model.safetensors", "events.jsonl", "loss.csv", "contribution.tif"}
    expected |= {"drivers.tif", "drivers.csv", "edges.csv"}
    assert expected <= {path.name for path in run.iterdir()}


def test_info_of_a_finished_run(run: Path) -> None:
    summary = json.loads(sparsevar("info", run, "--json").stdout)
    assert summary["movie"]["shape"] == [270, 32, 32]
    assert summary["configuration"]["steps"] == config.PRESETS["fast"]["steps"]
    words = sparsevar("info", run)
    assert words.exit_code == 0
    assert "drivers, the surest first" in words.stdout


def test_windows_of_a_finished_run_are_compared_and_drawn(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    windows = ["--a", "0:135", "--b", "135:270", "--draws", "99"]
    told = sparsevar("compare", copy, *windows, "--json")
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)
    (kept,) = load_comparisons(copy)
    assert said["name"] == kept.name == "A-B"
    assert said["pairs"][0]["dynamics"]["p_value"] == kept.pairs[0].p_value
    again = sparsevar("compare", copy, *windows)
    assert again.exit_code == 0, again.output
    # The same seed, the same numbers; and what is read is what was found.
    (pair,), other = load_comparisons(copy)[1].pairs, kept.pairs[0]
    np.testing.assert_array_equal(pair.null, other.null)
    pd.testing.assert_frame_equal(pair.edges, other.edges)
    assert again.stdout.startswith(said["pairs"][0]["sentence"])
    drawn = sparsevar("figure", copy, "--kind", "comparison", "--out", tmp_path / "figure.svg")
    assert drawn.exit_code == 0, drawn.output
    assert "A (0:135)" in (tmp_path / "figure.caption.txt").read_text(encoding="utf-8")


def test_the_network_of_a_run_is_applied_to_a_movie(run: Path, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "second"
    command = ["apply", run, small, "--out", out, "--device", "cpu", "--fps", "20"]
    done = sparsevar(*command, "--until", "map")
    assert done.exit_code == 0, done.output
    assert verdict_text(load_run(out).verdict) in done.stdout
    assert "the same 'sparsevar apply' goes on with it" in done.stdout
    assert load_run(out).stage == "map"
    done = sparsevar(*command)
    assert done.exit_code == 0, done.output
    assert "goes on" not in done.stdout
    assert load_run(out).stage == "all"
    record = json.loads(sparsevar("info", out, "--json").stdout)
    assert record["movie"]["fps"] == 20.0
    weights = "model.safetensors"
    assert (out / weights).read_bytes() == (run / weights).read_bytes()
    refused = sparsevar("apply", run, small, "--out", out)
    assert refused.exit_code == 2
    assert one_sentence(refused.stderr)
    assert "--overwrite" in refused.stderr


def contents(run: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}


@pytest.mark.parametrize("option", [None, "--resume"])
def test_a_finished_run_is_never_lost(run: Path, small: Path, option: str | None) -> None:
    before = contents(run)
    done = sparsevar("train", small, "--out", run, "--preset", "fast", *([option] * bool(option)))
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert str(run) in done.stderr
    assert contents(run) == before


def test_an_unknown_device_is_one_sentence(small: Path, tmp_path: Path) -> None:
    done = sparsevar("train", small, "--out", tmp_path / "run", "--device", "abacus")
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "abacus" in done.stderr


# A shell in the background has it ignored, and Python then leaves it so.
HEARING_INTERRUPTS = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from napari_sparsevar.cli import main; main()"
)


def test_interrupting_a_comparison_leaves_the_run_as_it_was(run: Path) -> None:
    before = sorted(run.rglob("*"))
    command = ["compare", str(run), "--a", "0:135", "--b", "135:270", "--draws", "300000"]
    with subprocess.Popen(
        [sys.executable, "-c", HEARING_INTERRUPTS, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Comparing"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert output == ""
    assert errors == "Interrupted.\n"
    assert sorted(run.rglob("*")) == before


def test_interrupting_the_process_keeps_the_best_model(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", str(small), "--out", str(out), "--preset", "thorough", "--device", "cpu"]
    command += ["--until", "map"]
    with subprocess.Popen(
        [sys.executable, "-m", "napari_sparsevar", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("Step 20"):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "stopped" in output
    assert "best model" in errors
    told = sparsevar("info", out, "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["status"] == "finished"


def test_cells_come_with_the_training(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(config.PRESETS, "fast", {"steps": 2})
    labels = np.zeros((32, 32), np.uint8)
    for number, (y, x) in enumerate([(4, 4), (4, 20), (20, 4), (20, 20)]):
        labels[y : y + 6, x : x + 6] = number + 1
    tifffile.imwrite(tmp_path / "cells.tif", labels)
    out = tmp_path / "run"
    options = ["--preset", "fast", "--device", "cpu", "--until", "map"]
    done = sparsevar("train", small, "--out", out, *options, "--cells", tmp_path / "cells.tif")
    assert done.exit_code == 0, done.output
    fit = load_fit(out / "cells")
    assert fit.names == ("1", "2", "3", "4")
    assert fit.beside is not None  # pixels and latents
    assert load_run(out).stage == "map"
    summary = json.loads(sparsevar("info", out, "--json").stdout)
    assert summary["cells"] == str(out / "cells")
    assert "edge" in summary["among_cells"]


def test_cells_that_do_not_fit_are_refused_before_the_training(small: Path, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "cells.tif", np.eye(16, 40, dtype=np.uint8))
    out = tmp_path / "run"
    done = sparsevar("train", small, "--out", out, "--cells", tmp_path / "cells.tif")
    assert done.exit_code == 2
    assert "(16, 40)" in done.stderr
    assert not out.exists()

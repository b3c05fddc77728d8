"""The real training, on a movie so small that it takes seconds."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cli_called import one_sentence, sparsevar

from napari_sparsevar.training import config


@pytest.fixture(scope="module")
def run(small: Path) -> Path:
    out = small.with_name("run")
    done = sparsevar("train", small, "--out", out, "--preset", "fast", "--device", "cpu")
    assert done.exit_code == 0, done.output
    assert one_sentence(done.stdout)
    assert str(out) in done.stdout
    return out


def test_a_run_holds_every_file(run: Path) -> None:
    expected = {"run.json", "model.safetensors", "events.jsonl", "loss.csv", "contribution.tif"}
    expected |= {"drivers.tif", "drivers.csv", "edges.csv"}
    assert expected <= {path.name for path in run.iterdir()}


def test_info_of_a_finished_run(run: Path) -> None:
    summary = json.loads(sparsevar("info", run, "--json").stdout)
    assert summary["movie"]["shape"] == [150, 32, 32]
    assert summary["configuration"]["steps"] == config.PRESETS["fast"]["steps"]
    words = sparsevar("info", run)
    assert words.exit_code == 0
    assert "strongest drivers" in words.stdout


@pytest.mark.parametrize("option", [None, "--resume"])
def test_a_finished_run_is_never_lost(run: Path, small: Path, option: str | None) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    done = sparsevar("train", small, "--out", run, "--preset", "fast", *([option] * bool(option)))
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert str(run) in done.stderr
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_an_unknown_device_is_one_sentence(small: Path, tmp_path: Path) -> None:
    done = sparsevar("train", small, "--out", tmp_path / "run", "--device", "abacus")
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert "abacus" in done.stderr


def test_interrupting_the_process_keeps_the_best_model(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", str(small), "--out", str(out), "--preset", "thorough", "--device", "cpu"]
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

"""``sparsevar export``: what is asked for is written, failures are one sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_called import one_sentence, sparsevar

from made_comparisons import made_folder
from made_runs import made_full_run
from napari_sparsevar.export import material


@pytest.fixture
def run_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = made_folder(tmp_path / "run")
    labels = np.zeros((33, 34), np.int32)
    labels[4:9, 4:9] = 1
    monkeypatch.setattr(
        material, "load_run", lambda path: made_full_run(path, n_frames=60, labels=labels)
    )
    return folder


def test_maps_and_tables_are_written_where_nothing_is_chosen(
    run_path: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = sparsevar("export", run_path, "--out", out)
    assert done.exit_code == 0, done.output
    assert one_sentence(done.stdout)
    assert sorted(path.name for path in out.iterdir()) == ["export.json", "maps", "tables"]
    again = sparsevar("export", run_path, "--out", out)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "--overwrite" in again.stderr
    done = sparsevar("export", run_path, "--out", out, "--tables", "--overwrite")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in out.iterdir()) == ["export.json", "tables"]


def test_what_was_assumed_is_said(run_path: Path, tmp_path: Path) -> None:
    pytest.importorskip("pynwb")
    done = sparsevar("export", run_path, "--out", tmp_path / "out", "--nwb")
    assert done.exit_code == 0, done.output
    assert "session start time is NOT known" in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--overlay"], "needs the movie"),
        (["--overlay", "--frames", "9"], "--frames is '9'"),
        (["--overlay", "--frames", "a:b"], "--frames is 'a:b'"),
        (["--nwb", "--session-start", "soon"], "session start is 'soon'"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(
    run_path: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    done = sparsevar("export", run_path, "--out", tmp_path / "out", *options)
    assert done.exit_code == 2
    assert said in done.stderr.splitlines()[-1]
    assert not (tmp_path / "out").exists()

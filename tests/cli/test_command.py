"""The whole command: help, wrong command lines, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from cli_called import one_sentence, sparsevar

from napari_sparsevar.cli import train
from napari_sparsevar.movie import REGIMES
from napari_sparsevar.training import config


def test_help_needs_neither_torch_nor_numpy() -> None:
    program = (
        "import sys\n"
        "from napari_sparsevar.cli import app\n"
        "assert app(['--help'], standalone_mode=False) == 0\n"
        "slow = {'torch', 'numpy', 'numba', 'pandas', 'dask'} & set(sys.modules)\n"
        "sys.exit(f'help imports {slow}' if slow else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for name in ("simulate", "train", "info", "compare", "figure"):
        assert name in done.stdout


def test_a_movie_is_described_without_torch(movie: Path) -> None:
    program = (
        "import sys\n"
        "from napari_sparsevar.cli import app\n"
        "assert app(sys.argv[1:], standalone_mode=False) in (0, None)\n"
        "slow = {'torch', 'numba'} & set(sys.modules)\n"
        "sys.exit(f'info imports {slow}' if slow else 0)\n"
    )
    command = [sys.executable, "-c", program, "info", str(movie)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "uint16" in done.stdout


def test_a_process_ends_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    missing = tmp_path / "missing.tif"
    done = subprocess.run(
        [sys.executable, "-m", "napari_sparsevar", "info", str(missing)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert one_sentence(done.stderr), done.stderr
    assert "missing.tif" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["train"], "MOVIE"),
        (["train", "movie.tif"], "--out"),
        (["train", "movie.tif", "--out", "run", "--preset", "slow"], "--preset"),
        (["train", "movie.tif", "--out", "run", "--lags", "two"], "--lags"),
        (["train", "movie.tif", "--out", "run", "--colour", "red"], "--colour"),
        (["simulate", "--out", "a.tif"], "--truth"),
        (["simulate", "--out", "a.tif", "--truth", "t.npz", "--size", "64"], "--size"),
        (["fly"], "fly"),
        ([], "help"),
    ],
)
def test_a_wrong_command_line_is_one_sentence(arguments: list[str], named: str) -> None:
    done = sparsevar(*arguments)
    assert done.exit_code == 2
    assert one_sentence(done.stderr), done.stderr
    assert named in done.stderr


def test_choices_are_those_of_the_library() -> None:
    assert [choice.value for choice in train.Preset] == list(config.PRESETS)
    assert [choice.value for choice in train.Mode] == list(get_args(config.Mode))
    for name in REGIMES:
        assert name in sparsevar("simulate", "--help").output

"""How a test calls the command line and what it expects back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from napari_sparsevar import cli
from napari_sparsevar.training.events import Finished

SMALL = ["--frames", "40", "--size", "64", "64"]
LOSSES = {"reconstruction": 1.0, "prediction": 0.5, "total": 1.5}
FINISHED = Finished("completed", Path("run"), 60, 12.34, 1234.5)


def sparsevar(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli.app, [str(argument) for argument in arguments])


def one_sentence(text: str) -> bool:
    return text.count("\n") == 1 and text.endswith("\n") and bool(text.strip())


Calls = list[dict[str, Any]]

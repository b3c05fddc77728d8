"""Sentences that a person in the viewer may read name what is on the screen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from napari_sparsevar.errors import REPLACE, UserError

SOURCE = Path(__file__).resolve().parents[1] / "src" / "napari_sparsevar"
SEEN = ("export", "figures", "widgets")


def sentences(source: str) -> list[str]:
    """Return the constant parts of every ``UserError``, but what the command line adds."""
    calls = [
        node.args[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "UserError"
        and node.args
    ]
    return [
        " ".join(
            part.value
            for part in ast.walk(call)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        )
        for call in calls
    ]


@pytest.mark.parametrize("part", SEEN)
def test_no_option_of_the_command_line_is_named(part: str) -> None:
    said = [
        (file.name, words)
        for file in sorted((SOURCE / part).rglob("*.py"))
        for words in sentences(file.read_text(encoding="utf-8"))
    ]
    assert said
    assert [each for each in said if "--" in each[1]] == []


def test_the_command_line_adds_its_options() -> None:
    error = UserError("a.svg exists already; choose another name.", options=REPLACE)
    assert str(error) == "a.svg exists already; choose another name."
    assert error.with_options == "a.svg exists already; choose another name or add --overwrite."
    assert UserError("No, never.").with_options == "No, never."

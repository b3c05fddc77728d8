"""What README.md and the pages show can be typed: imports, names, commands, targets of make."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from pydantic import BaseModel

import napari_sparsevar as sv
from made_runs import made_full_run
from napari_sparsevar.cli import app
from napari_sparsevar.figures.options import FigureOptions
from napari_sparsevar.movie.choice import Choice
from napari_sparsevar.run.annotations import Marks

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
}
COMMAND = typer.main.get_command(app)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language, without the fence."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def python_of(text: str) -> Iterator[ast.AST]:
    for block in blocks(text, "python"):
        yield from ast.walk(ast.parse(block))


def imports() -> list[str]:
    return sorted(
        {
            ast.unparse(node)
            for text in PAGES.values()
            for node in python_of(text)
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(sv.__name__)
        }
    )


def public_names() -> list[str]:
    return sorted({name for text in PAGES.values() for name in re.findall(r"\bsv\.(\w+)", text)})


def commands() -> list[str]:
    """Lines a person types, an explanation behind two blanks left out, a choice taken as made."""
    lines = {
        re.split(r" {2,}", line)[0].replace("[", "").replace("]", "")
        for text in PAGES.values()
        for block in blocks(text, "")
        for line in block.splitlines()
        if line.startswith("sparsevar ")
    }
    return sorted(lines)


def targets() -> list[str]:
    shown = (re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE) for text in PAGES.values())
    return sorted({target for found in shown for target in found})


def settings(model: type[BaseModel] = sv.TrainConfig, outer: str = "") -> Iterator[str]:
    """A row of docs/train.md for each setting; the words are those of the dock."""
    schemas = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        if field.annotation is sv.ModelConfig:
            yield from settings(sv.ModelConfig, f"{name}.")
        else:
            schema = schemas[name]
            title = schema["title"] + (f" ({schema['unit']})" if "unit" in schema else "")
            default, about = schema["default"], schema["description"]
            yield f"| {title} | `{outer}{name}` | {default} | {about} |"


def test_there_is_something_to_check() -> None:
    assert len(imports()) > 5
    assert len(public_names()) > 5
    assert len(targets()) > 3
    assert len(commands()) > 20


@pytest.mark.parametrize("line", imports())
def test_imports_that_are_shown_work(line: str) -> None:
    exec(line, {})


@pytest.mark.parametrize("name", public_names())
def test_public_names_that_are_shown_exist(name: str) -> None:
    assert name in sv.__all__ or hasattr(sv, name)


@pytest.mark.parametrize("line", commands())
def test_commands_that_are_shown_are_understood(line: str) -> None:
    _, *words = shlex.split(line)
    with COMMAND.make_context("sparsevar", list(words), resilient_parsing=True) as context:
        name, command, rest = COMMAND.resolve_command(context, words)
        command.make_context(name, rest, parent=context)


def test_a_command_with_an_unknown_option_is_found() -> None:
    with pytest.raises(Exception, match="No such option"):
        test_commands_that_are_shown_are_understood("sparsevar train movie.tif --out run --fasst")


def test_the_settings_are_told_as_the_dock_tells_them() -> None:
    table = [
        line
        for line in PAGES["docs/train.md"].splitlines()
        if re.match(r"\| [^|]+ \| `[a-z_.]+` \|", line)
    ]
    assert "\n".join(table) == "\n".join(settings())


def test_every_nuisance_is_told_with_its_settings() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+)` \|[^|]+\|([^|]+)\|$", PAGES["docs/simulate.md"], re.MULTILINE
    )
    told = {name: re.findall(r"`(\w+)`", settings) for name, settings in rows}
    made = sv.Nuisances().adding(*sv.Nuisances.model_fields)
    assert {name: told[name] for name, _ in made} == {
        name: list(type(nuisance).model_fields) for name, nuisance in made
    }


@pytest.mark.parametrize("target", targets())
def test_targets_of_make_that_are_shown_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def example(begins: str) -> dict[str, Any]:
    """What an example of CONTRIBUTING.md defines, by how its first line begins."""
    (block,) = (each for each in blocks(PAGES["CONTRIBUTING.md"], "python") if begins in each)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(block, "CONTRIBUTING.md", "exec", dont_inherit=True), names)
    return names


def test_the_example_of_a_format_opens_what_it_claims(tmp_path: Path) -> None:
    names = example("16-bit frames")
    frames = np.arange(3 * 512 * 512, dtype="<u2").reshape(3, 512, 512)
    path = tmp_path / "movie.msc"
    path.write_bytes(names["MARK"] + frames.tobytes())
    assert names["FORMAT"].claims(path)
    assert not names["FORMAT"].claims(tmp_path)
    np.testing.assert_array_equal(names["FORMAT"].read(path, Choice()).data, frames)


def test_the_example_of_a_null_finds_the_mean_that_is_not_0() -> None:
    blocks_of_sums = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)).double()
    blocks_of_sums[:, 2] += 2.0
    p_values = example("Gaussian multipliers")["adjusted_p_values"](blocks_of_sums)
    assert p_values[2] == 1 / 1000
    assert p_values[torch.arange(6) != 2].min() > 0.05


def test_the_example_of_a_figure_draws(tmp_path: Path) -> None:
    run = made_full_run(tmp_path / "run")
    figure, caption = example("How often each")["draw"](run, FigureOptions(), Marks(), print)
    (axes,) = figure.axes
    assert len(axes.patches) == len(run.drivers)
    assert "Stability of the drivers" in caption


def test_the_example_of_a_dock_is_one() -> None:
    assert example("How many drivers the run has")["CountDock"].__doc__
